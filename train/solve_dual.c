#include "train/solve_dual.h"

#include "train/solve_double.h"

#include <math.h>
#include <string.h>

bool dual_suits(const row_shared *s, off n) {
  enum { LEAST_FACTORS = 16 };
  bool exact = s->p.method != SOLVE_SUBSPACE && !s->p.nonnegative;
  return s->p.explicit_loss && exact && s->p.k >= LEAST_FACTORS && n > 0 && 8 * n <= 7 * (off)s->p.k;
}

int dual_blocks(const row_shared *s, off n) {
  return (int)((n + s->ops->vl - 1) / s->ops->vl);
}

/* The queue of systems with `blocks` blocks, in the places of the primal ones. The last of these holds the columns of
 * the row that is being summed up, factor by factor: (k, lda). */
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

/* The system without its ridge: Σ over factors of what the columns' elements give, as accumulate sums up the rows of a
 * primal one. */
static void sum_system(const row_shared *s, row_work *w, const dual_queue *q, int blocks, int slot) {
  static const lid ROWS[PANEL_ROWS] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                                       20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
                                       40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,
                                       60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79};
  for (int f = 0; f < s->p.k; f += PANEL_ROWS) {
    panel_rows rows = {.n = s->p.k - f < PANEL_ROWS ? s->p.k - f : PANEL_ROWS,
                       .table = q->columns + f * q->lda,
                       .ld = q->lda,
                       .col = ROWS,
                       .ahead = ROWS,
                       .b = w->b, /* of a sum that nobody reads */
                       .y = w->y};
    s->ops->accumulate(blocks, &rows, f == 0, w->matrix + slot * q->system, q->lda, w->skew + slot * q->skew,
                       w->sums + slot * 2 * q->ld, q->ld, 1);
  }
}

void dual_add(const row_shared *s, row_work *w, const csr *m, lid r, lid ahead) {
  off begin = m->ptr[r], next = m->ptr[ahead];
  int n = (int)(m->ptr[r + 1] - begin), n_next = (int)(m->ptr[ahead + 1] - next), blocks = dual_blocks(s, n);
  int slot = w->queued++;
  dual_queue q = queue_of(s, w, blocks);
  s->ops->columns(s->nb, s->p.table, s->p.ld, m->col + begin, n, m->col + next, n_next, q.columns, q.lda);
  sum_system(s, w, &q, blocks, slot);
  real *target = w->sums + slot * 2 * q.ld, *one = target + q.ld;
  for (int i = 0; i < q.ld; i++) {
    double weight, v = 0;
    if (i < n)
      interaction_weights(&s->p, m->col[begin + i], m->val[begin + i], &weight, &v);
    target[i] = (real)v;
    one[i] = i < n ? 1 : 0;
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

bool dual_take(const row_shared *s, row_work *w, const csr *m, int blocks, int i, real *x, real *own_bias,
               double *loss) {
  dual_queue q = queue_of(s, w, blocks);
  lid r = w->row[i];
  int n = (int)(m->ptr[r + 1] - m->ptr[r]);
  real *t1 = w->solved + i * 2 * q.ld;
  const real *t2 = t1 + q.ld;
  double lambda = half_problem_lambda(&s->p, n), square = 0, bias = 0, sum[2] = {0};
  if (own_bias != NULL) {
    for (int p = 0; p < n; p++) {
      sum[0] += (double)t1[p];
      sum[1] += (double)t2[p];
    }
    bias = sum[0] / (1 + sum[1]);
    *own_bias = (real)bias;
  }
  for (int p = 0; p < n; p++) {
    double t = own_bias != NULL ? (double)t1[p] - bias * (double)t2[p] : (double)t1[p];
    square += t * t;
    t1[p] = (real)t;
  }
  s->ops->combine(s->nb, s->p.table, s->p.ld, m->col + m->ptr[r], n, t1, w->x);
  bool finite = isfinite(bias);
  for (int j = 0; j < (int)s->p.ld; j++) {
    x[j] = j < s->p.k ? w->x[j] : 0;
    finite = finite && isfinite(x[j]);
  }
  if (loss != NULL)
    *loss = lambda * lambda * square;
  return finite && isfinite(lambda * lambda * square);
}
