#include "train/solve/heavy_sums.h"

#include "io/base/mem.h"
#include "train/solve/row/double_row.h"

/* A run of numbers in the sums, and a bound of the whole row's sum of each. */
typedef struct run {
  real *at;
  off length;
  double bound;
} run;

/* Where row i's run begins: right of its diagonal block if that is skewed, else on the diagonal. */
static off run_begin(const row_shared *s, off i) {
  off vl = s->ops->vl;
  return s->ops->skewed > 0 ? (i / vl + 1) * vl : i;
}

/* Rows with a run; right of the last block there is nothing. */
static off run_rows(const row_shared *s) {
  off vl = s->ops->vl, width = s->nb * vl;
  return s->ops->skewed > 0 ? width - vl : width;
}

off heavy_size(const row_shared *s) {
  off width = s->nb * (off)s->ops->vl, total = row_skew_size(s) + s->n_sums * s->p.ld + 1;
  for (off i = 0; i < run_rows(s); i++)
    total += width - run_begin(s, i);
  return total;
}

/* Run number i; returns false at the end. Bounds are doubled, for the rounding of segments in single precision. */
static bool run_of(const row_shared *s, const row_work *w, off n, off i, run *out) {
  off width = s->nb * (off)s->ops->vl, rows = run_rows(s);
  double f = s->p.fixed_max, b = s->p.max_target, all = 2 * (double)n;
  if (i < rows) {
    off from = run_begin(s, i);
    *out = (run){w->matrix + i * s->lda + from, width - from, all * s->p.max_weight * f * f};
    return true;
  }
  if (i == rows) {
    *out = (run){w->skew, row_skew_size(s), all * s->p.max_weight * f * f};
    return true;
  }
  /* Σ b y; with biases also Σ y */
  *out = (run){w->sums + (i - rows - 1) * s->p.ld, s->p.ld, i == rows + 1 ? all * b * f : all * f};
  return i <= rows + s->n_sums;
}

static exact_scale scale_of(double bound) {
  return exact_scale_within(bound, SOLVER_SUM_BITS - 2);
}

void heavy_add(const row_shared *s, const row_work *w, off n, int64_t *sum) {
  run r;
  for (off i = 0; run_of(s, w, n, i, &r); i++) {
    exact_scale scale = scale_of(r.bound);
    for (off j = 0; j < r.length; j++)
      *sum++ += exact_term(scale, (double)r.at[j]);
  }
  *sum += exact_term(scale_of(2 * (double)n * s->p.max_target), w->total);
}

void heavy_restore(const row_shared *s, row_work *w, off n, const int64_t *sum) {
  run r;
  for (off i = 0; run_of(s, w, n, i, &r); i++) {
    exact_scale scale = scale_of(r.bound);
    for (off j = 0; j < r.length; j++)
      r.at[j] = (real)exact_value(scale, *sum++);
  }
  w->total = exact_value(scale_of(2 * (double)n * s->p.max_target), *sum);
}

status heavy_solve_double(const row_shared *s, off n, const int64_t *sum, real *x, real *own_bias) {
  status st = OK;
  double *a = NULL, *rhs = NULL;
  int k = s->p.k, m = own_bias != NULL ? k + 1 : k;
  off vl = s->ops->vl, width = s->nb * vl, rows = run_rows(s);
  row_work none = {0};
  run r;
  TRY(MEM_ZALLOC(a, (off)m * m, "a row's system in double precision"));
  TRY(MEM_ZALLOC(rhs, m, "a row's system in double precision"));
  for (off i = 0; run_of(s, &none, n, i, &r); sum += r.length, i++) {
    exact_scale scale = scale_of(r.bound);
    for (off j = 0; j < r.length; j++) {
      double value = exact_value(scale, sum[j]);
      off row, column;
      if (i > rows) { /* right-hand side, then the bias's row */
        if (j < k && i == rows + 1)
          rhs[j] = value;
        else if (j < k)
          a[(off)k * m + j] = value;
        continue;
      }
      if (i == rows) {
        off block = j / (vl * s->ops->skewed), lane = j % vl;
        row = block * vl + lane;
        column = block * vl + solve_skew_partner((int)vl, (int)(j / vl % s->ops->skewed), (int)lane);
      } else {
        row = i;
        column = width - r.length + j;
      }
      off low = row > column ? row : column;
      if (low < k)
        a[low * m + (row + column - low)] = value;
    }
  }
  if (own_bias != NULL) {
    rhs[k] = exact_value(scale_of(2 * (double)n * s->p.max_target), *sum);
    a[(off)k * m + k] = (double)n;
  }
  st = solve_system_double(&s->p, n, a, rhs, x, own_bias);
done:
  mem_free(a);
  mem_free(rhs);
  return st;
}
