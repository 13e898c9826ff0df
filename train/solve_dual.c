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

/* The queue of systems with `blocks` blocks, in the places of the primal ones. The last of these holds the columns of
 * the row that is being summed up. */
typedef struct dual_queue {
  off ld, lda, system, skew;
  int most;
  real *columns;
} dual_queue;

static dual_queue queue_of(const row_shared *s, const row_work *w, int blocks) {
  dual_queue q = {.ld = ((off)blocks * s->ops->vl + 15) / 16 * 16};
  q.lda = q.ld + 16;
  q.system = q.ld * q.lda;
  q.skew = blocks * s->ops->skewed * (off)s->ops->vl;
  off fit = solve_batch_size(s->ops->vl, q.ld), room = (s->batch - 1) * s->p.ld / q.ld;
  q.most = (int)(fit < room ? fit : room);
  q.columns = w != NULL ? w->matrix + (s->batch - 1) * row_a_size(s) : NULL;
  return q;
}

int dual_batch(const row_shared *s, int blocks) {
  return queue_of(s, NULL, blocks).most;
}

void dual_add(const row_shared *s, row_work *w, const csr *m, lid r, lid ahead) {
  off begin = m->ptr[r], next = m->ptr[ahead];
  int n = (int)(m->ptr[r + 1] - begin), n_next = (int)(m->ptr[ahead + 1] - next), blocks = dual_blocks(s, n);
  int slot = w->queued++;
  dual_queue q = queue_of(s, w, blocks);
  s->ops->inner(s->nb, s->p.table, s->p.ld, m->col + begin, n, m->col + next, n_next, q.columns,
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

unsigned dual_solve_queue(const row_shared *s, row_work *w, const csr *m, int blocks) {
  dual_queue q = queue_of(s, w, blocks);
  real lambda[ROW_BATCH_MOST];
  for (int i = 0; i < w->queued; i++)
    lambda[i] = (real)half_problem_lambda(&s->p, m->ptr[w->row[i] + 1] - m->ptr[w->row[i]]);
  memcpy(w->solved, w->sums, sizeof *w->sums * (size_t)(w->queued * 2 * q.ld));
  /* Places without an interaction have the ridge alone, and a right-hand side of 0. */
  system_batch b = {.n = w->queued,
                    .k = blocks * s->ops->vl,
                    .a = w->matrix,
                    .a_stride = q.system,
                    .skew = w->skew,
                    .skew_stride = q.skew,
                    .x = w->solved,
                    .x_stride = 2 * q.ld,
                    .ld = q.ld,
                    .n_rhs = s->n_sums,
                    .lambda = lambda,
                    .lanes = w->lanes};
  return s->ops->solve_batch(blocks, &b, q.lda);
}

static double total(const double sum[4]) {
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

bool dual_take(const row_shared *s, row_work *w, const csr *m, int blocks, int i, real *x, real *own_bias,
               double *loss) {
  /* Of |x|, to the most that |Y| and |t| let it be; and of λ, to the mean |y|²: to be solved in single precision, as
   * for a primal pivot, and for t to tell the data term. */
  static const double LEAST = 1e-4, LEAST_RIDGE = 1e-6, TELLING_RIDGE = 1e-3;
  dual_queue q = queue_of(s, w, blocks);
  lid r = w->row[i];
  int n = (int)(m->ptr[r + 1] - m->ptr[r]);
  real *t1 = w->solved + i * 2 * q.ld;
  const real *t2 = t1 + q.ld;
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
    *loss = ridge > TELLING_RIDGE ? square : row_data_loss(s, w, m, m->ptr[r], m->ptr[r + 1], false, x, own_bias);
  /* Where columns are all but dependent and the ridge is small, t is long and cancels in Y t. False for NaN, too. */
  return isfinite(bias) && isfinite(square) && isfinite(total(length)) && ridge > LEAST_RIDGE &&
         total(length) >= LEAST * LEAST * w->totals[i] * total(sum[2]);
}
