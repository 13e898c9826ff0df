#include "train/solve/row/nonnegative.h"

#include <math.h>
#include <string.h>

enum { MOST_PASSES = 200 };

bool row_nonnegative(const row_shared *s, row_work *w, off n, double lambda, real *x, real *own_bias) {
  off ld = s->p.ld, lda = s->lda;
  int k = s->p.k;
  real *a = w->matrix, *now = w->x, *gradient = w->q;
  const real *ones = w->sums + ld; /* Σ y, with biases */
  /* Whole rows, so that a step reads one row of the matrix. */
  for (int i = 0; i < k; i++)
    for (int j = 0; j < i; j++)
      a[i * lda + j] = a[j * lda + i];
  memset(now, 0, sizeof *now * (size_t)ld);
  for (int i = 0; i < k; i++) {
    gradient[i] = -w->sums[i];
    if (!(a[i * lda + i] > 0 && isfinite(a[i * lda + i]) && isfinite(gradient[i])))
      return false;
  }
  double bias = 0, corner = (double)n + lambda, bias_gradient = -w->total;
  if (own_bias != NULL && !(corner > 0))
    return false;
  for (int pass = 0; pass < MOST_PASSES; pass++) {
    real largest = 0, moved = 0;
    if (own_bias != NULL) {
      double step = -bias_gradient / corner;
      bias += step;
      bias_gradient = 0;
      for (int i = 0; i < k; i++)
        gradient[i] += (real)step * ones[i];
      moved = fabsf((real)step);
      largest = fabsf((real)bias);
    }
    for (int j = 0; j < k; j++) {
      real to = now[j] - gradient[j] / a[j * lda + j];
      real step = (to > 0 ? to : 0) - now[j];
      if (step != 0) {
        now[j] += step;
        const real *row = a + j * lda;
        for (int i = 0; i < k; i++)
          gradient[i] += step * row[i];
        if (own_bias != NULL)
          bias_gradient += (double)step * (double)ones[j];
      }
      moved = fabsf(step) > moved ? fabsf(step) : moved;
      largest = now[j] > largest ? now[j] : largest;
    }
    if (moved <= 1e-5F * largest)
      break;
  }
  bool finite = isfinite(bias);
  for (int i = 0; i < (int)ld; i++) {
    x[i] = i < k ? now[i] : 0;
    finite = finite && isfinite(x[i]);
  }
  if (own_bias != NULL)
    *own_bias = (real)bias;
  return finite;
}
