/* How rows of factors lie in memory. */
#ifndef PALATE_TRAIN_MATH_FACTORS_H
#define PALATE_TRAIN_MATH_FACTORS_H

#include "io/base/types.h"

/* Floats from one row of k factors to the next: k rounded up to a multiple of 16; those past k are zero. */
static inline off factors_ld(int k) {
  return ((off)k + 15) / 16 * 16;
}

#endif
