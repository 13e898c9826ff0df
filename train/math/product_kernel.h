/* What product_kernel.c defines for each instruction set; see train/math/product.h for the meaning. */
#ifndef PALATE_TRAIN_MATH_PRODUCT_KERNEL_H
#define PALATE_TRAIN_MATH_PRODUCT_KERNEL_H

#include "io/base/types.h"
#include "train/math/isa.h"

#define PRODUCT_KERNELS(set)                                                                                           \
  int ISA_JOIN(product_panel, set)(void);                                                                              \
  void ISA_JOIN(product_pack, set)(const real *y, off n, int k, off ldy, real *packed);                                \
  void ISA_JOIN(product_block, set)(const real *x, off m, off ldx, const real *packed, off n, int k, real *out,        \
                                    off ldo);

PRODUCT_KERNELS(baseline)
PRODUCT_KERNELS(avx2)
PRODUCT_KERNELS(avx512)

#endif
