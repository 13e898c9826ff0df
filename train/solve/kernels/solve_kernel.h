/* The inner loops of train/solve: what solve_normal.c, solve_factor.c, solve_batch.c, solve_iterate.c and
 * solve_dual_kernel.c define for each instruction set.
 *
 * Letters: VL floats in a vector; k factors, padded to nb = ceil(k / VL) blocks of VL, so nb * VL <= ld. A *panel*
 * holds up to PANEL_ROWS gathered rows of the fixed side block by block: place ((c * PANEL_ROWS) + p) * VL + i is
 * factor c * VL + i of row p, so that every loop over rows reads memory in order.
 *
 * A system's matrix a (nb * VL, lda) is symmetric and kept as the blocks on and above the diagonal, row-major. With 16
 * lanes, while it is summed up, its diagonal blocks live elsewhere, in `skew` (nb, skewed, VL): products of a vector
 * with itself turned in `skewed` ways that pair every two lanes (train/solve/kernels/solve_sum_skewed.h), little more
 * than half of VL. With fewer lanes that saves too little; skewed is 0, and diagonal blocks are whole and in their
 * places. */
#ifndef PALATE_TRAIN_SOLVE_KERNELS_SOLVE_KERNEL_H
#define PALATE_TRAIN_SOLVE_KERNELS_SOLVE_KERNEL_H

#include "io/base/types.h"
#include "train/math/isa.h"

enum { PANEL_ROWS = 80 };

/* Turn number s of 16 lanes pairs lane 4 q + r with the lane returned: quads are turned by d, places within quads by e,
 * in the order (0, 0) (0, 1) (0, 2) (1, 0) … (1, 3) (2, 0) (2, 1) (2, 2); (-d, -e) would give the pairs of (d, e)
 * again. */
static inline int solve_skew_partner(int vl, int s, int lane) {
  int d = s < 3 ? 0 : 1 + (s - 3) / 4, e = s < 3 ? s : (s - 3) % 4;
  return (lane / 4 + d) % (vl / 4) * 4 + (lane + e) % 4;
}

/* Systems that are solved together, one in each lane where they are eliminated; n <= VL. What follows the first
 * system's array is the second's, and so on, `stride` floats further. Their bits do not depend on each other. */
typedef struct system_batch {
  int n, k;
  real *a, *skew; /* sums as accumulate leaves them; used up */
  off a_stride, skew_stride;
  real *x; /* (n_rhs, ld) each: right-hand sides, then solutions */
  off x_stride, ld;
  int n_rhs;           /* 1 or 2 */
  const real *lambda;  /* [n] */
  const real *dense;   /* (nb * VL, lda) added to each matrix, and its diagonal blocks */
  const real *twisted; /* in skewed form; both NULL: nothing is added */
  real *lanes;         /* work space: solve_lanes_size() floats, once filled with finite numbers */
} system_batch;

/* How many to solve together: as many as the second-level cache holds, at least a few. */
static inline int solve_batch_size(int vl, off ld) {
  enum { BYTES = 5 << 18, LEAST = 4 };
  off fit = BYTES / (ld * (ld + 16) * (off)sizeof(real));
  return fit < LEAST ? LEAST : fit > vl ? vl : (int)fit;
}

static inline off solve_lanes_size(int vl, int nb) {
  return (off)nb * vl * vl * vl + 3 * (off)nb * vl * vl + 16 * vl * vl;
}

/* The kind of weights of outer products. With roots, one panel is enough, whose rows are multiplied by them: half the
 * stores, and the first-level cache is left to the sums. */
typedef enum weighting {
  WEIGHTS_ONE,   /* all of them 1 */
  WEIGHTS_ROOTS, /* known by their roots; the panel holds rows multiplied by these */
  WEIGHTS_ANY    /* the panel holds the rows themselves, a second one multiples of them */
} weighting;

/* A panel's rows and what to do with them. */
typedef struct panel_rows {
  int n;             /* <= PANEL_ROWS */
  const real *table; /* (·, ld): the fixed side */
  off ld;
  const lid *col;   /* [n]: rows of table */
  const lid *ahead; /* [n]: rows needed one panel later, to be prefetched */
  weighting kind;
  const real *weight; /* [n]: weights or their roots; not read for WEIGHTS_ONE */
  const real *b;      /* [n]: weights in the first sum */
  real *y, *ay;       /* panels; ay for WEIGHTS_ANY only */
} panel_rows;

/* The interactions of one row, with a and b as in train/solve/row/problem.h. */
typedef struct visit_rows {
  const real *table; /* (·, ld): the fixed side */
  off ld;
  const lid *col;  /* rows of table */
  const real *val; /* their values */
  bool explicit_loss;
  real base;        /* implicit: a = |v| - base, b = max(v, 0) */
  real mean;        /* explicit: a = 1, b = v - mean - bias[c] */
  const real *bias; /* by row of table; NULL for none */
  off distance;     /* rows so many places further on in col are prefetched */
  off known;        /* places in col, beyond the row's own, behind which nothing is prefetched */
} visit_rows;

/* Rows whose inner products are computed. */
typedef struct inner_rows {
  const real *table; /* (·, ld) */
  off ld;
  const lid *col; /* [n]: rows of table, n >= 1 */
  int n;
  const lid *ahead; /* [n_ahead], n_ahead >= 1: rows to prefetch, up to n */
  int n_ahead;
  const real *stretch; /* [nb * VL] by which their factors are multiplied, or NULL */
  const real *root;    /* then: [n, up to a multiple of VL] by which the rows are multiplied, finite */
} inner_rows;

