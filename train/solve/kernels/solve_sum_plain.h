/* The weighted sum of outer products with 4 or 8 lanes: diagonal blocks as they are, rows gathered beforehand. For
 * train/solve/kernels/solve_normal.c. */
#ifndef PALATE_TRAIN_SOLVE_KERNELS_SOLVE_SUM_PLAIN_H
#define PALATE_TRAIN_SOLVE_KERNELS_SOLVE_SUM_PLAIN_H

#include "train/solve/kernels/solve_tile.h"

/* Blocks that are gathered together: what the registers hold of their sums. */
enum { GATHERED = 4 };

/* Gathers C blocks from block c of n rows into the panels, and adds their part of the sums. */
static inline __attribute__((always_inline)) void gather_blocks(const int C, const int n_sums, const weighting kind,
                                                                int c, const panel_rows *rows, bool fresh, real *sums,
                                                                off ld) {
  vec t[2][GATHERED];
  /* Local: the compiler cannot know that what is stored into panels does not change these pointers. */
  real *y = rows->y + c * BLOCK, *ay = rows->ay + c * BLOCK;
  const real *table = rows->table + c * VL, *weight = rows->weight, *target = rows->b;
  const lid *col = rows->col;
  const off n = rows->n, ldt = rows->ld;
  sums += c * VL;
#pragma GCC unroll 2
  for (int s = 0; s < n_sums; s++)
#pragma GCC unroll 4
    for (int i = 0; i < C; i++)
      t[s][i] = fresh ? (vec){0} : vec_load(sums + s * ld + i * VL);
  for (off p = 0; p < n; p++) {
    const real *row = table + col[p] * ldt;
    vec b = vec_all(target[p]), a = vec_all(kind == WEIGHTS_ONE ? 1 : weight[p]);
#pragma GCC unroll 4
    for (int i = 0; i < C; i++) {
      vec v = vec_load(row + i * VL);
      vec_store(y + i * BLOCK + p * VL, kind == WEIGHTS_ROOTS ? a * v : v);
      if (kind == WEIGHTS_ANY)
        vec_store(ay + i * BLOCK + p * VL, a * v);
      t[0][i] += b * v;
      if (n_sums == 2)
        t[1][i] += v;
    }
  }
#pragma GCC unroll 2
  for (int s = 0; s < n_sums; s++)
#pragma GCC unroll 4
    for (int i = 0; i < C; i++)
      vec_store(sums + s * ld + i * VL, t[s][i]);
}

/* All rows into the panels, and their part of the sums; a and skew are left alone. */
static inline __attribute__((always_inline)) void gather_rows(const int n_sums, const weighting kind, int nb,
                                                              const panel_rows *rows, bool fresh, real *a, off lda,
                                                              real *skew, real *sums, off ld) {
  (void)a, (void)lda, (void)skew;
  int c = 0;
  for (; c + GATHERED <= nb; c += GATHERED)
    gather_blocks(GATHERED, n_sums, kind, c, rows, fresh, sums, ld);
  for (; c < nb; c++)
    gather_blocks(1, n_sums, kind, c, rows, fresh, sums, ld);
}

/* Tiles that cover the blocks on and above the diagonal, for each strip of rows. */
static int tiles_of(int nb) {
  int n = 0;
  for (int c = 0; c < nb; c++)
    for (int i = c; i < nb; i += tile_width(nb - i))
      n++;
  return n;
}

/* Brings rows ahead[first] … ahead[end - 1], as far as there are so many, into the second-level cache: the first has no
 * room for them beside the panel. A few at a time, so that no load waits behind them for a place in the queue. */
static inline void fetch_rows(int nb, const panel_rows *rows, int first, int end) {
  enum { LINE = 16 };
  for (int p = first; p < end && p < rows->n; p++) {
    const real *row = rows->table + rows->ahead[p] * rows->ld;
    for (int c = 0; c < nb * VL; c += LINE)
      __builtin_prefetch(row + c, 0, 2);
  }
}

/* The blocks of a, out of the panels. */
static void sum_tiles(int nb, const panel_rows *rows, bool fresh, real *a, off lda) {
  enum { J = TILE_COLUMNS };
  const real *y = rows->y, *b = rows->kind == WEIGHTS_ANY ? rows->ay : y;
  const int tiles = VL / J * tiles_of(nb), share = (rows->n + tiles - 1) / tiles;
  int fetched = 0;
  for (int c = 0; c < nb; c++)
    for (int j = 0; j < VL; j += J)
      for (int i = c, r; i < nb; i += r) {
        real *to = a + (c * VL + j) * lda + i * VL;
        const real *right = y + i * BLOCK, *left = b + c * BLOCK + j;
        fetch_rows(nb, rows, fetched, fetched + share);
        fetched += share;
        r = tile_width(nb - i);
        tile_of(r, J, false, fresh, right, VL, BLOCK, left, VL, rows->n, to, lda);
      }
}

/* Diagonal blocks are in their places. */
static void sum_diagonals(int nb, const real *skew, real *a, off lda) {
  (void)nb, (void)skew, (void)a, (void)lda;
}

#endif
