/* Products with a row's system that do not form it: the inner loops of conjugate gradients. See train/solve_kernel.h.
 * Compiled once per instruction set. */
#include "train/lanes.h"
#include "train/solve_kernel.h"

enum { BLOCK = PANEL_ROWS * VL };

/* w[p] = y_p · v for VL rows from y. */
static inline __attribute__((always_inline)) vec dots_of(int nb, const real *y, const real *v) {
  vec sum[VL];
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    sum[j] = (vec){0};
  for (int c = 0; c < nb; c++) {
    vec f = vec_load(v + c * VL);
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++)
      sum[j] += f * vec_load(y + c * BLOCK + j * VL);
  }
  return lanes_sum(sum);
}

void ISA_NAME(solve_dots)(int nb, const real *y, int n, const real *x, real *s) {
  for (int p = 0; p < n; p += VL)
    vec_store(s + p, dots_of(nb, y + p * VL, x));
}

/* q += Σ_j w_j y_j over rows 0 … n-1 from y, for C blocks; two sums a block, so that additions need not wait. */
static inline __attribute__((always_inline)) void add_rows(const int C, const real *y, int n, const real *w, real *q) {
  vec s[4][2];
#pragma GCC unroll 4
  for (int c = 0; c < C; c++) {
    s[c][0] = vec_load(q + c * VL);
    s[c][1] = (vec){0};
  }
  int j = 0;
  for (; j + 2 <= n; j += 2) {
    vec w0 = vec_all(w[j]), w1 = vec_all(w[j + 1]);
#pragma GCC unroll 4
    for (int c = 0; c < C; c++) {
      s[c][0] += w0 * vec_load(y + c * BLOCK + j * VL);
      s[c][1] += w1 * vec_load(y + c * BLOCK + (j + 1) * VL);
    }
  }
  if (j < n) {
    vec w0 = vec_all(w[j]);
#pragma GCC unroll 4
    for (int c = 0; c < C; c++)
      s[c][0] += w0 * vec_load(y + c * BLOCK + j * VL);
  }
#pragma GCC unroll 4
  for (int c = 0; c < C; c++)
    vec_store(q + c * VL, s[c][0] + s[c][1]);
}

void ISA_NAME(solve_apply)(int nb, const real *y, int n, const real *a, const real *b, const real *v, real shift,
                           real *q, real *total) {
  real sum = 0;
  for (int p = 0; p < n; p += VL) {
    int rows = n - p < VL ? n - p : VL;
    real w[VL] __attribute__((aligned(64)));
    vec s = dots_of(nb, y + p * VL, v) + vec_all(shift);
    if (a != NULL)
      s *= vec_load(a + p);
    if (b != NULL)
      s -= vec_load(b + p);
    vec_store(w, s);
    int c = 0;
    for (; c + 4 <= nb; c += 4)
      add_rows(4, y + c * BLOCK + p * VL, rows, w, q + c * VL);
    if (c + 2 <= nb) {
      add_rows(2, y + c * BLOCK + p * VL, rows, w, q + c * VL);
      c += 2;
    }
    if (c < nb)
      add_rows(1, y + c * BLOCK + p * VL, rows, w, q + c * VL);
    for (int j = 0; j < rows; j++)
      sum += w[j];
  }
  *total += sum;
}

/* C blocks of out = Σ_j v_j m_j. */
static inline __attribute__((always_inline)) void multiply_blocks(const int C, int n, const real *m, off lda,
                                                                  const real *v, real *out) {
  vec s[4][2];
#pragma GCC unroll 4
  for (int c = 0; c < C; c++)
    s[c][0] = s[c][1] = (vec){0};
  for (int j = 0; j < n; j += 2) {
    vec v0 = vec_all(v[j]), v1 = vec_all(v[j + 1]);
#pragma GCC unroll 4
    for (int c = 0; c < C; c++) {
      s[c][0] += v0 * vec_load(m + j * lda + c * VL);
      s[c][1] += v1 * vec_load(m + (j + 1) * lda + c * VL);
    }
  }
#pragma GCC unroll 4
  for (int c = 0; c < C; c++)
    vec_store(out + c * VL, s[c][0] + s[c][1]);
}

void ISA_NAME(solve_multiply)(int nb, const real *m, off lda, const real *v, real *out) {
  int c = 0;
  for (; c + 4 <= nb; c += 4)
    multiply_blocks(4, nb * VL, m + c * VL, lda, v, out + c * VL);
  if (c + 2 <= nb) {
    multiply_blocks(2, nb * VL, m + c * VL, lda, v, out + c * VL);
    c += 2;
  }
  if (c < nb)
    multiply_blocks(1, nb * VL, m + c * VL, lda, v, out + c * VL);
}
