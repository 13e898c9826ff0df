/* Cholesky factorization and solution of several small systems at once. See train/solve/kernels/solve_kernel.h.
 * Compiled once per instruction set.
 *
 * Blocks of VL rows are eliminated one after another. What lies right of a diagonal block is done system by system, in
 * vectors along the rows. The diagonal blocks, where every pivot waits for the one before it, are done for all systems
 * together: place (j, i) of block c of the system in lane s is float s of grid[c][j * VL + i], so that the pivots of VL
 * systems wait together. */
#include "train/solve/kernels/solve_tile.h"

#include <math.h>

typedef int32_t mask __attribute__((vector_size(4 * VL)));

enum { GRID = VL * VL, RHS_MOST = 2, STAGED = VL == 16 ? SKEWED : VL };
/* Rows of a block that are computed together with the diagonal block left of it, if that is skewed. */
enum { PAIRED = VL == 16 ? 16 : 0 };

/* A pivot that is a smaller share of its diagonal element is mostly rounding errors. */
static const real LEAST_PIVOT = 1e-6F;

/* The parts of system_batch.lanes. */
typedef struct work {
  vec *grid;   /* (nb, VL, VL): above the diagonal T, below it Uᵀ, where U = diag(1/root) T */
  vec *root;   /* (nb, VL) */
  vec *x;      /* (n_rhs, nb, VL): right-hand sides and solutions, a system in each lane */
  real *stage; /* (STAGED, VL, VL): diagonal blocks, turn by turn where skewed, else row by row, system by system */
  real *side[RHS_MOST]; /* (VL, VL) each: a block of right-hand sides, system by system */
  real *least;          /* (VL, VL): pivots it takes, likewise */
} work;

#if VL == 16
/* One system's part of block c: its diagonal block and right-hand sides go to the stage with the products of all rows
 * above it taken off, and so do, in place, the first PAIRED rows of the block right of it, if there is one. */
