/* The weighted sum of outer products with 16 lanes: diagonal blocks in skewed form. For train/solve_normal.c. */
#ifndef PALATE_TRAIN_SOLVE_SUM_SKEWED_H
#define PALATE_TRAIN_SOLVE_SUM_SKEWED_H

#include "train/solve_tile.h"

enum { QUADS = VL / 4 };

/* What the block above the diagonal that is summed together with a diagonal block c is. */
typedef enum pairing {
  ALONE,
  NEXT, /* rows c, columns c + 1 */
  LAST  /* rows `other`, gathered before, columns c */
} pairing;

/* Gathers block c of n rows into the panel, sums the diagonal block c in skewed form, its part of the sums, and the
 * first PAIRED rows of one block above the diagonal. `rooted`: with roots. Fetches line c of the rows to come. */
static inline __attribute__((always_inline)) void diagonal(const int n_sums, const bool rooted, const pairing with,
                                                           int c, int other, const panel_rows *rows, bool fresh,
                                                           real *a, off lda, real *skew, real *sums, off ld) {
  enum { J = PAIRED };
  vec s[SKEWED], t[2], u[J];
  real *y = rows->y + c * BLOCK, *ay = rows->ay + c * BLOCK;
  const real *table = rows->table + c * VL, *before = (rooted ? rows->y : rows->ay) + other * BLOCK;
  real *to = with == LAST ? a + other * VL * lda + c * VL : a + c * VL * lda + (c + 1) * VL;
  /* Local: the compiler cannot know that what is stored into panels does not change these pointers. */
  const lid *col = rows->col, *ahead = rows->ahead;
  const real *weight = rooted ? rows->root : rows->a, *target = rows->b;
  const off n = rows->n, ldt = rows->ld;
  skew += c * SKEWED * VL;
  sums += c * VL;
#pragma GCC unroll 16
  for (int d = 0; d < SKEWED; d++)
    s[d] = fresh ? (vec){0} : vec_load(skew + d * VL);
#pragma GCC unroll 2
  for (int i = 0; i < n_sums; i++)
    t[i] = fresh ? (vec){0} : vec_load(sums + i * ld);
#pragma GCC unroll 16
  for (int j = 0; j < J; j++)
    u[j] = fresh || with == ALONE ? (vec){0} : vec_load(to + j * lda);
  for (off p = 0; p < n; p++) {
    const real *row = table + col[p] * ldt;
    __builtin_prefetch(table + ahead[p] * ldt, 0, 3);
    vec own = vec_load(row), scale = vec_all(weight[p]), w = scale * own, v = rooted ? w : own;
    vec_store(y + p * VL, v);
    if (!rooted)
      vec_store(ay + p * VL, w);
#define ADD(i, d, e) s[i] += v * TURN(turned, e);
    {
      vec turned = w;
      SKEW_0(ADD)
    }
    {
      vec turned = QUADS_TURN(w, 1);
      (void)turned;
      SKEW_1(ADD)
    }
    {
      vec turned = QUADS_TURN(w, 2);
      (void)turned;
      SKEW_2(ADD)
    }
#undef ADD
#pragma GCC unroll 2
    for (int i = 0; i < n_sums; i++)
      t[i] += i == 0 ? vec_all(target[p]) * own : own;
    if (with != ALONE) {
      const real *b = with == LAST ? before + p * VL : (rooted ? y : ay) + p * VL;
      vec z = with == LAST ? v : rooted ? scale * vec_load(row + VL) : vec_load(row + VL);
#pragma GCC unroll 16
      for (int j = 0; j < J; j++)
        u[j] += vec_all(b[j]) * z;
    }
  }
#pragma GCC unroll 16
  for (int d = 0; d < SKEWED; d++)
    vec_store(skew + d * VL, s[d]);
#pragma GCC unroll 2
  for (int i = 0; i < n_sums; i++)
    vec_store(sums + i * ld, t[i]);
#pragma GCC unroll 16
  for (int j = 0; j < J && with != ALONE; j++)
    vec_store(to + j * lda, u[j]);
}

