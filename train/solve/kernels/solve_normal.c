/* Normal equations: gathering rows, their weighted sum of outer products, products with a vector. See
 * train/solve/kernels/solve_kernel.h. Compiled once per instruction set. */
#if VL == 16
#include "train/solve/kernels/solve_sum_skewed.h"
#else
#include "train/solve/kernels/solve_sum_plain.h"
#endif

void ISA_NAME(solve_gather)(int nb, const real *table, off ld, const lid *col, int n, const lid *ahead, real *y) {
  enum { LINE = 16 };
  for (int p = 0; p < n; p++) {
    const real *row = table + col[p] * ld, *next = table + ahead[p] * ld;
    for (int c = 0; c < nb * VL; c += LINE)
      __builtin_prefetch(next + c);
    for (int c = 0; c < nb; c++)
      vec_store(y + c * BLOCK + p * VL, vec_load(row + c * VL));
  }
}

typedef void gather_function(int nb, const panel_rows *rows, bool fresh, real *a, off lda, real *skew, real *sums,
                             off ld);

/* gather_rows with its cases as constants: a function for each, or the registers do not suffice. */
#define GATHER(name, n_sums, kind)                                                                                     \
  static __attribute__((noinline)) void name(int nb, const panel_rows *rows, bool fresh, real *a, off lda, real *skew, \
                                             real *sums, off ld) {                                                     \
    gather_rows(n_sums, kind, nb, rows, fresh, a, lda, skew, sums, ld);                                                \
  }
GATHER(gather_1_one, 1, WEIGHTS_ONE)
GATHER(gather_1_roots, 1, WEIGHTS_ROOTS)
GATHER(gather_1_any, 1, WEIGHTS_ANY)
GATHER(gather_2_one, 2, WEIGHTS_ONE)
GATHER(gather_2_roots, 2, WEIGHTS_ROOTS)
GATHER(gather_2_any, 2, WEIGHTS_ANY)
#undef GATHER

void ISA_NAME(solve_accumulate)(int nb, const panel_rows *rows, bool fresh, real *a, off lda, real *skew, real *sums,
                                off ld, int n_sums) {
  static gather_function *const GATHER[2][3] = {{gather_1_one, gather_1_roots, gather_1_any},
                                                {gather_2_one, gather_2_roots, gather_2_any}};
  GATHER[n_sums - 1][rows->kind](nb, rows, fresh, a, lda, skew, sums, ld);
  sum_tiles(nb, rows, fresh, a, lda);
}

void ISA_NAME(solve_assemble)(int nb, int k, real *a, off lda, const real *skew, const real *dense, real lambda) {
  sum_diagonals(nb, skew, a, lda);
  for (int c = 0; c < nb && dense != NULL; c++)
    for (int j = c * VL; j < (c + 1) * VL; j++)
      for (int i = c; i < nb; i++)
        vec_store(a + j * lda + i * VL, vec_load(a + j * lda + i * VL) + vec_load(dense + j * lda + i * VL));
  for (int j = 0; j < nb * VL; j++)
    a[j * lda + j] = j < k ? a[j * lda + j] + lambda : 1;
}

const solve_ops ISA_NAME(solve_ops) = {VL,
                                       SKEWED,
                                       ISA_NAME(solve_gather),
                                       ISA_NAME(solve_accumulate),
                                       ISA_NAME(solve_assemble),
                                       ISA_NAME(solve_factor),
                                       ISA_NAME(solve_solve),
                                       ISA_NAME(solve_batch),
                                       ISA_NAME(solve_dots),
                                       ISA_NAME(solve_visit),
                                       ISA_NAME(solve_multiply),
                                       ISA_NAME(solve_inner),
                                       ISA_NAME(solve_combine)};
