/* If these fail, members get scores that change with the block they were computed in. */
#include "io/base/mem.h"
#include "tests/support/suite.h"
#include "train/math/product.h"
#include "train/math/rng.h"

#include <stdlib.h>

static const int ODD[][3] = {{1, 1, 1},     {1, 33, 7},   {12, 32, 64}, {13, 31, 65},
                             {25, 100, 16}, {3, 17, 128}, {40, 7, 3}};

static void fill(real *x, off n, uint64_t stream) {
  for (off i = 0; i < n; i++)
    x[i] = (real)rng_normal(1, stream, (uint64_t)i, 0);
}

/* Every set of instructions gives the sums of a plain loop in double, to the rounding of single precision. */
START_TEST(product_is_the_plain_sum) {
  for (int set = 0; set <= (int)isa_in_use(); set++) {
    int m = ODD[_i][0], n = ODD[_i][1], k = ODD[_i][2];
    real *x, *y, *packed, *out;
    ck_assert_int_eq(MEM_ALLOC(x, m * k, "x"), OK);
    ck_assert_int_eq(MEM_ALLOC(y, n * k, "y"), OK);
    ck_assert_int_eq(MEM_ALLOC(packed, product_packed_size((isa)set, n, k), "packed"), OK);
    ck_assert_int_eq(MEM_ALLOC(out, m * n, "out"), OK);
    fill(x, m * k, 1);
    fill(y, n * k, 2);
    product_pack((isa)set, y, n, k, k, packed);
    product_block((isa)set, x, m, k, packed, n, k, out, n);
    for (int i = 0; i < m; i++)
      for (int j = 0; j < n; j++) {
        double sum = 0, size = 0;
        for (int p = 0; p < k; p++) {
          sum += (double)x[i * k + p] * y[j * k + p];
          size += fabs((double)x[i * k + p] * y[j * k + p]);
        }
        ck_assert_double_le(fabs(sum - out[i * n + j]), 1e-7 * k * size + 1e-12);
      }
    /* The same element computed alone has the same bits. */
    for (int i = 0; i < m; i++) {
      real alone[512];
      product_block((isa)set, x + i * k, 1, k, packed, n, k, alone, n);
      for (int j = 0; j < n; j++)
        ck_assert(alone[j] == out[i * n + j]);
    }
    mem_free(x);
    mem_free(y);
    mem_free(packed);
    mem_free(out);
  }
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, product_is_the_plain_sum, 0, sizeof ODD / sizeof *ODD);
}

int main(void) {
  return suite_run("product", add);
}
