#include "train/exchange/reduce.h"

#include "io/base/mem.h"
#include "train/math/exact.h"
#include "train/math/gram.h"

status reduce_sum(comm *c, const double *values, off n, off n_all, const char *what, double *out) {
  double largest = 0;
#pragma omp parallel for reduction(max : largest) schedule(static)
  for (off i = 0; i < n; i++) {
    double size = isfinite(values[i]) ? fabs(values[i]) : HUGE_VAL;
    largest = size > largest ? size : largest;
  }
  comm_max_f64(c, &largest, 1);
  if (!(largest < HUGE_VAL))
    return status_fail(INTERNAL, "%s is not finite: the factors have diverged; raise --lambda", what);
  exact_scale scale = exact_scale_for(largest, n_all);
  int64_t sum = 0;
#pragma omp parallel for reduction(+ : sum) schedule(static)
  for (off i = 0; i < n; i++)
    sum += exact_term(scale, values[i]);
  comm_sum_i64(c, &sum, 1);
  *out = exact_value(scale, sum);
  return OK;
}

status reduce_gram(comm *c, const real *rows, off n, gid n_all, int k, off ld, const real *weight, double weight_max,
                   double *gram, double *largest) {
  status st = OK;
  int64_t *sums = NULL;
  double most = gram_largest(rows, n, k, ld);
  comm_max_f64(c, &most, 1);
  if (largest != NULL)
    *largest = most;
  if (!(most < HUGE_VAL))
    return status_fail(INTERNAL, "factors are not finite: the run has diverged; raise --lambda");
  exact_scale scale = gram_scale(most * most * weight_max, n_all);
  st = MEM_ZALLOC(sums, (off)k * k, "Gram sums");
  if (st == OK)
    st = gram_add(rows, n, k, ld, weight, scale, sums);
  TRY(comm_agree(c, st));
  /* The lower triangle, packed: half the bytes. */
  off packed = 0;
  for (int a = 0; a < k; a++)
    for (int b = 0; b <= a; b++)
      sums[packed++] = sums[(size_t)a * (size_t)k + (size_t)b];
  comm_sum_i64(c, sums, packed);
  for (int a = k - 1; a >= 0; a--)
    for (int b = a; b >= 0; b--)
      sums[(size_t)a * (size_t)k + (size_t)b] = sums[--packed];
  gram_finish(sums, k, scale, gram);
done:
  mem_free(sums);
  return st;
}

status reduce_mean_row(comm *c, const real *rows, off n, gid n_all, int k, off ld, const real *weight,
                       double weight_max, double largest, double total, double *mean) {
  int64_t *sums = NULL;
  exact_scale scale = exact_scale_for(largest * weight_max, n_all);
  status st = comm_agree(c, MEM_ZALLOC(sums, k, "a mean row"));
  if (st != OK)
    goto done;
#pragma omp parallel for reduction(+ : sums[:k]) schedule(static)
  for (off i = 0; i < n; i++)
    for (int j = 0; j < k; j++)
      sums[j] += exact_term(scale, (weight != NULL ? (double)weight[i] : 1) * (double)rows[i * ld + j]);
  comm_sum_i64(c, sums, k);
  for (int j = 0; j < k; j++)
    mean[j] = exact_value(scale, sums[j]) / total;
done:
  mem_free(sums);
  return st;
}
