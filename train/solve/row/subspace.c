#include "train/solve/row/subspace.h"

#include <math.h>
#include <string.h>

int subspace_panels(off ld) {
  enum { BYTES = 640 << 10, MOST = 64 };
  off panels = BYTES / (PANEL_ROWS * ld * (off)sizeof(real));
  return panels < 1 ? 1 : panels > MOST ? MOST : (int)panels;
}

bool subspace_suits(const row_shared *s, off n) {
  return n <= (off)s->panels * PANEL_ROWS;
}

/* A row being improved: x, its bias, and the current x · y of every interaction. */
typedef struct state {
  const row_shared *s;
  row_work *w;
  const csr *m;
  off begin, n;
  double lambda;
  real *x, *scores;
  double bias;
} state;

static int panel_length(const state *t, off at) {
  return t->n - at < PANEL_ROWS ? (int)(t->n - at) : PANEL_ROWS;
}

/* Computes weights and scores of all interactions. Returns whether all a are 1. */
static bool begin_row(state *t) {
  const row_shared *s = t->s;
  bool ones = true;
  for (off e = 0; e < t->n; e += PANEL_ROWS) {
    int n = panel_length(t, e);
    ones = row_weights(s, t->w, t->m, t->begin + e, n, (int)(e / PANEL_ROWS)) && ones;
    s->ops->gather(s->nb, s->p.table, s->p.ld, t->m->col + t->begin + e, n,
                   row_ahead(t->m, t->begin + e, n, GATHER_AHEAD), t->w->y);
    s->ops->dots(s->nb, t->w->y, n, t->x, t->scores + e);
  }
  return ones;
}

/* The bias alone, exactly. */
static void improve_bias(state *t) {
  double sum = 0;
  for (off e = 0; e < t->n; e++)
    sum += (double)t->w->b[e] - (double)t->scores[e];
  t->bias = sum / ((double)t->n + t->lambda);
}

/* Factors first … first + SUBSPACE_FACTORS - 1, exactly with the others fixed. */
static bool improve_block(state *t, int first, bool ones) {
  const row_shared *s = t->s;
  row_work *w = t->w;
  int width = SUBSPACE_FACTORS, nb = width / s->ops->vl;
  int own = s->p.k - first < width ? s->p.k - first : width;
  const real *table = s->p.table + first;
  real target[PANEL_ROWS], step[SUBSPACE_FACTORS] __attribute__((aligned(64)));
  for (off e = 0; e < t->n; e += PANEL_ROWS) {
    int n = panel_length(t, e);
    const real *a = w->a + e, *b = w->b + e, *score = t->scores + e;
    for (int i = 0; i < n; i++)
      target[i] = b[i] - a[i] * (score[i] + (real)t->bias);
    const lid *col = t->m->col + t->begin + e;
    panel_rows rows = {.n = n,
                       .table = table,
                       .ld = s->p.ld,
                       .col = col,
                       .ahead = e + PANEL_ROWS + n <= t->n ? col + PANEL_ROWS : col,
                       .kind = ones ? WEIGHTS_ONE : WEIGHTS_ANY, /* y has to hold the rows themselves */
                       .weight = a,
                       .b = target,
                       .y = w->y + e * width,
                       .ay = w->ay};
    s->ops->accumulate(nb, &rows, e == 0, w->matrix, s->lda, w->skew, w->sums, s->p.ld, 1);
  }
  const real *dense = s->dense != NULL ? s->dense + first * s->lda + first : NULL;
  s->ops->assemble(nb, own, w->matrix, s->lda, w->skew, dense, (real)t->lambda);
  if (!s->ops->factor(nb, w->matrix, s->lda, w->inverse, w->root))
    return false;
  memcpy(step, w->sums, sizeof step);
  for (int j = 0; j < s->p.k && s->dense != NULL; j++)
    for (int i = 0; i < width; i++)
      step[i] -= t->x[j] * s->dense[j * s->lda + first + i];
  for (int i = 0; i < width; i++)
    step[i] = i < own ? step[i] - (real)t->lambda * t->x[first + i] : 0;
  s->ops->solve(nb, w->matrix, s->lda, w->inverse, w->root, 1, step, width);
  for (int i = 0; i < own; i++) {
    t->x[first + i] += step[i];
    if (!isfinite(t->x[first + i]))
      return false;
  }
  for (off e = 0; e < t->n; e += PANEL_ROWS) {
    int n = panel_length(t, e);
    s->ops->dots(nb, w->y + e * width, n, step, w->dots);
    for (int i = 0; i < n; i++)
      t->scores[e + i] += w->dots[i];
  }
  return true;
}

bool row_subspace(const row_shared *s, row_work *w, const csr *m, off begin, off end, real *x, real *own_bias,
                  double *loss) {
  state t = {.s = s,
             .w = w,
             .m = m,
             .begin = begin,
             .n = end - begin,
             .lambda = half_problem_lambda(&s->p, end - begin),
             .x = w->x,
             .scores = w->scores,
             .bias = own_bias != NULL ? (double)*own_bias : 0};
  memcpy(t.x, x, sizeof *x * (size_t)s->p.ld);
  bool ones = begin_row(&t);
  for (int first = 0; first < s->p.k; first += SUBSPACE_FACTORS) {
    if (own_bias != NULL)
      improve_bias(&t);
    if (!improve_block(&t, first, ones))
      return false;
  }
  if (own_bias != NULL) {
    improve_bias(&t);
    *own_bias = (real)t.bias;
  }
  memcpy(x, t.x, sizeof *x * (size_t)s->p.ld);
  if (loss != NULL)
    *loss = row_data_loss(s, w, m, begin, end, x, own_bias);
  return isfinite(t.bias);
}
