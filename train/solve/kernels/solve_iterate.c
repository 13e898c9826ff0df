/* Products with a row's system that do not form it: the inner loops of conjugate gradients. See
 * train/solve/kernels/solve_kernel.h. Compiled once per instruction set. */
#include "train/math/lanes.h"
#include "train/solve/kernels/solve_kernel.h"

enum { BLOCK = PANEL_ROWS * VL };

/* w[p] = y_p · v for VL rows from y. */
static inline __attribute__((always_inline)) vec dots_of(int nb, const real *y, const real *v) {
  vec sum[VL];
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    sum[j] = (vec){0};
  for (int c = 0; c < nb; c++) {
    vec f = vec_load(v + c * VL);
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++)
      sum[j] += f * vec_load(y + c * BLOCK + j * VL);
  }
  return lanes_sum(sum);
}

void ISA_NAME(solve_dots)(int nb, const real *y, int n, const real *x, real *s) {
  for (int p = 0; p < n; p += VL)
    vec_store(s + p, dots_of(nb, y + p * VL, x));
}

typedef int32_t ints __attribute__((vector_size(4 * VL)));
typedef double wide __attribute__((vector_size(8 * VL)));

static inline vec magnitude(vec v) {
  ints bits;
  memcpy(&bits, &v, sizeof bits);
  bits &= INT32_MAX;
  memcpy(&v, &bits, sizeof v);
  return v;
}

/* VL interactions: where their rows lie, and their weights; past the last, repetitions of weight 0. */
typedef struct group {
  const real *y[VL];
  vec a, b, inside;
} group;

static inline __attribute__((always_inline)) void group_of(const visit_rows *rows, off p, int n, bool explicit_loss,
                                                           bool targets, group *g) {
  const lid *col = rows->col + p;
  const real *val = rows->val + p;
  real some[VL] __attribute__((aligned(64)));
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    g->y[j] = rows->table + col[j < n ? j : 0] * rows->ld;
  if (n < VL) {
    real inside[VL] __attribute__((aligned(64)));
    for (int j = 0; j < VL; j++) {
      inside[j] = j < n ? 1 : 0;
      some[j] = j < n ? val[j] : 0;
    }
    g->inside = vec_load(inside);
    val = some;
  } else
    g->inside = vec_all(1);
  vec v = vec_load(val);
  if (explicit_loss) {
    g->a = g->inside;
    if (!targets)
      return;
    g->b = v - vec_all(rows->mean);
    if (rows->bias != NULL) {
      for (int j = 0; j < VL; j++)
        some[j] = rows->bias[col[j < n ? j : 0]];
      g->b -= vec_load(some);
    }
  } else {
    g->a = (magnitude(v) - vec_all(rows->base)) * g->inside;
    g->b = (magnitude(v) + v) * vec_all(0.5F);
  }
}

/* sum[j] += v · (C blocks of row j, from block `at`). */
static inline __attribute__((always_inline)) void score_blocks(const int C, const real *const *y, off at, const real *v,
                                                               vec *sum) {
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
#pragma GCC unroll 4
    for (int c = 0; c < C; c++)
      sum[j] += vec_load(v + at + c * VL) * vec_load(y[j] + at + c * VL);
}

static inline __attribute__((always_inline)) vec scores_of(int nb, const group *g, const real *v) {
  vec sum[VL];
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    sum[j] = (vec){0};
  int c = 0;
  for (; c + 4 <= nb; c += 4)
    score_blocks(4, g->y, c * VL, v, sum);
  for (; c < nb; c++)
    score_blocks(1, g->y, c * VL, v, sum);
  return lanes_sum(sum);
}

/* C blocks of s += Σ_j w_j y_j from block `at`, one row after another. */
static inline __attribute__((always_inline)) void add_blocks(const int C, const real *const *y, off at, const real *w,
                                                             vec *s) {
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++) {
    vec all = vec_all(w[j]);
#pragma GCC unroll 4
    for (int c = 0; c < C; c++)
      s[c] += all * vec_load(y[j] + at + c * VL);
  }
}

/* The same with the sums in memory. */
static inline __attribute__((always_inline)) void add_to(const int C, const real *const *y, off at, const real *w,
                                                         real *q) {
  vec s[4];
#pragma GCC unroll 4
  for (int c = 0; c < C; c++)
    s[c] = vec_load(q + at + c * VL);
  add_blocks(C, y, at, w, s);
#pragma GCC unroll 4
  for (int c = 0; c < C; c++)
    vec_store(q + at + c * VL, s[c]);
}

