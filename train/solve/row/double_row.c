#include "train/solve/row/double_row.h"

#include "io/base/mem.h"

#include <math.h>

/* Lower Cholesky of a (m, m) in place, then x = a⁻¹ x. */
static bool cholesky_solve(int m, double *a, double *x) {
  for (int i = 0; i < m; i++)
    for (int j = 0; j <= i; j++) {
      double sum = a[(off)i * m + j];
      for (int p = 0; p < j; p++)
        sum -= a[(off)i * m + p] * a[(off)j * m + p];
      if (i > j)
        a[(off)i * m + j] = sum / a[(off)j * m + j];
      else if (sum > 0 && isfinite(sum))
        a[(off)i * m + i] = sqrt(sum);
      else
        return false;
    }
  for (int i = 0; i < m; i++) {
    for (int p = 0; p < i; p++)
      x[i] -= a[(off)i * m + p] * x[p];
    x[i] /= a[(off)i * m + i];
  }
  for (int i = m - 1; i >= 0; i--) {
    for (int p = i + 1; p < m; p++)
      x[i] -= a[(off)p * m + i] * x[p];
    x[i] /= a[(off)i * m + i];
  }
  return true;
}

status solve_system_double(const half_problem *p, off n, double *a, double *rhs, real *x, real *own_bias) {
  int k = p->k, m = own_bias != NULL ? k + 1 : k;
  for (int i = 0; i < m; i++) {
    a[(off)i * m + i] += half_problem_lambda(p, n);
    for (int j = 0; j <= i && !p->explicit_loss; j++)
      a[(off)i * m + j] += p->alpha0 * p->gram[(off)i * k + j];
  }
  if (!cholesky_solve(m, a, rhs))
    return status_fail(INTERNAL, "its system of equations is not positive definite; raise --lambda");
  for (int i = 0; i < (int)p->ld; i++)
    x[i] = i < k ? (real)rhs[i] : 0;
  if (own_bias != NULL)
    *own_bias = (real)rhs[k];
  for (int i = 0; i < m; i++)
    if (!isfinite((real)rhs[i]))
      return status_fail(INTERNAL, "its solution is not finite");
  return OK;
}

status solve_row_double(const half_problem *p, const lid *col, const real *val, off n, real *x, real *own_bias) {
  status st = OK;
  int k = p->k, m = own_bias != NULL ? k + 1 : k;
  double *a = NULL, *rhs = NULL, *y = NULL;
  TRY(MEM_ZALLOC(a, (off)m * m, "a row's system in double precision"));
  TRY(MEM_ZALLOC(rhs, m, "a row's system in double precision"));
  TRY(MEM_ALLOC(y, m, "a row's system in double precision"));
  y[m - 1] = 1; /* the bias, if there is one */
  for (off e = 0; e < n; e++) {
    double weight, target;
    interaction_weights(p, col[e], val[e], &weight, &target);
    for (int i = 0; i < k; i++)
      y[i] = (double)p->table[col[e] * p->ld + i];
    for (int i = 0; i < m; i++) {
      rhs[i] += target * y[i];
      for (int j = 0; j <= i; j++)
        a[(off)i * m + j] += weight * y[i] * y[j];
    }
  }
  st = solve_system_double(p, n, a, rhs, x, own_bias);
done:
  mem_free(a);
  mem_free(rhs);
  mem_free(y);
  return st;
}
