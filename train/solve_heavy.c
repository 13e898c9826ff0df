#include "train/solve_heavy.h"

off heavy_size(const row_shared *s) {
  off vl = s->ops->vl, above = (off)s->nb * (s->nb - 1) / 2 * vl * vl;
  return above + row_skew_size(s) + s->n_sums * s->p.ld + 1;
}

exact_scale heavy_scale(const row_shared *s, off longest, off n_segments, double most_a, double most_b) {
  double f = s->p.fixed_max > 1 ? s->p.fixed_max : 1;
  double term = most_a * f * f > most_b * f ? most_a * f * f : most_b * f;
  if (s->n_sums == 2 && term < f)
    term = f;
  return exact_scale_for(2 * term * (double)longest, n_segments); /* 2: the segments' own rounding */
}

/* Runs of floats that make up the sums, one after another; `at` counts on, NULL at the end. */
static real *run_of(const row_shared *s, const row_work *w, off at, off *length) {
  off vl = s->ops->vl, width = s->nb * vl, rows = width - vl; /* the last block has nothing right of its diagonal */
  if (at < rows) {
    off right = (at / vl + 1) * vl;
    *length = width - right;
    return w->a + at * s->lda + right;
  }
  *length = at == rows ? row_skew_size(s) : s->n_sums * s->p.ld;
  return at == rows ? w->skew : at == rows + 1 ? w->sums : NULL;
}

void heavy_add(const row_shared *s, const row_work *w, exact_scale scale, int64_t *sum) {
  off length;
  const real *from;
  for (off at = 0; (from = run_of(s, w, at, &length)) != NULL; at++)
    for (off i = 0; i < length; i++)
      *sum++ += exact_term(scale, (double)from[i]);
  *sum += exact_term(scale, w->total);
}

void heavy_restore(const row_shared *s, row_work *w, exact_scale scale, const int64_t *sum) {
  off length;
  real *to;
  for (off at = 0; (to = run_of(s, w, at, &length)) != NULL; at++)
    for (off i = 0; i < length; i++)
      to[i] = (real)exact_value(scale, *sum++);
  w->total = exact_value(scale, *sum);
}