/* w of a group whose scores are t; what it adds to the squares. */
static inline __attribute__((always_inline)) vec weights_of(const visit_kind kind, const bool explicit_loss, int n,
                                                            const group *g, vec t, wide *squares) {
  vec w = explicit_loss ? t : g->a * t;
  if (kind == VISIT_RESIDUAL)
    w -= g->b;
  if (n < VL)
    w *= g->inside;
  if (kind == VISIT_CURVATURE)
    *squares += __builtin_convertvector(w * t, wide);
  if (kind == VISIT_RESIDUAL)
    /* a t² - 2 b t + b = (w - b) t + b */
    *squares += __builtin_convertvector(explicit_loss ? w * w : ((w - g->b) * t + g->b) * g->inside, wide);
  return w;
}

/* Prefetches the rows rows->distance behind the group at p. */
static inline __attribute__((always_inline)) void fetch_group(int nb, const visit_rows *rows, off p) {
  enum { LINE = 16 };
  if (p + rows->distance + VL <= rows->known)
    for (int j = 0; j < VL; j++) {
      const real *next = rows->table + rows->col[p + rows->distance + j] * rows->ld;
      for (int c = 0; c < nb * VL; c += LINE)
        __builtin_prefetch(next + c);
    }
}

static inline int group_length(off p, off end) {
  return end - p < VL ? (int)(end - p) : VL;
}

/* Blocks whose sums stay in registers over a whole row: 64 factors with 16 lanes. */
enum { FEW = 4 };

/* What a visit sums up, while it is in registers; of s the first `few`. */
typedef struct visit_sums {
  vec s[FEW], total;
  wide square;
} visit_sums;

static inline __attribute__((always_inline)) void sums_load(const int few, const real *q, const real *total,
                                                            const double *square, visit_sums *sums) {
#pragma GCC unroll 4
  for (int c = 0; c < few; c++)
    sums->s[c] = vec_load(q + c * VL);
  sums->total = vec_load(total);
  memcpy(&sums->square, square, sizeof sums->square);
}

static inline __attribute__((always_inline)) void sums_store(const int few, const visit_sums *sums, real *q,
                                                             real *total, double *square) {
#pragma GCC unroll 4
  for (int c = 0; c < few; c++)
    vec_store(q + c * VL, sums->s[c]);
  vec_store(total, sums->total);
  memcpy(square, &sums->square, sizeof sums->square);
}

/* `few`: blocks, where their sums stay in registers over the whole row; 0: as many as there are. */
static inline __attribute__((always_inline)) void visit(const visit_kind kind, const bool explicit_loss, const int few,
                                                        int nb, const visit_rows *rows, off begin, off end,
                                                        const real *v, real shift, real *q, real *total,
                                                        double *square) {
  if (few > 0)
    nb = few;
  visit_sums sums;
  sums_load(few, q, total, square, &sums);
  for (off p = begin; p < end; p += VL) {
    int n = group_length(p, end);
    group g;
    fetch_group(nb, rows, p);
    group_of(rows, p, n, explicit_loss, kind == VISIT_RESIDUAL, &g);
    vec w = weights_of(kind, explicit_loss, n, &g, scores_of(nb, &g, v) + vec_all(shift), &sums.square);
    if (kind == VISIT_CURVATURE)
      continue;
    real weights[VL] __attribute__((aligned(64)));
    vec_store(weights, w);
    sums.total += w;
    int c = 0;
    if (few > 0)
      add_blocks(few, g.y, 0, weights, sums.s);
    for (; few == 0 && c + 4 <= nb; c += 4)
      add_to(4, g.y, c * VL, weights, q);
    for (; few == 0 && c < nb; c++)
      add_to(1, g.y, c * VL, weights, q);
  }
  sums_store(few, &sums, q, total, square);
}

/* Scores of the rows of `next`, and s += Σ_j w_j y_j of those of g, row by row in turn, so that the sums, each of which
 * waits for the one before, do not keep the products waiting. `fetch`: rows ahead[0 … VL-1] go into the cache. */
static inline __attribute__((always_inline)) vec scores_and_sums(const bool fetch, const group *next, const group *g,
                                                                 const real *v, const real *w, const visit_rows *rows,
                                                                 const lid *ahead, vec *s) {
  vec sum[VL], f[FEW];
#pragma GCC unroll 4
  for (int c = 0; c < FEW; c++)
    f[c] = vec_load(v + c * VL);
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++) {
    const real *y = next->y[j], *own = g->y[j], *later = rows->table + (fetch ? ahead[j] * rows->ld : 0);
    vec all = vec_all(w[j]);
    sum[j] = (vec){0};
#pragma GCC unroll 4
    for (int c = 0; c < FEW; c++) {
      if (fetch)
        __builtin_prefetch(later + c * VL);
      sum[j] += f[c] * vec_load(y + c * VL);
      s[c] += all * vec_load(own + c * VL);
    }
  }
  return lanes_sum(sum);
}

