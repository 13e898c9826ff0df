/* Inner products of rows, and their weighted sum: the inner loops of the dual system. See
 * train/solve/kernels/solve_kernel.h. Compiled once per instruction set. */
#include "train/solve/kernels/solve_tile.h"

typedef int32_t mask __attribute__((vector_size(4 * VL)));

/* Columns of VL interactions from number p, of which n are there, factor by factor: y (nb * VL, VL). In the lanes of
 * the others stands 0. */
static inline __attribute__((always_inline)) void turn_group(const bool whole, const bool scaled, int nb,
                                                             const inner_rows *rows, int p, int n, const lid *ahead,
                                                             real *y) {
  enum { LINE = 16 };
  const real *table = rows->table, *stretch = rows->stretch, *row[VL], *next[VL];
  const lid *col = rows->col + p;
  const off ld = rows->ld;
  vec root = scaled ? vec_load(rows->root + p) : vec_all(1);
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
    for (int j = 0; j < VL; j++) {
      vec u = scaled ? v[j] * root * vec_all(stretch[c * VL + j]) : v[j];
      vec_store(y + (c * VL + j) * VL, whole ? u : (vec)((mask)u & inside));
    }
  }
}

#if VL == 16
/* The diagonal block of one group's columns, in skewed form. */
static void inner_diagonal(off n, const real *y, real *skew) {
  vec s[SKEWED];
#pragma GCC unroll 16
  for (int i = 0; i < SKEWED; i++)
    s[i] = (vec){0};
  for (off f = 0; f < n; f++) {
    vec v = vec_load(y + f * VL), once = QUADS_TURN(v, 1), twice = QUADS_TURN(v, 2);
#define ADD_0(i, d, e) s[i] += v * TURN(v, e);
#define ADD_1(i, d, e) s[i] += v * TURN(once, e);
#define ADD_2(i, d, e) s[i] += v * TURN(twice, e);
    SKEW_0(ADD_0)
    SKEW_1(ADD_1)
    SKEW_2(ADD_2)
#undef ADD_0
#undef ADD_1
#undef ADD_2
  }
#pragma GCC unroll 16
  for (int i = 0; i < SKEWED; i++)
    vec_store(skew + i * VL, s[i]);
}
#endif

/* All groups of rows. */
static inline __attribute__((always_inline)) void turn_groups(const bool scaled, int nb, const inner_rows *rows,
                                                              real *y) {
  const int n = rows->n, last = rows->n_ahead - 1;
  for (int p = 0; p < n; p += VL) {
    lid next[VL];
    for (int j = 0; j < VL; j++)
      next[j] = rows->ahead[p + j < last ? p + j : last];
    real *to = y + p / VL * (off)nb * VL * VL;
    if (p + VL <= n)
      turn_group(true, scaled, nb, rows, p, VL, next, to);
    else
      turn_group(false, scaled, nb, rows, p, n - p, next, to);
  }
}

void ISA_NAME(solve_inner)(int nb, const inner_rows *rows, real *y, real *a, off lda, real *skew) {
  enum { J = TILE_COLUMNS, WHOLE = VL == 8 ? 8 : TILE_COLUMNS };
  const int groups = (rows->n + VL - 1) / VL;
  const off factors = (off)nb * VL, step = factors * VL;
  if (rows->stretch != NULL)
    turn_groups(true, nb, rows, y);
  else
    turn_groups(false, nb, rows, y);
  (void)skew;
  for (int c = 0; c < groups; c++) {
    const int first = SKEWED > 0 ? c + 1 : c;
#if VL == 16
    inner_diagonal(factors, y + c * step, skew + c * SKEWED * VL);
#endif
    for (int i = first, r; i < groups; i += r) {
      const real *right = y + i * step, *left = y + c * step;
      real *to = a + c * VL * lda + i * VL;
      r = tile_width(groups - i);
      for (int j = 0; j < VL; j += r == 1 ? WHOLE : J)
        if (r == 1) /* few sums a pass, each of which waits for itself: as many as there are */
          tile(1, WHOLE, false, true, right, VL, step, left + j, VL, factors, NULL, to + j * lda, lda);
        else
          tile_of(r, J, false, true, right, VL, step, left + j, VL, factors, to + j * lda, lda);
    }
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
