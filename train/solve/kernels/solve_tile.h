/* The register-blocked product that sums and factorization share, for files compiled once per instruction set. */
#ifndef PALATE_TRAIN_SOLVE_KERNELS_SOLVE_TILE_H
#define PALATE_TRAIN_SOLVE_KERNELS_SOLVE_TILE_H

#include "train/math/lanes.h"
#include "train/solve/kernels/solve_kernel.h"

/* Columns and vectors of a tile: with 32 registers 8 × 3 accumulators, with 16 registers 4 × 3. */
#if VL == 16
enum { TILE_COLUMNS = 8 };
#else
enum { TILE_COLUMNS = 4 };
#endif

enum { BLOCK = PANEL_ROWS * VL }; /* from one block of a panel to the next */

/* SKEW_d(F): F(s, d, e) for the turns of quads by d, as solve_skew_partner numbers them; turns within quads are the
 * cheapest of shuffles. */
#if VL == 16
#define SKEW_0(F) F(0, 0, 0) F(1, 0, 1) F(2, 0, 2)
#define SKEW_1(F) F(3, 1, 0) F(4, 1, 1) F(5, 1, 2) F(6, 1, 3)
#define SKEW_2(F) F(7, 2, 0) F(8, 2, 1) F(9, 2, 2)
enum { SKEWED = 10 };
#else
enum { SKEWED = 0 };
#endif

/* a[j][r] ±= Σ_p b[p][j] * y[p][r] over p < n, for J scalars j and R vectors r: y[p][r] at y + p * ldy + r * step,
 * b[p][j] at b + p * ldb + j, a[j][r] at a + j * lda + r * VL. plus, laid out as a, is added to a first; NULL: nothing.
 * R, J and minus are constants in every call. */
static inline __attribute__((always_inline)) void tile(const int R, const int J, const bool minus, bool fresh,
                                                       const real *restrict y, off ldy, off step,
                                                       const real *restrict b, off ldb, off n,
                                                       const real *restrict plus, real *restrict a, off lda) {
  vec s[TILE_COLUMNS * 2][3];
#pragma GCC unroll 16
  for (int j = 0; j < J; j++)
#pragma GCC unroll 3
    for (int r = 0; r < R; r++)
      s[j][r] = fresh ? (vec){0} : vec_load(a + j * lda + r * VL);
  if (plus != NULL)
#pragma GCC unroll 16
    for (int j = 0; j < J; j++)
#pragma GCC unroll 3
      for (int r = 0; r < R; r++)
        s[j][r] += vec_load(plus + j * lda + r * VL);
  for (off p = 0; p < n; p++) {
    vec v[3];
#pragma GCC unroll 3
    for (int r = 0; r < R; r++)
      v[r] = vec_load(y + p * ldy + r * step);
#pragma GCC unroll 16
    for (int j = 0; j < J; j++) {
      vec w = vec_all(b[p * ldb + j]);
#pragma GCC unroll 3
      for (int r = 0; r < R; r++)
        s[j][r] = minus ? s[j][r] - w * v[r] : s[j][r] + w * v[r];
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < J; j++)
#pragma GCC unroll 3
    for (int r = 0; r < R; r++)
      vec_store(a + j * lda + r * VL, s[j][r]);
}

/* A tile of r vectors, 1 … 3, with r known at run time only. */
static inline __attribute__((always_inline)) void tile_of(int r, const int J, const bool minus, bool fresh,
                                                          const real *restrict y, off ldy, off step,
                                                          const real *restrict b, off ldb, off n, real *restrict a,
                                                          off lda) {
  if (r == 3)
    tile(3, J, minus, fresh, y, ldy, step, b, ldb, n, NULL, a, lda);
  else if (r == 2)
    tile(2, J, minus, fresh, y, ldy, step, b, ldb, n, NULL, a, lda);
  else
    tile(1, J, minus, fresh, y, ldy, step, b, ldb, n, NULL, a, lda);
}

/* Vectors of the next tile where m are left: threes, but no single vector after them. */
static inline int tile_width(int m) {
  return m == 4 || m == 2 ? 2 : m >= 3 ? 3 : m;
}

/* What block c of a right-hand side still has to lose to the solution x after it, where a has the factor's rows right
 * of the diagonal blocks. */
static __attribute__((noinline, unused)) vec products_after(int nb, int c, const real *a, off lda, const real *x) {
  vec s[VL];
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    s[j] = (vec){0};
  for (int i = c + 1; i < nb; i++) {
    vec v = vec_load(x + i * VL);
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++)
      s[j] += v * vec_load(a + (c * VL + j) * lda + i * VL);
  }
  return lanes_sum(s);
}

#endif
