/* Matrix products X · Yᵀ for scoring and for distances, where the bits of an element depend on its two rows alone.
 *
 * X (m, k) and Y (n, k) are row-major with leading dimensions. Each element is one sum over k in ascending order in one
 * accumulator (fused where the instruction set fuses), so it is the same wherever the row stands in a block and however
 * rows are shared over threads and ranks. A BLAS does not guarantee that. Y is packed once into panels and reused. */
#ifndef PALATE_TRAIN_MATH_PRODUCT_H
#define PALATE_TRAIN_MATH_PRODUCT_H

#include "io/base/types.h"
#include "train/math/isa.h"

/* Floats that n packed rows of k need, or -1 if that overflows. */
off product_packed_size(isa set, off n, int k);

/* Packs Y (n, ldy) for product_block; `packed` has product_packed_size() places, 64-byte aligned. */
void product_pack(isa set, const real *y, off n, int k, off ldy, real *packed);

/* out (m, ldo) = X (m, ldx) · Yᵀ with the n packed rows of Y; writes m * n values, ldo >= n. Single-threaded: callers
 * choose m and n so that the block stays in cache (about 64 by 1024). Rows of Y beyond a panel boundary: `packed` may
 * point to any panel start (a multiple of product_panel() rows). */
void product_block(isa set, const real *x, off m, off ldx, const real *packed, off n, int k, real *out, off ldo);

/* Rows in one packed panel. */
int product_panel(isa set);

#endif
