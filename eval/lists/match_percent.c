#include "eval/lists/match_percent.h"

#include <math.h>

status match_scale_read(model *m, match_scale *out) {
  *out = (match_scale){model_is_explicit(m), 0, 1};
  if (!out->explicit_loss)
    return OK;
  status st = h5_attr_f64(model_file(m), "/", "scale_min", &out->low);
  return st == OK ? h5_attr_f64(model_file(m), "/", "scale_max", &out->high) : st;
}

double match_best(double best, const real *x, const real *y, int width, lid first, lid rows, const lid *item, off n) {
  for (off e = 0; e < n; e++) {
    if (item[e] < first || item[e] >= first + rows)
      continue;
    const real *row = y + (off)(item[e] - first) * width;
    real sum[4] = {0};
    int p = 0;
    for (; p + 4 <= width; p += 4)
      for (int j = 0; j < 4; j++)
        sum[j] += x[p + j] * row[p + j];
    for (; p < width; p++)
      sum[0] += x[p] * row[p];
    best = fmax(best, (double)((sum[0] + sum[1]) + (sum[2] + sum[3])));
  }
  return best;
}

int match_percent(const match_scale *s, double score, double best) {
  double low = s->explicit_loss ? s->low : 0, high = s->explicit_loss ? s->high : best;
  double share = high > low ? (score - low) / (high - low) : 0;
  return (int)lrint(100 * fmin(fmax(share, 0), 1));
}
