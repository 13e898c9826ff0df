#include "train/solve/row/cholesky.h"

#include "train/solve/row/nonnegative.h"

#include <math.h>
#include <string.h>

static double dot(const real *a, const real *b, int k) {
  double sum[4] = {0}; /* so that additions need not wait */
  for (int i = 0; i < k; i++)
    sum[i & 3] += (double)a[i] * (double)b[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

batch_layout row_layout(const row_shared *s) {
  return (batch_layout){.blocks = s->nb,
                        .k = s->p.k,
                        .ld = s->p.ld,
                        .lda = s->lda,
                        .system = row_a_size(s),
                        .skew = row_skew_size(s),
                        .dense = s->dense,
                        .twisted = s->twisted};
}

/* Solves the first `count` systems of w's batch, of rows of n[i] interactions. */
static unsigned solve_batch(const row_shared *s, row_work *w, const batch_layout *l, int count, const off *n) {
  real lambda[ROW_BATCH_MOST];
  for (int i = 0; i < count; i++)
    lambda[i] = l->ridge > 0 ? l->ridge : (real)half_problem_lambda(&s->p, n[i]);
  memcpy(w->solved, w->sums, sizeof *w->sums * (size_t)(count * 2 * l->ld));
  system_batch b = {.n = count,
                    .k = l->k,
                    .a = w->matrix,
                    .a_stride = l->system,
                    .skew = w->skew,
                    .skew_stride = l->skew,
                    .x = w->solved,
                    .x_stride = 2 * l->ld,
                    .ld = l->ld,
                    .n_rhs = s->n_sums,
                    .lambda = lambda,
                    .dense = l->dense,
                    .twisted = l->twisted,
                    .lanes = w->lanes};
  return s->ops->solve_batch(l->blocks, &b, l->lda);
}

static bool take(const row_shared *s, const row_work *w, int i, double total, off n, real *x, real *own_bias) {
  off ld = s->p.ld;
  int k = s->p.k;
  const real *sums = w->sums + i * 2 * ld, *solved = w->solved + i * 2 * ld;
  double bias = 0;
  if (own_bias != NULL) {
    /* The bias is the last row and column of the system: eliminate it last, by its Schur complement, a number. */
    double corner = (double)n + half_problem_lambda(&s->p, n), rest = corner - dot(sums + ld, solved + ld, k);
    if (!(rest > 1e-4 * corner)) /* cancellation */
      return false;
    bias = (total - dot(sums + ld, solved, k)) / rest;
    *own_bias = (real)bias;
  }
  bool finite = isfinite(bias);
  for (int j = 0; j < (int)ld; j++) {
    x[j] = j >= k ? 0 : own_bias == NULL ? solved[j] : (real)(solved[j] - bias * solved[ld + j]);
    finite = finite && isfinite(x[j]);
  }
  return finite;
}

bool row_finish(const row_shared *s, row_work *w, off n, real *x, real *own_bias) {
  if (s->p.nonnegative) {
    double lambda = half_problem_lambda(&s->p, n);
    s->ops->assemble(s->nb, s->p.k, w->matrix, s->lda, w->skew, s->dense, (real)lambda);
    return row_nonnegative(s, w, n, lambda, x, own_bias);
  }
  batch_layout l = row_layout(s);
  return solve_batch(s, w, &l, 1, &n) == 1 && take(s, w, 0, w->total, n, x, own_bias);
}

unsigned row_solve_queue(const row_shared *s, row_work *w, const csr *m, const batch_layout *l) {
  off n[ROW_BATCH_MOST];
  for (int i = 0; i < w->queued; i++)
    n[i] = m->ptr[w->row[i] + 1] - m->ptr[w->row[i]];
  return solve_batch(s, w, l, w->queued, n);
}

bool row_take(const row_shared *s, row_work *w, int i, off n, real *x, real *own_bias) {
  return take(s, w, i, w->totals[i], n, x, own_bias);
}

/* Q of row_loss_of. */
static double row_square(const half_problem *p, const csr *m, off begin, off end) {
  double sum[4] = {0}; /* so that additions need not wait */
  if (p->explicit_loss) {
    for (off e = begin; e < end; e++) {
      double weight, target;
      interaction_weights(p, m->col[e], m->val[e], &weight, &target);
      sum[(e - begin) & 3] += target * target;
    }
  } else
    for (off e = begin; e < end; e++)
      sum[(e - begin) & 3] += m->val[e] > 0 ? (double)m->val[e] : 0;
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

bool row_loss_tells(double rest, double square) {
  static const double LEAST = 1.0 / 16;
  return rest > LEAST * square && isfinite(rest);
}

bool row_loss_of(const row_shared *s, row_work *w, int i, const csr *m, const real *x, const real *own_bias,
                 double *loss) {
  off ld = s->p.ld, begin = m->ptr[w->row[i]], end = m->ptr[w->row[i] + 1];
  int k = s->p.k;
  double lambda = half_problem_lambda(&s->p, end - begin), square = row_square(&s->p, m, begin, end);
  double rest = square - dot(w->sums + i * 2 * ld, x, k) - lambda * dot(x, x, k);
  if (s->dense != NULL) {
    memcpy(w->x, x, sizeof *x * (size_t)ld);
    s->ops->multiply(s->nb, s->dense, s->lda, w->x, w->z);
    rest -= dot(w->z, x, k);
  }
  if (own_bias != NULL)
    rest -= (double)*own_bias * (w->totals[i] + lambda * (double)*own_bias);
  *loss = rest;
  return row_loss_tells(rest, square);
}
