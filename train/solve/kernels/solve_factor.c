/* Cholesky factorization and triangular solves of one small system. See train/solve/kernels/solve_kernel.h. Compiled
 * once per instruction set. */
#include "train/solve/kernels/solve_tile.h"

#include <math.h>

/* Row block c of U before its own elimination: minus the products of all rows above it. */
static void subtract_above(int nb, int c, real *a, off lda) {
  off n = (off)c * VL;
  for (int i = c, r; i < nb; i += r) {
    r = tile_width(nb - i);
    for (int j = 0; j < VL; j += TILE_COLUMNS) {
      real *to = a + (n + j) * lda + i * VL;
      const real *v = a + i * VL, *b = a + n + j;
      tile_of(r, TILE_COLUMNS, true, false, v, lda, VL, b, lda, n, to, lda);
    }
  }
}

/* 1 in the lanes above j, 0 up to j: from WINDOW + VL - 1 - j. */
static const real WINDOW[2 * VL] = {[VL] = 1
#if VL >= 4
                                    ,
                                    1,
                                    1,
                                    1
#endif
#if VL >= 8
                                    ,
                                    1,
                                    1,
                                    1,
                                    1
#endif
#if VL >= 16
                                    ,
                                    1,
                                    1,
                                    1,
                                    1,
                                    1,
                                    1,
                                    1,
                                    1
#endif
};

/* Eliminates diagonal block c without scaling its rows, so that no root stands in the chain from one pivot to the next.
 * Row j of `unit` is then row j over its pivot in the lanes above j, which is the strict upper triangle of T. */
static bool eliminate(real *a, off lda, real *root, real *unit) {
  vec w[VL];
  real pivots[VL];
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    w[j] = vec_load(a + j * lda);
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++) {
    vec pivot = lane_to_all(w[j], j), scaled = w[j] / pivot;
    pivots[j] = pivot[0];
    vec_store(unit + j * VL, scaled * vec_load(WINDOW + VL - 1 - j));
#pragma GCC unroll 16
    for (int i = j + 1; i < VL; i++)
      w[i] -= lane_to_all(w[j], i) * scaled;
  }
  bool positive = true;
  for (int j = 0; j < VL; j++) {
    positive = positive && pivots[j] > 0 && pivots[j] < INFINITY; /* false for NaN */
    root[j] = 1 / sqrtf(pivots[j]);
  }
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    vec_store(a + j * lda, w[j] * vec_all(root[j]));
  return positive;
}

/* The same steps on the vectors right of a diagonal block, which makes them rows of U. */
static void eliminate_right(int n, real *a, off lda, const real *root, const real *unit) {
  for (int c = 0; c < n; c++) {
    vec w[VL];
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++)
      w[j] = vec_load(a + j * lda + c * VL);
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++) {
#pragma GCC unroll 16
      for (int i = j + 1; i < VL; i++)
        w[i] -= vec_all(unit[j * VL + i]) * w[j];
      vec_store(a + j * lda + c * VL, w[j] * vec_all(root[j]));
    }
  }
}

/* The inverse of T, from its last row up: row j = e_j - Σ_{i > j} T_ji row i. */
static void invert_unit(const real *unit, real *inverse) {
  vec w[VL];
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    w[j] = vec_load(WINDOW + VL - j) - vec_load(WINDOW + VL - 1 - j);
#pragma GCC unroll 16
  for (int j = VL - 1; j >= 0; j--) {
#pragma GCC unroll 16
    for (int i = 0; i < j; i++)
      w[i] -= vec_all(unit[i * VL + j]) * w[j];
    vec_store(inverse + j * VL, w[j]);
  }
}

bool ISA_NAME(solve_factor)(int nb, real *a, off lda, real *inverse, real *root) {
  bool positive = true;
  for (int c = 0; c < nb; c++) {
    real unit[VL * VL] __attribute__((aligned(64))), *block = a + c * VL * lda + c * VL;
    if (c > 0)
      subtract_above(nb, c, a, lda);
    positive = eliminate(block, lda, root + c * VL, unit) && positive;
    eliminate_right(nb - c - 1, block + VL, lda, root + c * VL, unit);
    invert_unit(unit, inverse + c * VL * VL);
  }
  return positive;
}

/* x = U⁻ᵀ x, then x = U⁻¹ x. */
static void solve_one(int nb, const real *a, off lda, const real *inverse, const real *root, real *x) {
  for (int c = 0; c < nb; c++) {
    vec t[4] = {vec_load(x + c * VL), {0}, {0}, {0}};
    for (off p = 0; p < (off)c * VL; p += 4)
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++)
        t[i] -= vec_all(x[p + i]) * vec_load(a + (p + i) * lda + c * VL);
    vec_store(x + c * VL, (t[0] + t[1]) + (t[2] + t[3]));
    /* y = T⁻ᵀ t, then U = diag(1/root) T, transposed, asks for y * root. */
    const real *v = inverse + c * VL * VL;
    vec y[4] = {{0}, {0}, {0}, {0}};
    for (int j = 0; j < VL; j += 4)
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++)
        y[i] += vec_all(x[c * VL + j + i]) * vec_load(v + (j + i) * VL);
    vec_store(x + c * VL, ((y[0] + y[1]) + (y[2] + y[3])) * vec_load(root + c * VL));
  }
  for (int c = nb - 1; c >= 0; c--) {
    vec t = vec_load(x + c * VL), s[VL];
    if (c < nb - 1)
      t -= products_after(nb, c, a, lda, x);
    t *= vec_load(root + c * VL);
    const real *v = inverse + c * VL * VL;
#pragma GCC unroll 16
    for (int j = 0; j < VL; j++)
      s[j] = t * vec_load(v + j * VL);
    vec_store(x + c * VL, lanes_sum(s));
  }
}

void ISA_NAME(solve_solve)(int nb, const real *a, off lda, const real *inverse, const real *root, int n_rhs, real *x,
                           off ldx) {
  for (int i = 0; i < n_rhs; i++)
    solve_one(nb, a, lda, inverse, root, x + i * ldx);
}
