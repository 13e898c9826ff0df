/* The inner loop of train/gram.h, compiled once per instruction set. */
#ifndef PALATE_TRAIN_GRAM_KERNEL_H
#define PALATE_TRAIN_GRAM_KERNEL_H

#include "io/types.h"
#include "train/isa.h"

/* Rows handed to the kernel at a time, and what their dimension is padded to. */
enum { GRAM_ROWS = 32, GRAM_TILE = 16 };

/* Adds to sums (kp, kp), lower triangle by tiles, the rounded products left[r][a] * right[r][b] over GRAM_ROWS rows;
 * left (already scaled to quanta) and right are (GRAM_ROWS, kp), kp a multiple of GRAM_TILE, entries below 2^50. */
#define GRAM_KERNELS(set)                                                                                              \
  void ISA_JOIN(gram_tiles, set)(const double *left, const double *right, int kp, int64_t *sums);

GRAM_KERNELS(baseline)
GRAM_KERNELS(avx2)
GRAM_KERNELS(avx512)

#endif
