#include "train/gram_kernel.h"

#include <string.h>

enum { LANES = VL / 2 };
typedef double vdouble __attribute__((vector_size(8 * LANES)));
typedef uint64_t vlong __attribute__((vector_size(8 * LANES)));

/* Adding 1.5 * 2^52 to a double below 2^50 rounds it to an integer, which then stands in the low bits. */
static const double ROUNDER = 0x1.8p52;

/* Accumulators of a tile: A rows of `left` by one GRAM_TILE of `right`, within the registers of each set. */
enum { A = VL == 16 ? 8 : 2, VECTORS = GRAM_TILE / LANES };

static inline __attribute__((always_inline)) void tile(const double *left, const double *right, int kp, int a, int b,
                                                       int64_t *sums) {
  vlong sum[A][VECTORS];
  for (int i = 0; i < A; i++)
    for (int j = 0; j < VECTORS; j++)
      memcpy(&sum[i][j], sums + (off)(a + i) * kp + b + j * LANES, sizeof(vlong));
  int64_t rounder;
  memcpy(&rounder, &ROUNDER, sizeof rounder);
  for (int r = 0; r < GRAM_ROWS; r++) {
    vdouble y[VECTORS];
    memcpy(y, right + (off)r * kp + b, sizeof y);
#pragma GCC unroll 8
    for (int i = 0; i < A; i++) {
      double x = left[(off)r * kp + a + i];
#pragma GCC unroll 8
      for (int j = 0; j < VECTORS; j++) {
        vdouble product = x * y[j] + ROUNDER;
        sum[i][j] += (vlong)product;
      }
    }
  }
  for (int i = 0; i < A; i++)
    for (int j = 0; j < VECTORS; j++) {
      sum[i][j] -= (uint64_t)GRAM_ROWS * (uint64_t)rounder; /* modulo 2^64: the sums themselves stay below 2^62 */
      memcpy(sums + (off)(a + i) * kp + b + j * LANES, &sum[i][j], sizeof(vlong));
    }
}

void ISA_NAME(gram_tiles)(const double *left, const double *right, int kp, int64_t *sums) {
  for (int b = 0; b < kp; b += GRAM_TILE)
    for (int a = b; a < kp; a += A)
      tile(left, right, kp, a, b, sums);
}