/* visit() for RESIDUAL or PRODUCT and FEW blocks, with 16 lanes; other sets have too few registers. The bits are the
 * same. */
static inline __attribute__((always_inline)) void visit_in_turn(const visit_kind kind, const bool explicit_loss,
                                                                const bool fetch, const visit_rows *rows, off begin,
                                                                off end, const real *v, real shift, real *q,
                                                                real *total, double *square) {
  static const lid NONE[VL] = {0}; /* nothing more to prefetch: repeated prefetches of one row cost nothing */
  const bool targets = kind == VISIT_RESIDUAL;
  group groups[2], *g = &groups[0], *next = &groups[1];
  visit_sums sums;
  if (begin >= end)
    return;
  sums_load(FEW, q, total, square, &sums);
  if (fetch)
    fetch_group(FEW, rows, begin);
  group_of(rows, begin, group_length(begin, end), explicit_loss, targets, g);
  vec t = scores_of(FEW, g, v) + vec_all(shift);
  for (off p = begin, after = p + VL; p < end; p = after, after += VL) {
    vec w = weights_of(kind, explicit_loss, group_length(p, end), g, t, &sums.square);
    real weights[VL] __attribute__((aligned(64)));
    vec_store(weights, w);
    sums.total += w;
    if (after < end) {
      const lid *ahead = after + rows->distance + VL <= rows->known ? rows->col + after + rows->distance : NONE;
      group_of(rows, after, group_length(after, end), explicit_loss, targets, next);
      t = scores_and_sums(fetch, next, g, v, weights, rows, ahead, sums.s) + vec_all(shift);
    } else
      add_blocks(FEW, g->y, 0, weights, sums.s);
    group *done = g;
    g = next;
    next = done;
  }
  sums_store(FEW, &sums, q, total, square);
}

void ISA_NAME(solve_visit)(int nb, visit_kind kind, const visit_rows *rows, off begin, off end, const real *v,
                           real shift, real *q, real *total, double *square) {
#define VISIT(of_kind, of_loss)                                                                                        \
  if (kind == of_kind && rows->explicit_loss == of_loss) {                                                             \
    if (nb != FEW)                                                                                                     \
      visit(of_kind, of_loss, 0, nb, rows, begin, end, v, shift, q, total, square);                                    \
    else if (VL < 16 || of_kind == VISIT_CURVATURE)                                                                    \
      visit(of_kind, of_loss, FEW, nb, rows, begin, end, v, shift, q, total, square);                                  \
    else if (rows->known > 0)                                                                                          \
      visit_in_turn(of_kind, of_loss, true, rows, begin, end, v, shift, q, total, square);                             \
    else                                                                                                               \
      visit_in_turn(of_kind, of_loss, false, rows, begin, end, v, shift, q, total, square);                            \
  }
  VISIT(VISIT_RESIDUAL, true)
  VISIT(VISIT_RESIDUAL, false)
  VISIT(VISIT_PRODUCT, true)
  VISIT(VISIT_PRODUCT, false)
  VISIT(VISIT_CURVATURE, true)
  VISIT(VISIT_CURVATURE, false)
#undef VISIT
}

/* C blocks of out = Σ_j v_j m_j. */
static inline __attribute__((always_inline)) void multiply_blocks(const int C, int n, const real *m, off lda,
                                                                  const real *v, real *out) {
  vec s[4][2];
#pragma GCC unroll 4
  for (int c = 0; c < C; c++)
    s[c][0] = s[c][1] = (vec){0};
  for (int j = 0; j < n; j += 2) {
    vec v0 = vec_all(v[j]), v1 = vec_all(v[j + 1]);
#pragma GCC unroll 4
    for (int c = 0; c < C; c++) {
      s[c][0] += v0 * vec_load(m + j * lda + c * VL);
      s[c][1] += v1 * vec_load(m + (j + 1) * lda + c * VL);
    }
  }
#pragma GCC unroll 4
  for (int c = 0; c < C; c++)
    vec_store(out + c * VL, s[c][0] + s[c][1]);
}

void ISA_NAME(solve_multiply)(int nb, const real *m, off lda, const real *v, real *out) {
  int c = 0;
  for (; c + 4 <= nb; c += 4)
    multiply_blocks(4, nb * VL, m + c * VL, lda, v, out + c * VL);
  if (c + 2 <= nb) {
    multiply_blocks(2, nb * VL, m + c * VL, lda, v, out + c * VL);
    c += 2;
  }
  if (c < nb)
    multiply_blocks(1, nb * VL, m + c * VL, lda, v, out + c * VL);
}
