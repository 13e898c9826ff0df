/* The weighted sum of outer products with 16 lanes: diagonal blocks in skewed form. For
 * train/solve/kernels/solve_normal.c. */
#ifndef PALATE_TRAIN_SOLVE_KERNELS_SOLVE_SUM_SKEWED_H
#define PALATE_TRAIN_SOLVE_KERNELS_SOLVE_SUM_SKEWED_H

#include "train/solve/kernels/solve_tile.h"

enum { QUADS = VL / 4 };

/* Gathers block c of n rows into the panel, sums the diagonal block c in skewed form, its part of the sums and, where
 * there is one, the block above it: its rows are those of block c - 1, gathered before, so that no load has to wait for
 * what was just stored. Fetches line c of the rows to come. */
static inline __attribute__((always_inline)) void diagonal(const int n_sums, const weighting kind, const bool first,
                                                           int c, const panel_rows *rows, bool fresh, real *a, off lda,
                                                           real *skew, real *sums, off ld) {
  vec s[SKEWED], t[2], u[VL];
  real *y = rows->y + c * BLOCK, *ay = rows->ay + c * BLOCK;
  const real *table = rows->table + c * VL, *above = (kind == WEIGHTS_ANY ? ay : y) - (first ? 0 : BLOCK);
  real *to = a + (first ? 0 : c - 1) * VL * lda + c * VL;
  /* Local: the compiler cannot know that what is stored into panels does not change these pointers. */
  const lid *col = rows->col, *ahead = rows->ahead;
  const real *weight = rows->weight, *target = rows->b;
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
  for (int j = 0; j < VL && !first; j++)
    u[j] = fresh ? (vec){0} : vec_load(to + j * lda);
  for (off p = 0; p < n; p++) {
    vec own = vec_load(table + col[p] * ldt), v = own, w = own;
    __builtin_prefetch(table + ahead[p] * ldt, 0, 3);
    if (kind != WEIGHTS_ONE)
      w *= vec_all(weight[p]);
    if (kind == WEIGHTS_ROOTS)
      v = w;
    vec_store(y + p * VL, v);
    if (kind == WEIGHTS_ANY)
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
#pragma GCC unroll 16
    for (int j = 0; j < VL && !first; j++)
      u[j] += vec_all(above[p * VL + j]) * v;
  }
#pragma GCC unroll 16
  for (int d = 0; d < SKEWED; d++)
    vec_store(skew + d * VL, s[d]);
#pragma GCC unroll 2
  for (int i = 0; i < n_sums; i++)
    vec_store(sums + i * ld, t[i]);
#pragma GCC unroll 16
  for (int j = 0; j < VL && !first; j++)
    vec_store(to + j * lda, u[j]);
}

/* All rows into the panels, their part of the sums, the diagonal blocks and those next to them. */
static inline __attribute__((always_inline)) void gather_rows(const int n_sums, const weighting kind, int nb,
                                                              const panel_rows *rows, bool fresh, real *a, off lda,
                                                              real *skew, real *sums, off ld) {
  diagonal(n_sums, kind, true, 0, rows, fresh, a, lda, skew, sums, ld);
  for (int c = 1; c < nb; c++)
    diagonal(n_sums, kind, false, c, rows, fresh, a, lda, skew, sums, ld);
}

/* The blocks of a that gather_rows has left, out of the panels. */
static void sum_tiles(int nb, const panel_rows *rows, bool fresh, real *a, off lda) {
  const real *y = rows->y, *b = rows->kind == WEIGHTS_ANY ? rows->ay : y;
  for (int c = 0; c + 2 < nb; c++)
    for (int j = 0; j < VL; j += TILE_COLUMNS)
      for (int i = c + 2, r; i < nb; i += r) {
        real *to = a + (c * VL + j) * lda + i * VL;
        r = tile_width(nb - i);
        tile_of(r, TILE_COLUMNS, false, fresh, y + i * BLOCK, VL, BLOCK, b + c * BLOCK + j, VL, rows->n, to, lda);
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