typedef enum visit_kind { VISIT_RESIDUAL, VISIT_PRODUCT, VISIT_CURVATURE } visit_kind;

typedef struct solve_ops {
  int vl, skewed;

  /* Rows col[0 … n-1] of table (·, ld) into panel y. n <= PANEL_ROWS. Rows ahead[0 … n-1] are prefetched. */
  void (*gather)(int nb, const real *table, off ld, const lid *col, int n, const lid *ahead, real *y);

  /* Gathers the rows into their panels; a, skew += Σ_p a_p y_p y_pᵀ; sums (n_sums, ld) += Σ_p weight[p][s] y_p, n_sums
   * 1 or 2. `fresh` starts all of them from zero. Every element is one sum in order of p, also from panel to panel. */
  void (*accumulate)(int nb, const panel_rows *rows, bool fresh, real *a, off lda, real *skew, real *sums, off ld,
                     int n_sums);

  /* a = (a, skew) + dense + lambda E for the first k rows, E for the rest; dense (nb * VL, lda) with both
   * triangles of its diagonal blocks, NULL for none. */
  void (*assemble)(int nb, int k, real *a, off lda, const real *skew, const real *dense, real lambda);

  /* a = UᵀU in place; inverse (nb, VL, VL) and root (nb, VL) receive what solve needs of the diagonal blocks: a block
   * of U is diag(1/root) T with T unit upper triangular, and `inverse` is that of T. Returns false if a is not positive
   * definite in single precision. */
  bool (*factor)(int nb, real *a, off lda, real *inverse, real *root);

  /* x (n_rhs, ldx) = a⁻¹ x with what factor left. */
  void (*solve)(int nb, const real *a, off lda, const real *inverse, const real *root, int n_rhs, real *x, off ldx);

  /* x = (a + dense + lambda E)⁻¹ x for each system, E for its first k factors; the rest is 1. Bit s of the result is
   * set if system s is positive definite in single precision. */
  unsigned (*solve_batch)(int nb, const system_batch *b, off lda);

  /* s[p] = x · y_p for the panel's rows 0 … n-1, rounded up to a multiple of VL. */
  void (*dots)(int nb, const real *y, int n, const real *x, real *s);

  /* Goes over interactions begin … end - 1 of a row where they lie, with t = v · y + shift. RESIDUAL: w = a t - b, q +=
   * Σ w y, total += Σ w, and square += the data term of each; PRODUCT: w = a t, q and total likewise; CURVATURE: square
   * += Σ a t². total and square are vl sums each, by place in the row, so that the bits do not depend on where a row is
   * split; begin is a multiple of vl. */
  void (*visit)(int nb, visit_kind kind, const visit_rows *rows, off begin, off end, const real *v, real shift, real *q,
                real *total, double *square);

  /* out = M v for M (nb * VL, lda) symmetric with both triangles; out is not v. */
  void (*multiply)(int nb, const real *m, off lda, const real *v, real *out);

  /* a, skew, laid out as accumulate leaves them, become the inner products of the rows, and 0 from there up to a
   * multiple of VL; every one is a sum in order of the factors. y is work space, nb * VL times that multiple. */
  void (*inner)(int nb, const inner_rows *rows, real *y, real *a, off lda, real *skew);

  /* x (nb * VL) = Σ_p w[p] (row col[p] of table), over p < n. */
  void (*combine)(int nb, const real *table, off ld, const lid *col, int n, const real *w, real *x);
} solve_ops;

extern const solve_ops solve_ops_baseline, solve_ops_avx2, solve_ops_avx512;

#define SOLVE_KERNELS(set)                                                                                             \
  void ISA_JOIN(solve_gather, set)(int nb, const real *table, off ld, const lid *col, int n, const lid *ahead,         \
                                   real *y);                                                                           \
  void ISA_JOIN(solve_accumulate, set)(int nb, const panel_rows *rows, bool fresh, real *a, off lda, real *skew,       \
                                       real *sums, off ld, int n_sums);                                                \
  void ISA_JOIN(solve_assemble, set)(int nb, int k, real *a, off lda, const real *skew, const real *dense,             \
                                     real lambda);                                                                     \
  bool ISA_JOIN(solve_factor, set)(int nb, real *a, off lda, real *inverse, real *root);                               \
  void ISA_JOIN(solve_solve, set)(int nb, const real *a, off lda, const real *inverse, const real *root, int n_rhs,    \
                                  real *x, off ldx);                                                                   \
  unsigned ISA_JOIN(solve_batch, set)(int nb, const system_batch *b, off lda);                                         \
  void ISA_JOIN(solve_dots, set)(int nb, const real *y, int n, const real *x, real *s);                                \
  void ISA_JOIN(solve_visit, set)(int nb, visit_kind kind, const visit_rows *rows, off begin, off end, const real *v,  \
                                  real shift, real *q, real *total, double *square);                                   \
  void ISA_JOIN(solve_multiply, set)(int nb, const real *m, off lda, const real *v, real *out);                        \
  void ISA_JOIN(solve_inner, set)(int nb, const inner_rows *rows, real *y, real *a, off lda, real *skew);              \
  void ISA_JOIN(solve_combine, set)(int nb, const real *table, off ld, const lid *col, int n, const real *w, real *x);

SOLVE_KERNELS(baseline)
SOLVE_KERNELS(avx2)
SOLVE_KERNELS(avx512)

#endif
