/* The register-blocked product that sums and factorization share, for files compiled once per instruction set. */
#ifndef PALATE_TRAIN_SOLVE_TILE_H
#define PALATE_TRAIN_SOLVE_TILE_H

#include "train/solve_kernel.h"
#include "train/vec.h"

/* Columns and vectors of a tile: with 32 registers 8 × 3 accumulators, with 16 registers 4 × 3. */
#if VL == 16
enum { TILE_COLUMNS = 8 };
#else
enum { TILE_COLUMNS = 4 };
#endif

/* a[j][r] ±= Σ_p b[p][j] * y[p][r] over p < n, for J scalars j and R vectors r: y[p][r] at y + p * ldy + r * step,
 * b[p][j] at b + p * ldb + j, a[j][r] at a + j * lda + r * VL. R, J, minus, fresh and line are constants where this is
 * inlined; line >= 0: that line of a row to come is fetched at every p. */
static inline __attribute__((always_inline)) void tile(const int R, const int J, const bool minus, bool fresh,
                                                       const real *restrict y, off ldy, off step,
                                                       const real *restrict b, off ldb, off n, real *restrict a,
                                                       off lda) {
  vec s[TILE_COLUMNS * 2][3];
#pragma GCC unroll 16
  for (int j = 0; j < J; j++)
#pragma GCC unroll 3
    for (int r = 0; r < R; r++)
      s[j][r] = fresh ? (vec){0} : vec_load(a + j * lda + r * VL);
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

/* Vectors of the next tile where m are left: threes, but no single vector after them. */
static inline int tile_width(int m) {
  return m == 4 || m == 2 ? 2 : m >= 3 ? 3 : m;
}

#endif
