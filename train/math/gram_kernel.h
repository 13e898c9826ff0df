/* The inner loop of train/math/gram.h, compiled once per instruction set. */
#ifndef PALATE_TRAIN_MATH_GRAM_KERNEL_H
#define PALATE_TRAIN_MATH_GRAM_KERNEL_H

#include "io/base/types.h"
#include "train/math/isa.h"

/* Rows given to the kernel at a time, the multiple their length is padded to, and the gap between them, so that columns
 * do not fall into the same cache sets. */
enum { GRAM_ROWS = 32, GRAM_TILE = 16, GRAM_PAD = 8, GRAM_BITS = 46 };

/* Adds to sums (kp, kp), lower triangle by tiles, the products left[r][a] * right[r][b], each rounded down, over
 * GRAM_ROWS rows; left (already scaled to quanta) and right are (GRAM_ROWS, kp + GRAM_PAD), kp a multiple of GRAM_TILE,
 * products below 2^GRAM_BITS. */
#define GRAM_KERNELS(set)                                                                                              \
  void ISA_JOIN(gram_tiles, set)(const double *left, const double *right, int kp, int64_t *sums);

GRAM_KERNELS(baseline)
GRAM_KERNELS(avx2)
GRAM_KERNELS(avx512)

#endif
