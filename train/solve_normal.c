/* Normal equations: gathering rows, their weighted sum of outer products, products with a vector. See
 * train/solve_kernel.h. Compiled once per instruction set. */
#include "train/lanes.h"
#include "train/solve_tile.h"

enum { SKEWED = VL / 2 + 1, BLOCK = PANEL_ROWS * VL, LINE = 16 /* floats */ };

void ISA_NAME(solve_gather)(int nb, const real *table, off ld, const lid *col, const real *a, int n, real *y,
                            real *ay) {
  for (int p = 0; p < n; p++) {
    const real *row = table + col[p] * ld;
    if (a == NULL)
      for (int c = 0; c < nb; c++)
        vec_store(y + c * BLOCK + p * VL, vec_load(row + c * VL));
    else {
      vec w = vec_all(a[p]);
      for (int c = 0; c < nb; c++) {
        vec v = vec_load(row + c * VL);
        vec_store(y + c * BLOCK + p * VL, v);
        vec_store(ay + c * BLOCK + p * VL, w * v);
      }
    }
  }
}

/* One diagonal block in skewed form, and the block's part of the sums. */
static inline __attribute__((always_inline)) void diagonal(const int n_sums, bool fresh, const real *restrict y,
                                                           const real *restrict ay, int n, real *restrict skew,
                                                           real *restrict sums, off ld, const real *restrict weight,
                                                           const lid *ahead, const real *line, off ld_table) {
  vec s[SKEWED], t[2];
#pragma GCC unroll 16
  for (int d = 0; d < SKEWED; d++)
    s[d] = fresh ? (vec){0} : vec_load(skew + d * VL);
#pragma GCC unroll 2
  for (int i = 0; i < n_sums; i++)
    t[i] = fresh ? (vec){0} : vec_load(sums + i * ld);
  for (int p = 0; p < n; p++) {
    vec v = vec_load(y + p * VL), w = vec_load(ay + p * VL);
    if (ahead != NULL)
      __builtin_prefetch(line + ahead[p] * ld_table);
    s[0] += v * w;
#define ADD(d) s[d] += v * ROTATE(w, d);
    EACH_ROTATION(ADD)
#undef ADD
#pragma GCC unroll 2
    for (int i = 0; i < n_sums; i++)
      t[i] += vec_all(weight[2 * p + i]) * v;
  }
#pragma GCC unroll 16
  for (int d = 0; d < SKEWED; d++)
    vec_store(skew + d * VL, s[d]);
#pragma GCC unroll 2
  for (int i = 0; i < n_sums; i++)
    vec_store(sums + i * ld, t[i]);
}

void ISA_NAME(solve_accumulate)(int nb, const real *y, const real *ay, int n, bool fresh, real *a, off lda, real *skew,
                                real *sums, off ld, int n_sums, const real *weight, fetch_ahead ahead) {
  /* Every pass over the panel fetches one line of the rows to come; there are more passes than lines. */
  off line = 0, lines = (off)nb * VL;
  const lid *col;
#define NEXT_LINE (col = line < lines ? ahead.col : NULL, line += LINE, ahead.table + line - LINE)
  for (int c = 0; c < nb; c++) {
    const real *b = ay + c * BLOCK;
    for (int i = c + 1, r; i < nb; i += r) {
      const real *v = y + i * BLOCK;
      real *to = a + c * VL * lda + i * VL;
      r = tile_width(nb - i);
      if (r == 1) {
        const real *at = NEXT_LINE;
        for (int j = 0; j < VL; j += 2 * TILE_COLUMNS < VL ? 2 * TILE_COLUMNS : VL)
          tile(1, 2 * TILE_COLUMNS < VL ? 2 * TILE_COLUMNS : VL, false, fresh, v, VL, BLOCK, b + j, VL, n, to + j * lda,
               lda, col, at, ahead.ld);
      } else
        for (int j = 0; j < VL; j += TILE_COLUMNS) {
          const real *at = NEXT_LINE;
          if (r == 3)
            tile(3, TILE_COLUMNS, false, fresh, v, VL, BLOCK, b + j, VL, n, to + j * lda, lda, col, at, ahead.ld);
          else
            tile(2, TILE_COLUMNS, false, fresh, v, VL, BLOCK, b + j, VL, n, to + j * lda, lda, col, at, ahead.ld);
        }
    }
    const real *at = NEXT_LINE;
    if (n_sums == 1)
      diagonal(1, fresh, y + c * BLOCK, b, n, skew + c * SKEWED * VL, sums + c * VL, ld, weight, col, at, ahead.ld);
    else
      diagonal(2, fresh, y + c * BLOCK, b, n, skew + c * SKEWED * VL, sums + c * VL, ld, weight, col, at, ahead.ld);
  }
#undef NEXT_LINE
}

/* Rows of a diagonal block out of its skewed form. With t[d] lane c = element (c - d, c), row j has t[(c - j) mod VL]
 * in lane c; a barrel shifter of one blend per bit of the lane number selects that. */
static void unskew(const real *skew, vec row[VL]) {
  vec t[VL], u[VL];
  t[0] = vec_load(skew);
#define BACK(d) t[d] = ROTATE(vec_load(skew + (d)*VL), VL - (d));
  EACH_ROTATION(BACK)
#undef BACK
#pragma GCC unroll 16
  for (int d = VL / 2 + 1; d < VL; d++)
    t[d] = vec_load(skew + (VL - d) * VL);
#define SHIFT(bit, pattern)                                                                                            \
  _Pragma("GCC unroll 16") for (int d = 0; d < VL; d++) u[d] =                                                         \
      __builtin_shufflevector(t[d], t[(d + (bit)) % VL], pattern);                                                     \
  _Pragma("GCC unroll 16") for (int d = 0; d < VL; d++) t[d] = u[d];
  EACH_BIT(SHIFT)
#undef SHIFT
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    row[j] = t[(VL - j) % VL];
}

void ISA_NAME(solve_assemble)(int nb, int k, real *a, off lda, const real *skew, const real *dense, real lambda) {
  for (int c = 0; c < nb; c++) {
    vec diagonal_row[VL];
    unskew(skew + c * SKEWED * VL, diagonal_row);
    for (int j = 0; j < VL; j++) {
      real *to = a + (c * VL + j) * lda;
      const real *from = dense + (c * VL + j) * lda;
      vec_store(to + c * VL, dense != NULL ? diagonal_row[j] + vec_load(from + c * VL) : diagonal_row[j]);
      for (int i = c + 1; i < nb && dense != NULL; i++)
        vec_store(to + i * VL, vec_load(to + i * VL) + vec_load(from + i * VL));
    }
  }
  for (int j = 0; j < nb * VL; j++)
    a[j * lda + j] = j < k ? a[j * lda + j] + lambda : 1;
}

void ISA_NAME(solve_dots)(int nb, const real *y, int n, const real *x, real *s) {
  for (int p = 0; p < n; p += VL) {
    vec sum[VL];
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++)
      sum[j] = (vec){0};
    for (int c = 0; c < nb; c++) {
      vec v = vec_load(x + c * VL);
#pragma GCC unroll 16
      for (int j = 0; j < VL; j++)
        sum[j] += v * vec_load(y + c * BLOCK + (p + j) * VL);
    }
    vec_store(s + p, lanes_sum(sum));
  }
}

const solve_ops ISA_NAME(solve_ops) = {VL,
                                       ISA_NAME(solve_gather),
                                       ISA_NAME(solve_accumulate),
                                       ISA_NAME(solve_assemble),
                                       ISA_NAME(solve_factor),
                                       ISA_NAME(solve_solve),
                                       ISA_NAME(solve_dots)};