#define DIAGONAL(n_sums, rooted)                                                                                       \
  if (c + 1 < nb)                                                                                                      \
    diagonal(n_sums, rooted, NEXT, c, 0, rows, fresh, a, lda, skew, sums, ld);                                         \
  else if (nb >= 3)                                                                                                    \
    diagonal(n_sums, rooted, LAST, c, nb - 3, rows, fresh, a, lda, skew, sums, ld);                                    \
  else                                                                                                                 \
    diagonal(n_sums, rooted, ALONE, c, 0, rows, fresh, a, lda, skew, sums, ld);

static void sum_rows(int nb, const panel_rows *rows, bool fresh, real *a, off lda, real *skew, real *sums, off ld,
                     int n_sums) {
  bool rooted = rows->root != NULL;
  for (int c = 0; c < nb; c++) {
    if (n_sums == 1 && rooted) {
      DIAGONAL(1, true)
    } else if (n_sums == 1) {
      DIAGONAL(1, false)
    } else if (rooted) {
      DIAGONAL(2, true)
    } else {
      DIAGONAL(2, false)
    }
  }
  const real *y = rows->y, *b = rooted ? y : rows->ay;
  for (int c = 0; c < nb; c++)
    for (int j = 0; j < VL; j += TILE_COLUMNS) {
      /* What `diagonal` has left: its PAIRED rows are those of block (c, c + 1), and of (nb - 3, nb - 1). */
      int i = j < PAIRED ? c + 2 : c + 1, end = j < PAIRED && c == nb - 3 ? nb - 1 : nb;
      for (int r; i < end; i += r) {
        real *to = a + (c * VL + j) * lda + i * VL;
        r = tile_width(end - i);
        tile_of(r, TILE_COLUMNS, false, fresh, y + i * BLOCK, VL, BLOCK, b + c * BLOCK + j, VL, rows->n, to, lda);
      }
    }
}

/* Sum of two turns (d, e), each numbered 4 d + e. */
static inline __attribute__((always_inline)) int turn_sum(int s, int t) {
  return ((s & ~3) + (t & ~3)) % VL + ((s + t) & 3);
}

/* Rows of a diagonal block out of its skewed form. With t[(d, e)] lane c = element (c - (d, e), c), row j has
 * t[c - j] in lane c; a barrel shifter of one blend per bit of the lane number selects that. */
static void unskew(const real *skew, vec row[VL]) {
  vec t[VL], u[VL];
#define BACK(s, d, e)                                                                                                  \
  {                                                                                                                    \
    vec v = vec_load(skew + (s)*VL), w = TURN(v, 4 - (e));                                                             \
    t[4 * (d) + (e)] = QUADS_TURN(w, QUADS - (d));                                                                     \
    if ((4 * (d) + (e)) != (4 * ((QUADS - (d)) % QUADS) + ((4 - (e)) & 3)))                                            \
      t[4 * ((QUADS - (d)) % QUADS) + ((4 - (e)) & 3)] = v;                                                            \
  }
  SKEW_0(BACK)
  SKEW_1(BACK)
  SKEW_2(BACK)
#undef BACK
#define SHIFT(bit, pattern)                                                                                            \
  _Pragma("GCC unroll 16") for (int d = 0; d < VL; d++) u[d] =                                                         \
      __builtin_shufflevector(t[d], t[turn_sum(d, bit)], pattern);                                                     \
  _Pragma("GCC unroll 16") for (int d = 0; d < VL; d++) t[d] = u[d];
  EACH_BIT(SHIFT)
#undef SHIFT
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    row[j] = t[((VL - (j & ~3)) % VL) + ((4 - (j & 3)) & 3)];
}

/* Diagonal blocks into their places in a. */
static void sum_diagonals(int nb, const real *skew, real *a, off lda) {
  for (int c = 0; c < nb; c++) {
    vec row[VL];
    unskew(skew + c * SKEWED * VL, row);
    for (int j = 0; j < VL; j++)
      vec_store(a + (c * VL + j) * lda + c * VL, row[j]);
  }
}

#endif
