/* The inmost loop of products X · Yᵀ, for files compiled once per instruction set: a tile of up to ROWS rows of X by
 * one packed panel of Y, in as many accumulators as the registers hold. */
#ifndef PALATE_TRAIN_MATH_PRODUCT_TILE_H
#define PALATE_TRAIN_MATH_PRODUCT_TILE_H

#include "train/math/vec.h"

#if VL == 16
enum { ROWS = 12 };
#else
enum { ROWS = 6 };
#endif
enum { PANEL = 2 * VL };

/* sum (rows, PANEL) = rows of X times the panel; element p of row i stands at x[i * row_step + p * step]. Every sum
 * runs over ascending p in one accumulator. `rows` is a constant wherever this is inlined. */
static inline __attribute__((always_inline)) void product_tile(int rows, const real *x, off row_step, off step,
                                                               const real *packed, int k, vec (*restrict sum)[2]) {
  vec s[ROWS][2];
  for (int i = 0; i < rows; i++)
    s[i][0] = s[i][1] = (vec){0};
  for (int p = 0; p < k; p++) {
    vec y0 = vec_load(packed + (size_t)p * PANEL), y1 = vec_load(packed + (size_t)p * PANEL + VL);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      vec a = vec_all(x[i * row_step + p * step]);
      s[i][0] += a * y0;
      s[i][1] += a * y1;
    }
  }
  for (int i = 0; i < rows; i++) {
    sum[i][0] = s[i][0];
    sum[i][1] = s[i][1];
  }
}

/* Fewer than ROWS rows, whose elements stand side by side. */
static inline void product_tile_any(int rows, const real *x, off ldx, const real *packed, int k,
                                    vec (*restrict sum)[2]) {
  int i = 0;
  for (; i + 4 <= rows; i += 4)
    product_tile(4, x + i * ldx, ldx, 1, packed, k, sum + i);
  for (; i < rows; i++)
    product_tile(1, x + i * ldx, ldx, 1, packed, k, sum + i);
}

/* a · b + sum with the bits of the tile: fused if the instruction set fuses. Written out, because a compiler that
 * vectorizes a chain of such steps splits the products. */
static inline real product_step(real a, real b, real sum) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return __builtin_fmaf(a, b, sum);
#else
  return a * b + sum;
#endif
}

#endif
