#include "train/solve/row/dual.h"

#include "io/base/mem.h"
#include "train/math/factors.h"

#include <math.h>
#include <string.h>

enum { FEWER = 8 }; /* measured: tests/bench/README.md */

/* 1 / √(α0 spectrum + λ) for every number of interactions. Returns false if the range is so wide that single precision
 * loses the weakest direction. */
static bool make_stretch(const half_problem *p, real *stretch) {
  static const double NARROW = 1e-5;
  for (int n = 1; n < p->k; n++) {
    double lambda = half_problem_lambda(p, n), least = INFINITY, most = 0;
    for (int j = 0; j < p->k; j++) {
      double m = p->alpha0 * fmax(p->spectrum[j], 0) + lambda;
      least = fmin(least, m);
      most = fmax(most, m);
      stretch[n * p->ld + j] = (real)(1 / sqrt(m));
    }
    if (!(least > NARROW * most)) /* also for NaN */
      return false;
  }
  return true;
}

status dual_create(row_shared *s) {
  const half_problem *p = &s->p;
  dual_shared *d = NULL;
  status st = OK;
  if (p->explicit_loss || p->nonnegative || p->method != SOLVE_CHOLESKY || p->k < DUAL_LEAST_FACTORS ||
      p->basis == NULL)
    return OK;
  TRY(MEM_ZALLOC(d, 1, "dual systems"));
  s->dual = d;
  TRY(MEM_ZALLOC(d->stretch, p->k * p->ld, "dual systems"));
  if (!make_stretch(p, d->stretch)) {
    dual_free(s);
    return OK;
  }
  TRY(MEM_ZALLOC(d->turn, p->ld * s->lda, "dual systems"));
  TRY(MEM_ZALLOC(d->back, p->ld * s->lda, "dual systems"));
  TRY(MEM_ALLOC(d->number, p->k, "dual systems"));
  for (int i = 0; i < p->k; i++) {
    d->number[i] = i;
    for (int j = 0; j < p->k; j++)
      d->back[i * s->lda + j] = d->turn[j * s->lda + i] = (real)p->basis[(off)i * p->k + j];
  }
  if (p->n_table == 0)
    return OK;
  TRY(MEM_ZALLOC(d->table, p->n_table * p->ld, "the fixed side in its eigenbasis"));
#pragma omp parallel for schedule(static)
  for (lid r = 0; r < p->n_table; r++)
    s->ops->multiply(s->nb, d->turn, s->lda, p->table + r * p->ld, d->table + r * p->ld);
done:
  return st;
}

void dual_free(row_shared *s) {
  if (s->dual == NULL)
    return;
  mem_free(s->dual->turn);
  mem_free(s->dual->back);
  mem_free(s->dual->stretch);
  mem_free(s->dual->table);
  mem_free(s->dual->number);
  mem_free(s->dual);
  s->dual = NULL;
}

off dual_scratch(const row_shared *s) {
  return s->dual != NULL && s->dual->table == NULL ? s->p.ld * s->p.ld : 0;
}

bool dual_suits(const row_shared *s, off n) {
  /* The explicit solution is unique only with a ridge. */
  bool exact = s->method->short_by_dual && !s->p.nonnegative && s->p.lambda > 0 && s->p.k >= DUAL_LEAST_FACTORS;
  return (s->p.explicit_loss ? exact : s->dual != NULL) && n > 0 && n + FEWER <= s->p.k;
}

int dual_blocks(const row_shared *s, off n) {
  return (int)((n + s->ops->vl - 1) / s->ops->vl);
}

batch_layout dual_layout(const row_shared *s, int blocks) {
  off ld = factors_ld(blocks * s->ops->vl), lda = ld + 16;
  /* Places without an interaction have only the ridge, and a right-hand side of 0. */
  return (batch_layout){.blocks = blocks,
                        .k = blocks * s->ops->vl,
                        .ld = ld,
                        .lda = lda,
                        .ridge = s->dual != NULL ? 1 : 0,
                        .system = ld * lda,
                        .skew = blocks * s->ops->skewed * (off)s->ops->vl};
}

/* The last place of a primal batch holds the columns of the row that is being summed up. */
static real *room_for_columns(const row_shared *s, const row_work *w) {
  return w->matrix + (s->batch - 1) * row_a_size(s);
}

/* Where a row's columns are; under the implicit loss in the eigenbasis. */
typedef struct columns {
  const real *table;
  const lid *col;
} columns;

static columns columns_of(const row_shared *s, const row_work *w, const csr *m, lid r) {
  const dual_shared *d = s->dual;
  const lid *col = m->col + m->ptr[r];
  if (d == NULL || d->table != NULL)
    return (columns){d == NULL ? s->p.table : d->table, col};
  for (int i = 0, n = (int)(m->ptr[r + 1] - m->ptr[r]); i < n; i++)
    s->ops->multiply(s->nb, d->turn, s->lda, s->p.table + col[i] * s->p.ld, w->turned + i * s->p.ld);
  return (columns){w->turned, d->number};
}

int dual_batch(const row_shared *s, int blocks) {
  off ld = dual_layout(s, blocks).ld, fit = solve_batch_size(s->ops->vl, ld), room = (s->batch - 1) * s->p.ld / ld;
  return (int)(fit < room ? fit : room);
}

