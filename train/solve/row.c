#include "train/solve/row.h"

#include "io/base/mem.h"
#include "train/solve/cg.h"
#include "train/solve/double_row.h"
#include "train/solve/dual.h"
#include "train/solve/nonnegative.h"

#include <math.h>
#include <string.h>

status row_work_create(const row_shared *s, row_work *w) {
  off ld = s->p.ld, panel = PANEL_ROWS * ld, vl = s->ops->vl, events = (off)s->panels * PANEL_ROWS, batch = s->batch;
  real **part[] = {&w->y,      &w->ay,   &w->b, &w->a,    &w->dots,    &w->scores, &w->matrix,
                   &w->skew,   &w->sums, &w->x, &w->cg,   &w->inverse, &w->root,   &w->lanes,
                   &w->solved, &w->z,    &w->q, &w->step, &w->turned};
  off size[] = {panel * s->panels,
                panel,
                events,
                events,
                PANEL_ROWS,
                events,
                batch * row_a_size(s),
                batch * row_skew_size(s),
                batch * 2 * ld,
                2 * ld,
                CG_VECTORS * ld,
                ld * vl,
                ld,
                solve_lanes_size((int)vl, s->nb),
                batch * 2 * ld,
                ld,
                ld,
                ld,
                dual_scratch(s)};
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

/* Columns and values are read once, and so long after those before them, as sums of outer products come between, that
 * the processor does not see a stream. Fetches those that come long after begin … begin + n - 1. */
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
  /* As interaction_weights, in single precision and without branches. Where all that is known is that something
   * happened, all weights are 1. */
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

/* The roots of n weights. False where one is below 0. */
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
    /* The bias borders the factors' system: eliminate it last, by its Schur complement, which is a number. */
    double corner = (double)n + half_problem_lambda(&s->p, n), rest = corner - dot(sums + ld, solved + ld, k);
    if (!(rest > 1e-4 * corner)) /* too much cancelled */
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
