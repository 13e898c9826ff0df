#include "train/centres/centre_sums.h"

#include <math.h>
#include <omp.h>

int64_t kmeans_sums_move(const kmeans_points *points, exact_scale scale, const lid *label, lid *before, int64_t *sum,
                         int64_t *size) {
  int k = points->k;
  int64_t moved = 0;
  for (lid i = 0; i < points->n; i++)
    if (label[i] != before[i]) {
      if (label[i] >= 0)
        size[label[i]]++;
      if (before[i] >= 0)
        size[before[i]]--;
      moved++;
    }
  if (moved == 0)
    return 0;
    /* Each thread adds its own columns of all points, so that no two write to the same sum. */
#pragma omp parallel
  {
    int threads = omp_get_num_threads(), t = omp_get_thread_num();
    int first = (int)((int64_t)k * t / threads), last = (int)((int64_t)k * (t + 1) / threads);
    for (lid i = 0; i < points->n && first < last; i++) {
      if (label[i] == before[i])
        continue;
      const real *x = points->x + i * points->ld;
      int64_t *to = label[i] >= 0 ? sum + (off)label[i] * k : NULL;
      int64_t *from = before[i] >= 0 ? sum + (off)before[i] * k : NULL;
      for (int p = first; p < last; p++) {
        int64_t term = exact_term(scale, x[p]);
        if (to != NULL)
          to[p] += term;
        if (from != NULL)
          from[p] -= term;
      }
    }
  }
  for (lid i = 0; i < points->n; i++)
    before[i] = label[i];
  return moved;
}

void kmeans_sums_centre(exact_scale scale, const int64_t *sum, const int64_t *size, lid groups, int k, bool unit,
                        real *centre) {
#pragma omp parallel for schedule(static)
  for (lid g = 0; g < groups; g++) {
    if (size[g] == 0)
      continue;
    real *c = centre + (off)g * k;
    double divisor = (double)size[g], square = 0;
    for (int p = 0; p < k; p++) {
      double mean = exact_value(scale, sum[(off)g * k + p]) / divisor;
      square += mean * mean;
    }
    if (unit && square > 0)
      divisor *= sqrt(square);
    for (int p = 0; p < k; p++)
      c[p] = (real)(exact_value(scale, sum[(off)g * k + p]) / divisor);
  }
}
