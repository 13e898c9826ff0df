#include "train/math/product.h"

#include "train/math/product_kernel.h"

typedef struct kernels {
  int (*panel)(void);
  void (*pack)(const real *y, off n, int k, off ldy, real *packed);
  void (*block)(const real *x, off m, off ldx, const real *packed, off n, int k, real *out, off ldo);
} kernels;

#define ENTRY(set)                                                                                                     \
  { ISA_JOIN(product_panel, set), ISA_JOIN(product_pack, set), ISA_JOIN(product_block, set) }
static const kernels KERNELS[] = {
    ENTRY(baseline),
#if defined(__x86_64__)
    ENTRY(avx2),
    ENTRY(avx512),
#endif
};

int product_panel(isa set) {
  return KERNELS[set].panel();
}

off product_packed_size(isa set, off n, int k) {
  off panel = product_panel(set), rows, size;
  if (__builtin_add_overflow(n, panel - 1, &rows) || __builtin_mul_overflow(rows / panel * panel, (off)k, &size))
    return -1;
  return size;
}

void product_pack(isa set, const real *y, off n, int k, off ldy, real *packed) {
  KERNELS[set].pack(y, n, k, ldy, packed);
}

void product_block(isa set, const real *x, off m, off ldx, const real *packed, off n, int k, real *out, off ldo) {
  KERNELS[set].block(x, m, ldx, packed, n, k, out, ldo);
}
