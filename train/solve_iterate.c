/* Products with a row's system that do not form it: the inner loops of conjugate gradients. See train/solve_kernel.h.
 * Compiled once per instruction set. */
#include "train/lanes.h"
#include "train/solve_kernel.h"

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

/* VL interactions: where their rows lie, and what weighs them; beyond the last, repetitions that weigh nothing. */
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

/* The same where the sums are in memory. */
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

static inline __attribute__((always_inline)) void visit(const visit_kind kind, const bool explicit_loss, const int few,
                                                        int nb, const visit_rows *rows, off begin, off end,
                                                        const real *v, real shift, real *q, real *total,
                                                        double *square) {
  enum { LINE = 16 };
  if (few > 0)
    nb = few;
  vec s[4];
#pragma GCC unroll 4
  for (int c = 0; c < few; c++)
    s[c] = vec_load(q + c * VL);
  vec sum = vec_load(total);
  wide squares;
  memcpy(&squares, square, sizeof squares);
  for (off p = begin; p < end; p += VL) {
    int n = end - p < VL ? (int)(end - p) : VL;
    group g;
    if (p + rows->distance + VL <= rows->known)
      for (int j = 0; j < VL; j++) {
        const real *next = rows->table + rows->col[p + rows->distance + j] * rows->ld;
        for (int c = 0; c < nb * VL; c += LINE)
          __builtin_prefetch(next + c);
      }
    group_of(rows, p, n, explicit_loss, kind == VISIT_RESIDUAL, &g);
    vec t = scores_of(nb, &g, v) + vec_all(shift);
    vec w = explicit_loss ? t : g.a * t;
    if (kind == VISIT_RESIDUAL)
      w -= g.b;
    if (n < VL)
      w *= g.inside;
    if (kind == VISIT_CURVATURE)
      squares += __builtin_convertvector(w * t, wide);
    else {
      real weights[VL] __attribute__((aligned(64)));
      vec_store(weights, w);
      sum += w;
      int c = 0;
      if (few > 0)
        add_blocks(few, g.y, 0, weights, s);
      for (; few == 0 && c + 4 <= nb; c += 4)
        add_to(4, g.y, c * VL, weights, q);
      for (; few == 0 && c < nb; c++)
        add_to(1, g.y, c * VL, weights, q);
    }
    if (kind == VISIT_RESIDUAL)
      /* a t² - 2 b t + b = (w - b) t + b */
      squares += __builtin_convertvector(explicit_loss ? w * w : ((w - g.b) * t + g.b) * g.inside, wide);
  }
#pragma GCC unroll 4
  for (int c = 0; c < few; c++)
    vec_store(q + c * VL, s[c]);
  vec_store(total, sum);
  memcpy(square, &squares, sizeof squares);
}

/* Blocks that stay in registers over a whole row: 64 factors with 16 lanes. */
enum { FEW = 4 };

void ISA_NAME(solve_visit)(int nb, visit_kind kind, const visit_rows *rows, off begin, off end, const real *v,
                           real shift, real *q, real *total, double *square) {
#define VISIT(of_kind)                                                                                                 \
  if (kind == of_kind && rows->explicit_loss && nb == FEW)                                                             \
    visit(of_kind, true, FEW, nb, rows, begin, end, v, shift, q, total, square);                                       \
  else if (kind == of_kind && rows->explicit_loss)                                                                     \
    visit(of_kind, true, 0, nb, rows, begin, end, v, shift, q, total, square);                                         \
  else if (kind == of_kind && nb == FEW)                                                                               \
    visit(of_kind, false, FEW, nb, rows, begin, end, v, shift, q, total, square);                                      \
  else if (kind == of_kind)                                                                                            \
    visit(of_kind, false, 0, nb, rows, begin, end, v, shift, q, total, square);
  VISIT(VISIT_RESIDUAL)
  VISIT(VISIT_PRODUCT)
  VISIT(VISIT_CURVATURE)
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
