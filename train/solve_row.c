#include "train/solve_row.h"

#include "io/mem.h"
#include "train/solve_double.h"
#include "train/solve_nonnegative.h"

#include <math.h>
#include <string.h>

status row_work_create(const row_shared *s, row_work *w) {
  off ld = s->p.ld, panel = PANEL_ROWS * ld, vl = s->ops->vl, events = (off)s->panels * PANEL_ROWS;
  real **part[] = {&w->y,    &w->ay, &w->b,       &w->a,    &w->dots, &w->scores, &w->matrix, &w->skew,
                   &w->sums, &w->x,  &w->inverse, &w->root, &w->r,    &w->z,      &w->d,      &w->q};
  /* skew: whole blocks of 16 factors, as subspace takes them */
  off size[] = {
      panel * s->panels, panel, events, events, PANEL_ROWS, events, row_a_size(s), ld * s->ops->skewed, 2 * ld, 2 * ld,
      ld * vl,           ld,    ld,     ld,     ld,         ld};
  enum { PARTS = sizeof part / sizeof *part };
  off total = 0;
  for (int i = 0; i < PARTS; i++)
    total += size[i] += (16 - size[i] % 16) % 16;
  real *block;
  status st = MEM_ZALLOC(block, total, "a thread's work space for solving rows");
  w->block = block;
  for (int i = 0; st == OK && i < PARTS; block += size[i], i++)
    *part[i] = block;
  return st;
}

void row_work_free(row_work *w) {
  mem_free(w->block);
  *w = (row_work){0};
}

bool row_weights(const row_shared *s, row_work *w, const csr *m, off begin, int n, int panel) {
  const real *val = m->val + begin;
  const lid *col = m->col + begin;
  real *restrict a = w->a + panel * PANEL_ROWS, *restrict b = w->b + panel * PANEL_ROWS;
  if (s->p.explicit_loss) {
    for (int i = 0; i < n; i++) {
      double weight, target;
      interaction_weights(&s->p, col[i], val[i], &weight, &target);
      a[i] = (real)weight;
      b[i] = (real)target;
      w->total += target;
    }
    return true;
  }
  /* As interaction_weights, in single precision and without branches. */
  real base = (real)s->p.base;
  int others = 0;
  for (int i = 0; i < n; i++) {
    a[i] = fabsf(val[i]) - base;
    b[i] = val[i] > 0 ? val[i] : 0;
    others += a[i] != 1;
  }
  return others == 0;
}

const lid *row_ahead(const csr *m, off begin, int n, int distance) {
  return m->col + (begin + distance + n <= csr_nnz(m) ? begin + distance : begin);
}

void row_normal(const row_shared *s, row_work *w, const csr *m, off begin, off end) {
  w->total = 0;
  for (off e = begin; e < end; e += PANEL_ROWS) {
    int n = end - e < PANEL_ROWS ? (int)(end - e) : PANEL_ROWS;
    bool ones = row_weights(s, w, m, e, n, 0);
    panel_rows rows = {.n = n,
                       .table = s->p.table,
                       .ld = s->p.ld,
                       .col = m->col + e,
                       .ahead = row_ahead(m, e, n, PANEL_ROWS),
                       .a = ones ? NULL : w->a,
                       .b = w->b,
                       .y = w->y,
                       .ay = w->ay};
    s->ops->accumulate(s->nb, &rows, e == begin, w->matrix, s->lda, w->skew, w->sums, s->p.ld, s->n_sums);
  }
}

static double dot(const real *a, const real *b, int k) {
  double sum = 0;
  for (int i = 0; i < k; i++)
    sum += (double)a[i] * (double)b[i];
  return sum;
}

bool row_finish(const row_shared *s, row_work *w, off n, real *x, real *own_bias) {
  off ld = s->p.ld;
  int k = s->p.k;
  double lambda = half_problem_lambda(&s->p, n);
  s->ops->assemble(s->nb, k, w->matrix, s->lda, w->skew, s->dense, (real)lambda);
  if (s->p.nonnegative)
    return row_nonnegative(s, w, n, lambda, x, own_bias);
  if (!s->ops->factor(s->nb, w->matrix, s->lda, w->inverse, w->root))
    return false;
  memcpy(w->x, w->sums, sizeof *w->x * (size_t)(2 * ld));
  s->ops->solve(s->nb, w->matrix, s->lda, w->inverse, w->root, s->n_sums, w->x, ld);
  double bias = 0;
  if (own_bias != NULL) {
    /* The bias borders the factors' system: eliminate it last, by its Schur complement, which is a number. */
    double corner = (double)n + lambda, rest = corner - dot(w->sums + ld, w->x + ld, k);
    if (!(rest > 1e-4 * corner)) /* too much cancelled */
      return false;
    bias = (w->total - dot(w->sums + ld, w->x, k)) / rest;
    *own_bias = (real)bias;
  }
  bool finite = isfinite(bias);
  for (int i = 0; i < (int)ld; i++) {
    x[i] = i >= k ? 0 : own_bias == NULL ? w->x[i] : (real)(w->x[i] - bias * w->x[ld + i]);
    finite = finite && isfinite(x[i]);
  }
  return finite;
}

double row_data_loss(const row_shared *s, row_work *w, const csr *m, off begin, off end, bool gathered, const real *x,
                     const real *own_bias) {
  double loss = 0, bias = own_bias != NULL ? (double)*own_bias : 0;
  memset(w->x, 0, sizeof *w->x * (size_t)s->p.ld);
  memcpy(w->x, x, sizeof *x * (size_t)s->p.k);
  int panel = 0;
  for (off e = begin; e < end; e += PANEL_ROWS) {
    int n = end - e < PANEL_ROWS ? (int)(end - e) : PANEL_ROWS;
    real *y = w->y + panel * PANEL_ROWS * s->p.ld, *b = w->b + panel * PANEL_ROWS, *a = w->a + panel * PANEL_ROWS;
    if (!gathered) {
      row_weights(s, w, m, e, n, 0);
      s->ops->gather(s->nb, s->p.table, s->p.ld, m->col + e, n, row_ahead(m, e, n, GATHER_AHEAD), y);
    } else
      panel++;
    s->ops->dots(s->nb, y, n, w->x, w->dots);
    for (int i = 0; i < n; i++) {
      double dot = w->dots[i], rest = b[i] - bias - dot;
      loss += s->p.explicit_loss ? rest * rest : dot * (a[i] * dot - 2 * (double)b[i]) + b[i];
    }
  }
  return loss;
}
