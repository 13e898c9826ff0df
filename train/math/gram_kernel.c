#include "train/math/gram_kernel.h"

#include <fenv.h>
#include <string.h>

enum { LANES = VL / 2 };
typedef double vdouble __attribute__((vector_size(8 * LANES)));
typedef uint64_t vlong __attribute__((vector_size(8 * LANES)));

/* Between 2^52 and 2^53 doubles are the integers. A sum that begins here and adds products of magnitude below 2^51 in
 * all stays there, so that every addition rounds the product to an integer. It rounds down: floor(s + x) = s + floor(x)
 * for an integer s, whatever came before, while a half rounded to even would depend on s. */
static const double START = 0x1.8p52;

/* Accumulators of a tile: A rows of `left` by one GRAM_TILE of `right`, within the registers of each set. */
enum { A = VL == 16 ? 8 : 2, VECTORS = GRAM_TILE / LANES };

static inline __attribute__((always_inline)) void tile(const double *left, const double *right, int kp, int a, int b,
                                                       int64_t *sums) {
  vdouble sum[A][VECTORS];
  off ld = kp + GRAM_PAD;
  uint64_t start;
  memcpy(&start, &START, sizeof start);
#pragma GCC unroll 8
  for (int i = 0; i < A; i++)
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++)
      sum[i][j] = START - (vdouble){0};
  for (int r = 0; r < GRAM_ROWS; r++) {
    vdouble y[VECTORS];
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++) /* one by one: as a whole it would go through memory */
      memcpy(&y[j], right + r * ld + b + j * LANES, sizeof y[j]);
#pragma GCC unroll 8
    for (int i = 0; i < A; i++) {
      double x = left[r * ld + a + i];
#pragma GCC unroll 8
      for (int j = 0; j < VECTORS; j++)
        sum[i][j] += x * y[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < A; i++)
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++) {
      int64_t *to = sums + (off)(a + i) * kp + b + j * LANES;
      vlong old, new;
      memcpy(&old, to, sizeof old);
      memcpy(&new, &sum[i][j], sizeof new);
      old += new - start; /* modulo 2^64: the sums themselves stay below 2^62 */
      memcpy(to, &old, sizeof old);
    }
}

void ISA_NAME(gram_tiles)(const double *left, const double *right, int kp, int64_t *sums) {
  int mode = fegetround();
  fesetround(FE_DOWNWARD);
  for (int b = 0; b < kp; b += GRAM_TILE)
    for (int a = b; a < kp; a += A)
      tile(left, right, kp, a, b, sums);
  fesetround(mode);
}
