#include "train/solve_dual.h"

#include "train/solve_double.h"

#include <math.h>
#include <string.h>

bool dual_suits(const row_shared *s, off n) {
  enum { FEWER = 8, LEAST_FACTORS = 16 }; /* measured: tests/bench/README.md */
  /* Without a ridge the solution is not unique. */
  bool exact = s->p.method != SOLVE_SUBSPACE && !s->p.nonnegative && s->p.lambda > 0;
  return s->p.explicit_loss && exact && s->p.k >= LEAST_FACTORS && n > 0 && n + FEWER <= s->p.k;
}

int dual_blocks(const row_shared *s, off n) {
  return (int)((n + s->ops->vl - 1) / s->ops->vl);
}

batch_layout dual_layout(const row_shared *s, int blocks) {
  off ld = ((off)blocks * s->ops->vl + 15) / 16 * 16, lda = ld + 16;
  /* Places without an interaction have the ridge alone, and a right-hand side of 0. */
  return (batch_layout){.blocks = blocks,
                        .k = blocks * s->ops->vl,
                        .ld = ld,
                        .lda = lda,
                        .system = ld * lda,
                        .skew = blocks * s->ops->skewed * (off)s->ops->vl};
}

/* The last place of a primal batch holds the columns of the row that is being summed up. */
static real *columns_of(const row_shared *s, const row_work *w) {
  return w->matrix + (s->batch - 1) * row_a_size(s);
}

int dual_batch(const row_shared *s, int blocks) {
  off ld = dual_layout(s, blocks).ld, fit = solve_batch_size(s->ops->vl, ld), room = (s->batch - 1) * s->p.ld / ld;
  return (int)(fit < room ? fit : room);
}

void dual_add(const row_shared *s, row_work *w, const csr *m, lid r, lid ahead) {
  off begin = m->ptr[r], next = m->ptr[ahead];
  int n = (int)(m->ptr[r + 1] - begin), n_next = (int)(m->ptr[ahead + 1] - next);
  int slot = w->queued++;
  batch_layout q = dual_layout(s, dual_blocks(s, n));
  s->ops->inner(s->nb, s->p.table, s->p.ld, m->col + begin, n, m->col + next, n_next, columns_of(s, w),
                w->matrix + slot * q.system, q.lda, w->skew + slot * q.skew);
  w->totals[slot] = 0;
  for (int i = 0, vl = s->ops->vl, skewed = s->ops->skewed; i < n; i++) /* of a skewed block, turn 0 is the diagonal */
    w->totals[slot] += (double)(skewed > 0 ? w->skew[slot * q.skew + (off)(i / vl) * skewed * vl + i % vl]
                                           : w->matrix[slot * q.system + i * q.lda + i]);
  real *target = w->sums + slot * 2 * q.ld, *one = target + q.ld;
  memset(target, 0, sizeof *target * (size_t)(2 * q.ld));
  for (int i = 0; i < n; i++) {
    double weight, v;
    interaction_weights(&s->p, m->col[begin + i], m->val[begin + i], &weight, &v);
    target[i] = (real)v;
    one[i] = 1;
  }
  w->row[slot] = r;
}

static double total(const double sum[4]) {
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

bool dual_take(const row_shared *s, row_work *w, const csr *m, int i, real *x, real *own_bias, double *loss) {
  /* Of |x|, to the most that |Y| and |t| let it be; and of λ, to the mean |y|²: to be solved in single precision, as
   * for a primal pivot, and for t to tell the data term. */
  static const double LEAST = 1e-4, LEAST_RIDGE = 1e-6, TELLING_RIDGE = 1e-3;
  lid r = w->row[i];
  int n = (int)(m->ptr[r + 1] - m->ptr[r]);
  off ld = dual_layout(s, dual_blocks(s, n)).ld;
  real *t1 = w->solved + i * 2 * ld;
  const real *t2 = t1 + ld;
  double lambda = half_problem_lambda(&s->p, n), bias = 0;
  double sum[3][4] = {{0}}; /* so that additions need not wait */
  if (own_bias != NULL) {
    for (int p = 0; p < n; p++) {
      sum[0][p & 3] += (double)t1[p];
      sum[1][p & 3] += (double)t2[p];
    }
    bias = total(sum[0]) / (1 + total(sum[1]));
    *own_bias = (real)bias;
  }
  for (int p = 0; p < n; p++) {
    double t = own_bias != NULL ? (double)t1[p] - bias * (double)t2[p] : (double)t1[p];
    sum[2][p & 3] += t * t;
    t1[p] = (real)t;
  }
  double square = lambda * lambda * total(sum[2]);
  s->ops->combine(s->nb, s->p.table, s->p.ld, m->col + m->ptr[r], n, t1, w->x);
  double length[4] = {0};
  for (int j = 0; j < (int)s->p.ld; j++) {
    x[j] = j < s->p.k ? w->x[j] : 0;
    length[j & 3] += (double)x[j] * (double)x[j];
  }
  double ridge = lambda * n / w->totals[i];
  if (loss != NULL)
    *loss = ridge > TELLING_RIDGE ? square : row_data_loss(s, w, m, m->ptr[r], m->ptr[r + 1], x, own_bias);
  /* Where columns are all but dependent and the ridge is small, t is long and cancels in Y t. False for NaN, too. */
  return isfinite(bias) && isfinite(square) && isfinite(total(length)) && ridge > LEAST_RIDGE &&
         total(length) >= LEAST * LEAST * w->totals[i] * total(sum[2]);
}