static inline __attribute__((always_inline)) void diagonal_above(const int n_rhs, const bool paired, int nb, int c,
                                                                 int s, const system_batch *b, off lda, work *w) {
  enum { J = PAIRED };
  vec d[SKEWED], t[RHS_MOST], u[J];
  off n = (off)c * VL;
  real *a = b->a + s * b->a_stride, *to = a + n * lda + n + VL;
  const real *skew = b->skew + s * b->skew_stride + c * SKEWED * VL, *above = a + n;
  const real *twisted = b->dense != NULL ? b->twisted + c * SKEWED * VL : NULL;
  const real *plus = b->dense != NULL ? b->dense + n * lda + n + VL : NULL;
#pragma GCC unroll 16
  for (int i = 0; i < SKEWED; i++)
    d[i] = vec_load(skew + i * VL);
  if (twisted != NULL)
#pragma GCC unroll 16
    for (int i = 0; i < SKEWED; i++)
      d[i] += vec_load(twisted + i * VL);
  if (n + VL <= b->k)
    d[0] += vec_all(b->lambda[s]);
  else
    for (int i = 0; i < VL; i++)
      d[0][i] += n + i < b->k ? b->lambda[s] : 1;
  vec_store(w->least + s * VL, d[0] * vec_all(LEAST_PIVOT));
#pragma GCC unroll 2
  for (int i = 0; i < n_rhs; i++)
    t[i] = vec_load(b->x + s * b->x_stride + i * b->ld + n);
  if (paired) {
#pragma GCC unroll 16
    for (int j = 0; j < J; j++)
      u[j] = vec_load(to + j * lda);
    if (plus != NULL)
#pragma GCC unroll 16
      for (int j = 0; j < J; j++)
        u[j] += vec_load(plus + j * lda);
  }
  const real *x0 = (const real *)w->x + s, *x1 = x0 + (n_rhs - 1) * (off)nb * VL * VL;
  for (off p = 0; p < n; p++, above += lda) {
    vec v = vec_load(above), z = v;
#define TAKE(i, q, e) d[i] -= v * TURN(turned, e);
    {
      vec turned = v;
      SKEW_0(TAKE)
    }
    {
      vec turned = QUADS_TURN(v, 1);
      (void)turned;
      SKEW_1(TAKE)
    }
    {
      vec turned = QUADS_TURN(v, 2);
      (void)turned;
      SKEW_2(TAKE)
    }
#undef TAKE
    t[0] -= vec_all(x0[p * VL]) * v;
    if (n_rhs == 2)
      t[1] -= vec_all(x1[p * VL]) * v;
    if (paired) {
      z = vec_load(above + VL);
#pragma GCC unroll 16
      for (int j = 0; j < J; j++)
        u[j] -= vec_all(above[j]) * z;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < SKEWED; i++)
    vec_store(w->stage + (i * VL + s) * VL, d[i]);
#pragma GCC unroll 2
  for (int i = 0; i < n_rhs; i++)
    vec_store(w->side[i] + s * VL, t[i]);
  if (paired)
#pragma GCC unroll 16
    for (int j = 0; j < J; j++)
      vec_store(to + j * lda, u[j]);
}

/* Diagonal blocks from the stage into the upper triangle of a grid. */
static __attribute__((noinline)) void stage_to_grid(const real *stage, vec *grid) {
  for (int t = 0; t < SKEWED; t++) {
    vec v[VL];
#pragma GCC unroll 16
    for (int s = 0; s < VL; s++)
      v[s] = vec_load(stage + (t * VL + s) * VL);
    lanes_transpose(v);
#pragma GCC unroll 16
    for (int i = 0; i < VL; i++) {
      int j = solve_skew_partner(VL, t, i);
      grid[i < j ? i * VL + j : j * VL + i] = v[i];
    }
  }
}
#else
/* One system's part of block c: its diagonal block and right-hand sides go to the stage with the products of all rows
 * above it taken off. */
static inline __attribute__((always_inline)) void diagonal_above(const int n_rhs, const bool paired, int nb, int c,
                                                                 int s, const system_batch *b, off lda, work *w) {
  (void)paired;
  vec d[VL], t[RHS_MOST];
  off n = (off)c * VL;
  const real *a = b->a + s * b->a_stride, *own = a + n * lda + n, *above = a + n;
  const real *plus = b->dense != NULL ? b->dense + n * lda + n : NULL;
#pragma GCC unroll 8
  for (int i = 0; i < VL; i++)
    d[i] = vec_load(own + i * lda);
  if (plus != NULL)
#pragma GCC unroll 8
    for (int i = 0; i < VL; i++)
      d[i] += vec_load(plus + i * lda);
  real least[VL] __attribute__((aligned(64)));
  for (int i = 0; i < VL; i++) {
    d[i][i] += n + i < b->k ? b->lambda[s] : 1;
    least[i] = d[i][i] * LEAST_PIVOT;
  }
  memcpy(w->least + s * VL, least, sizeof least);
#pragma GCC unroll 2
  for (int i = 0; i < n_rhs; i++)
    t[i] = vec_load(b->x + s * b->x_stride + i * b->ld + n);
  const real *x0 = (const real *)w->x + s, *x1 = x0 + (n_rhs - 1) * (off)nb * VL * VL;
  for (off p = 0; p < n; p++, above += lda) {
    vec v = vec_load(above);
#pragma GCC unroll 8
    for (int i = 0; i < VL; i++)
      d[i] -= vec_all(above[i]) * v;
    t[0] -= vec_all(x0[p * VL]) * v;
    if (n_rhs == 2)
      t[1] -= vec_all(x1[p * VL]) * v;
  }
#pragma GCC unroll 8
  for (int i = 0; i < VL; i++)
    vec_store(w->stage + (i * VL + s) * VL, d[i]);
#pragma GCC unroll 2
  for (int i = 0; i < n_rhs; i++)
    vec_store(w->side[i] + s * VL, t[i]);
}

/* Diagonal blocks from the stage into the upper triangle of a grid. */
static __attribute__((noinline)) void stage_to_grid(const real *stage, vec *grid) {
  for (int j = 0; j < VL; j++) {
    vec v[VL];
#pragma GCC unroll 8
    for (int s = 0; s < VL; s++)
      v[s] = vec_load(stage + (j * VL + s) * VL);
    lanes_transpose(v);
    for (int i = j; i < VL; i++)
      grid[j * VL + i] = v[i];
  }
}
#endif

static inline __attribute__((always_inline)) void transposed(const real *from, vec v[VL]) {
#pragma GCC unroll 16
  for (int s = 0; s < VL; s++)
    v[s] = vec_load(from + s * VL);
  lanes_transpose(v);
}

/* Eliminates a diagonal block of all systems, without scaling its rows, so that no root stands in the chain from one
 * pivot to the next. Lanes of the result are nonzero if all pivots are positive. */
static __attribute__((noinline)) mask eliminate(const real *least, vec *grid, vec *root) {
  mask good = (mask){0} == (mask){0};
  vec low[VL];
  transposed(least, low);
#pragma GCC unroll 16
  for (int i = 0; i < VL; i++) {
    vec w[VL];
#pragma GCC unroll 16
    for (int l = i; l < VL; l++)
      w[l] = grid[i * VL + l];
#pragma GCC unroll 16
    for (int j = 0; j < i; j++) {
      vec f = grid[i * VL + j];
#pragma GCC unroll 16
      for (int l = i; l < VL; l++)
        w[l] -= f * grid[l * VL + j];
    }
    vec over = vec_all(1) / w[i], scale = over;
    good &= (w[i] > low[i]) & (low[i] > vec_all(0)) & (w[i] < vec_all(INFINITY)); /* false for NaN */
    for (int s = 0; s < VL; s++)
      scale[s] = sqrtf(over[s]);
    root[i] = scale;
#pragma GCC unroll 16
    for (int l = i + 1; l < VL; l++) {
      grid[l * VL + i] = w[l] * scale;
      grid[i * VL + l] = w[l] * over;
    }
  }
  return good;
}

/* R vectors of TILE_COLUMNS rows right of diagonal block c become rows of U: rows h … of the block, from vector i. The
 * products of `above` rows above the block are taken off first, then those of the rows above within it. */
static inline __attribute__((always_inline)) void right_tile(const int R, const int h, int c, int i, off above,
                                                             const real *plus, const real *grid, const real *root,
                                                             real *a, off lda) {
  enum { J = TILE_COLUMNS };
  vec s[J][3];
  off first = (off)c * VL, at = (first + h) * lda + i * VL;
#pragma GCC unroll 16
  for (int j = 0; j < J; j++)
#pragma GCC unroll 3
    for (int r = 0; r < R; r++)
      s[j][r] = vec_load(a + at + j * lda + r * VL);
  if (plus != NULL)
#pragma GCC unroll 16
    for (int j = 0; j < J; j++)
#pragma GCC unroll 3
      for (int r = 0; r < R; r++)
        s[j][r] += vec_load(plus + at + j * lda + r * VL);
  for (off p = 0; p < above; p++) {
    const real *row = a + p * lda + i * VL, *f = a + p * lda + first + h;
    vec v[3];
#pragma GCC unroll 3
    for (int r = 0; r < R; r++)
      v[r] = vec_load(row + r * VL);
#pragma GCC unroll 16
    for (int j = 0; j < J; j++) {
      vec w = vec_all(f[j]);
#pragma GCC unroll 3
      for (int r = 0; r < R; r++)
        s[j][r] -= w * v[r];
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < h; p++) {
    const real *row = a + (first + p) * lda + i * VL;
    vec v[3];
#pragma GCC unroll 3
    for (int r = 0; r < R; r++)
      v[r] = vec_load(row + r * VL);
#pragma GCC unroll 16
    for (int j = 0; j < J; j++) {
      vec w = vec_all(grid[((h + j) * VL + p) * VL]);
#pragma GCC unroll 3
      for (int r = 0; r < R; r++)
        s[j][r] -= w * v[r];
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < J; j++) {
#pragma GCC unroll 16
    for (int l = j + 1; l < J; l++) {
      vec w = vec_all(grid[((h + j) * VL + h + l) * VL]);
#pragma GCC unroll 3
      for (int r = 0; r < R; r++)
        s[l][r] -= w * s[j][r];
    }
    vec scale = vec_all(root[(h + j) * VL]);
#pragma GCC unroll 3
    for (int r = 0; r < R; r++)
      vec_store(a + at + j * lda + r * VL, s[j][r] * scale);
  }
}

/* Row block c of one system, right of the diagonal block. */
static __attribute__((noinline)) void right(int nb, int c, int s, const system_batch *b, off lda, const vec *grid,
                                            const vec *root) {
  const real *g = (const real *)grid + s, *t = (const real *)root + s;
  real *a = b->a + s * b->a_stride;
#pragma GCC unroll 4
  for (int h = 0; h < VL; h += TILE_COLUMNS)
    for (int i = c + 1, r; i < nb; i += r) {
      bool done = h < PAIRED && c > 0 && i == c + 1; /* by diagonal_above */
      off above = done ? 0 : (off)c * VL;
      const real *plus = done ? NULL : b->dense;
      r = done ? 1 : tile_width(nb - i);
      if (r == 3)
        right_tile(3, h, c, i, above, plus, g, t, a, lda);
      else if (r == 2)
        right_tile(2, h, c, i, above, plus, g, t, a, lda);
      else
        right_tile(1, h, c, i, above, plus, g, t, a, lda);
    }
}

/* x = diag(root) T⁻ᵀ x for a block of all systems. */
static __attribute__((noinline)) void forward(const vec *grid, const vec *root, vec x[VL]) {
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++) {
#pragma GCC unroll 16
    for (int i = j + 1; i < VL; i++)
      x[i] -= grid[j * VL + i] * x[j];
    x[j] *= root[j];
  }
}

/* x = T⁻¹ diag(root) x. */
static __attribute__((noinline)) void backward(const vec *grid, const vec *root, vec x[VL]) {
#pragma GCC unroll 16
  for (int j = 0; j < VL; j++)
    x[j] *= root[j];
#pragma GCC unroll 16
  for (int i = VL - 1; i >= 0; i--)
#pragma GCC unroll 16
    for (int j = 0; j < i; j++)
      x[j] -= grid[j * VL + i] * x[i];
}

#define DIAGONAL(n_rhs)                                                                                                \
  if (paired)                                                                                                          \
    diagonal_above(n_rhs, true, nb, c, s, b, lda, &w);                                                                 \
  else                                                                                                                 \
    diagonal_above(n_rhs, false, nb, c, s, b, lda, &w);

unsigned ISA_NAME(solve_batch)(int nb, const system_batch *b, off lda) {
  off grids = (off)nb * GRID, roots = (off)nb * VL;
  vec *lanes = (vec *)b->lanes;
  work w = {.grid = lanes, .root = lanes + grids, .x = lanes + grids + roots};
  w.stage = (real *)(lanes + grids + 3 * roots);
  w.side[0] = w.stage + STAGED * GRID;
  w.side[1] = w.side[0] + GRID;
  w.least = w.side[1] + GRID;
  mask good = (mask){0} == (mask){0};
  for (int c = 0; c < nb; c++) {
    bool paired = PAIRED > 0 && c > 0 && c + 1 < nb;
    for (int s = 0; s < b->n; s++) {
      if (b->n_rhs == 1) {
        DIAGONAL(1)
      } else {
        DIAGONAL(2)
      }
    }
    vec *grid = w.grid + c * GRID, *root = w.root + c * VL;
    stage_to_grid(w.stage, grid);
    good &= eliminate(w.least, grid, root);
    for (int i = 0; i < b->n_rhs; i++) {
      vec x[VL];
      transposed(w.side[i], x);
      forward(grid, root, x);
      memcpy(w.x + (i * nb + c) * VL, x, sizeof x);
    }
    for (int s = 0; s < b->n; s++)
      right(nb, c, s, b, lda, grid, root);
  }
  for (int c = nb - 1; c >= 0; c--)
    for (int i = 0; i < b->n_rhs; i++) {
      vec x[VL], after[VL];
      memcpy(x, w.x + (i * nb + c) * VL, sizeof x);
      if (c < nb - 1) {
        for (int s = 0; s < b->n; s++)
          vec_store(w.side[0] + s * VL,
                    products_after(nb, c, b->a + s * b->a_stride, lda, b->x + s * b->x_stride + i * b->ld));
        transposed(w.side[0], after);
#pragma GCC unroll 16
        for (int j = 0; j < VL; j++)
          x[j] -= after[j];
      }
      backward(w.grid + c * GRID, w.root + c * VL, x);
      lanes_transpose(x);
#pragma GCC unroll 16
      for (int s = 0; s < VL; s++)
        if (s < b->n)
          vec_store(b->x + s * b->x_stride + i * b->ld + c * VL, x[s]);
    }
  unsigned bits = 0;
  for (int s = 0; s < b->n; s++)
    bits |= (unsigned)(good[s] != 0) << s;
  return bits;
}
