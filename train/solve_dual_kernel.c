/* Rows of the fixed side as columns, and their weighted sum: the inner loops of the dual system. See
 * train/solve_kernel.h. Compiled once per instruction set. */
#include "train/lanes.h"
#include "train/solve_kernel.h"

typedef int32_t mask __attribute__((vector_size(4 * VL)));

/* VL interactions of which n are there; in the lanes of the others stands 0. */
static inline __attribute__((always_inline)) void turn_group(const bool whole, int nb, const real *table, off ld,
                                                             const lid *col, int n, const lid *ahead, real *y,
                                                             off ldy) {
  enum { LINE = 16 };
  const real *row[VL], *next[VL];
  mask inside = (mask){0};
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++) {
    row[j] = table + col[whole || j < n ? j : 0] * ld;
    next[j] = table + ahead[j] * ld;
    inside[j] = whole || j < n ? -1 : 0;
  }
  for (int c = 0; c < nb; c++) {
    vec v[VL];
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++)
      v[j] = vec_load(row[j] + c * VL);
    if (c * VL % LINE == 0)
#pragma GCC unroll 16
      for (int j = 0; j < VL; j++)
        __builtin_prefetch(next[j] + c * VL, 0, 2);
    lanes_transpose(v);
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++)
      vec_store(y + (c * VL + j) * ldy, whole ? v[j] : (vec)((mask)v[j] & inside));
  }
}

void ISA_NAME(solve_columns)(int nb, const real *table, off ld, const lid *col, int n, const lid *ahead, int n_ahead,
                             real *y, off ldy) {
  lid next[VL];
  for (int p = 0; p < n; p += VL) {
    for (int j = 0; j < VL; j++)
      next[j] = ahead[p + j < n_ahead ? p + j : n_ahead - 1];
    if (p + VL <= n)
      turn_group(true, nb, table, ld, col + p, VL, next, y + p, ldy);
    else
      turn_group(false, nb, table, ld, col + p, n - p, next, y + p, ldy);
  }
}

/* C blocks of x from block c. */
static inline __attribute__((always_inline)) void combine_blocks(const int C, const real *table, off ld, const lid *col,
                                                                 int n, const real *w, real *x) {
  vec s[8];
#pragma GCC unroll 8
  for (int c = 0; c < C; c++)
    s[c] = (vec){0};
  for (int p = 0; p < n; p++) {
    const real *row = table + col[p] * ld;
    vec all = vec_all(w[p]);
#pragma GCC unroll 8
    for (int c = 0; c < C; c++)
      s[c] += all * vec_load(row + c * VL);
  }
#pragma GCC unroll 8
  for (int c = 0; c < C; c++)
    vec_store(x + c * VL, s[c]);
}

void ISA_NAME(solve_combine)(int nb, const real *table, off ld, const lid *col, int n, const real *w, real *x) {
  int c = 0;
  for (; c + 8 <= nb; c += 8)
    combine_blocks(8, table + c * VL, ld, col, n, w, x + c * VL);
  for (; c + 2 <= nb; c += 2)
    combine_blocks(2, table + c * VL, ld, col, n, w, x + c * VL);
  if (c < nb)
    combine_blocks(1, table + c * VL, ld, col, n, w, x + c * VL);
}