void dual_add(const row_shared *s, row_work *w, const csr *m, lid r, lid ahead) {
  off begin = m->ptr[r], next = m->ptr[ahead];
  int n = (int)(m->ptr[r + 1] - begin), vl = s->ops->vl, skewed = s->ops->skewed, slot = w->queued++;
  batch_layout q = dual_layout(s, dual_blocks(s, n));
  real root[ROW_SHORT_MOST] __attribute__((aligned(64)));
  real *target = w->sums + slot * 2 * q.ld, *one = target + q.ld;
  memset(target, 0, sizeof *target * (size_t)(2 * q.ld));
  for (int i = 0; i < n; i++) {
    double weight, v;
    interaction_weights(&s->p, m->col[begin + i], m->val[begin + i], &weight, &v);
    double scale = s->dual != NULL ? sqrt(weight) : 1;
    root[i] = (real)scale;
    target[i] = (real)(v / scale);
    one[i] = 1;
  }
  for (int i = n; i < q.k; i++) /* up to a whole vector */
    root[i] = 0;
  columns c = columns_of(s, w, m, r);
  bool apart = c.table == w->turned; /* the columns of other rows are not there */
  inner_rows rows = {.table = c.table,
                     .ld = s->p.ld,
                     .col = c.col,
                     .n = n,
                     .ahead = apart ? c.col : m->col + next,
                     .n_ahead = apart ? n : (int)(m->ptr[ahead + 1] - next),
                     .stretch = s->dual != NULL ? s->dual->stretch + n * s->p.ld : NULL,
                     .root = root};
  s->ops->inner(s->nb, &rows, room_for_columns(s, w), w->matrix + slot * q.system, q.lda, w->skew + slot * q.skew);
  w->totals[slot] = 0;
  for (int i = 0; i < n; i++) /* of a skewed block, turn 0 is the diagonal */
    w->totals[slot] += (double)(skewed > 0 ? w->skew[slot * q.skew + (off)(i / vl) * skewed * vl + i % vl]
                                           : w->matrix[slot * q.system + i * q.lda + i]);
  w->row[slot] = r;
}

static double total(const double sum[4]) {
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Whether single precision was accurate enough: `ridge` is the system's, `trace` that of the matrix without it,
 * `length` |Σ t × column|², `square` |t|². If columns are nearly dependent and the ridge is small, t is long and
 * cancels in that sum. */
static bool sound(double ridge, int n, double trace, double length, double square) {
  /* The least share of the length in the most that |t| and the columns allow; and of the ridge in the mean |column|²,
   * as for a primal pivot. */
  static const double LEAST = 1e-4, LEAST_RIDGE = 1e-6;
  return isfinite(square) && isfinite(length) && ridge * n > LEAST_RIDGE * trace &&
         length >= LEAST * LEAST * trace * square; /* false for NaN */
}

static bool take_explicit(const row_shared *s, row_work *w, const csr *m, int i, real *x, real *own_bias,
                          double *loss) {
  static const double TELLING_RIDGE = 1e-3; /* likewise, for the data term to follow from t */
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
  double square = total(sum[2]);
  s->ops->combine(s->nb, s->p.table, s->p.ld, m->col + m->ptr[r], n, t1, w->x);
  double length[4] = {0};
  for (int j = 0; j < (int)s->p.ld; j++) {
    x[j] = j < s->p.k ? w->x[j] : 0;
    length[j & 3] += (double)x[j] * (double)x[j];
  }
  if (loss != NULL)
    *loss = lambda * n > TELLING_RIDGE * w->totals[i] ? lambda * lambda * square
                                                      : row_data_loss(s, w, m, m->ptr[r], m->ptr[r + 1], x, own_bias);
  return isfinite(bias) && sound(lambda, n, w->totals[i], total(length), square);
}

static bool take_implicit(const row_shared *s, row_work *w, const csr *m, int i, real *x, double *loss) {
  lid r = w->row[i];
  off begin = m->ptr[r];
  int n = (int)(m->ptr[r + 1] - begin), k = s->p.k;
  real *t = w->solved + i * 2 * dual_layout(s, dual_blocks(s, n)).ld;
  const real *stretch = s->dual->stretch + n * s->p.ld;
  double square[4] = {0}, before[4] = {0}, rest[4] = {0}, length[4] = {0}; /* so that additions need not wait */
  for (int p = 0; p < n; p++) {
    double weight, target, own = (double)t[p];
    interaction_weights(&s->p, m->col[begin + p], m->val[begin + p], &weight, &target);
    square[p & 3] += own * own;
    before[p & 3] += target;
    rest[p & 3] += own * own - target * target / weight + target;
    t[p] = (real)(own * sqrt(weight));
  }
  columns c = columns_of(s, w, m, r);
  s->ops->combine(s->nb, c.table, s->p.ld, c.col, n, t, w->x);
  for (int j = 0; j < k; j++) {
    real half = w->x[j] * stretch[j];
    length[j & 3] += (double)half * (double)half;
    w->x[j] = half * stretch[j];
  }
  s->ops->multiply(s->nb, s->dual->back, s->lda, w->x, w->z);
  for (int j = 0; j < (int)s->p.ld; j++)
    x[j] = j < k ? w->z[j] : 0;
  if (!sound(1, n, w->totals[i], total(length), total(square)))
    return false;
  if (loss != NULL)
    *loss = row_loss_tells(total(rest), total(before)) ? total(rest)
                                                       : row_data_loss(s, w, m, begin, m->ptr[r + 1], x, NULL);
  return true;
}

bool dual_take(const row_shared *s, row_work *w, const csr *m, int i, real *x, real *own_bias, double *loss) {
  return s->p.explicit_loss ? take_explicit(s, w, m, i, x, own_bias, loss) : take_implicit(s, w, m, i, x, loss);
}
