#include "train/solve/row/row.h"

#include <math.h>
#include <string.h>

static const solve_ops *const OPS[] = {
    &solve_ops_baseline,
#if defined(__x86_64__)
    &solve_ops_avx2,
    &solve_ops_avx512,
#endif
};

const solve_ops *row_ops(void) {
  return OPS[isa_in_use()];
}

row_shared row_shape(const half_problem *p) {
  const solve_ops *ops = row_ops();
  return (row_shared){.p = *p,
                      .ops = ops,
                      .nb = (p->k + ops->vl - 1) / ops->vl,
                      .lda = p->ld + 16,
                      .panels = 1,
                      .batch = solve_batch_size(ops->vl, p->ld),
                      .n_sums = p->explicit_loss && p->bias != NULL ? 2 : 1};
}

/* Prefetches columns and values far behind begin … begin + n - 1. They are read once, and sums of outer products lie
 * between two reads, so that the processor does not recognize a stream. */
static void fetch_interactions(const csr *m, off begin, int n) {
  enum { LINE = 16, FAR = 1024 };
  if (begin + FAR + n > csr_nnz(m))
    return;
  for (int i = 0; i < n; i += LINE) {
    __builtin_prefetch(m->col + begin + FAR + i);
    __builtin_prefetch(m->val + begin + FAR + i);
  }
}

bool row_weights(const row_shared *s, row_work *w, const csr *m, off begin, int n, int panel) {
  fetch_interactions(m, begin, n);
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
  /* As interaction_weights, in single precision and without branches. If values only say that something happened, all
   * weights are 1. */
  real base = (real)s->p.base;
  int others = base != 0;
  for (int i = 0; i < n; i++)
    others |= val[i] != 1;
  if (others == 0) {
    for (int i = 0; i < n; i++)
      a[i] = b[i] = 1;
    return true;
  }
  others = 0;
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

/* The roots of n weights. Returns false if one is negative. */
static bool weight_roots(const real *a, int n, real *restrict root) {
  int negative = 0;
  for (int i = 0; i < n; i++) {
    negative += a[i] < 0;
    root[i] = sqrtf(a[i]);
  }
  return negative == 0;
}

void row_normal(const row_shared *s, row_work *w, int slot, const csr *m, off begin, off end) {
  real *matrix = w->matrix + slot * row_a_size(s), *skew = w->skew + slot * row_skew_size(s);
  real *sums = w->sums + slot * 2 * s->p.ld, root[PANEL_ROWS];
  w->total = 0;
  for (off e = begin; e < end; e += PANEL_ROWS) {
    int n = end - e < PANEL_ROWS ? (int)(end - e) : PANEL_ROWS;
    weighting kind = row_weights(s, w, m, e, n, 0) ? WEIGHTS_ONE
                     : weight_roots(w->a, n, root) ? WEIGHTS_ROOTS
                                                   : WEIGHTS_ANY;
    panel_rows rows = {.n = n,
                       .table = s->p.table,
                       .ld = s->p.ld,
                       .col = m->col + e,
                       .ahead = row_ahead(m, e, n, PANEL_ROWS),
                       .kind = kind,
                       .weight = kind == WEIGHTS_ROOTS ? root : w->a,
                       .b = w->b,
                       .y = w->y,
                       .ay = w->ay};
    s->ops->accumulate(s->nb, &rows, e == begin, matrix, s->lda, skew, sums, s->p.ld, s->n_sums);
  }
}

double row_data_loss(const row_shared *s, row_work *w, const csr *m, off begin, off end, const real *x,
                     const real *own_bias) {
  double loss = 0, bias = own_bias != NULL ? (double)*own_bias : 0;
  memset(w->x, 0, sizeof *w->x * (size_t)s->p.ld);
  memcpy(w->x, x, sizeof *x * (size_t)s->p.k);
  for (off e = begin; e < end; e += PANEL_ROWS) {
    int n = end - e < PANEL_ROWS ? (int)(end - e) : PANEL_ROWS;
    row_weights(s, w, m, e, n, 0);
    s->ops->gather(s->nb, s->p.table, s->p.ld, m->col + e, n, row_ahead(m, e, n, GATHER_AHEAD), w->y);
    s->ops->dots(s->nb, w->y, n, w->x, w->dots);
    for (int i = 0; i < n; i++) {
      double dot = w->dots[i], rest = w->b[i] - bias - dot;
      loss += s->p.explicit_loss ? rest * rest : dot * (w->a[i] * dot - 2 * (double)w->b[i]) + w->b[i];
    }
  }
  return loss;
}
