/* Conjugate gradients for one row, from its previous solution (Takács, Pilászy & Tikk 2011), preconditioned by the mean
 * system. A row with n interactions has, on average, the matrix M_n = alpha0 G + n mean_a C + λ_n E. One M_n for each
 * half octave of n is inverted once per half sweep; a row uses the nearest. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_ROW_CG_H
#define PALATE_TRAIN_SOLVE_ROW_CG_H

#include "train/solve/row/row.h"

enum { CG_CLASSES = 80 };

typedef struct cg_shared {
  bool tried[CG_CLASSES];           /* whether it has been tried to make the preconditioner */
  real *preconditioner[CG_CLASSES]; /* (nb * VL + 1, lda): M_n⁻¹, and the bias's border; or NULL */
} cg_shared;

/* --- as a row of the table of methods (row_method in train/solve/row/row.h says what each does) --- */

status cg_create(row_shared *s); /* s->cg: NULL if half_problem has no mean system */
void cg_free(row_shared *s);
off cg_scratch(const row_shared *s);
status cg_prepare(const row_shared *s, row_work *work, int threads, const csr *m, lid first, lid count);
bool cg_suits(const row_shared *s, off n);
bool row_cg(const row_shared *s, row_work *w, const csr *m, off begin, off end, real *x, real *own_bias, double *loss);

/* --- step by step, for many rows at once (train/solve/cg_long.h) --- */

/* The class of n >= 1 interactions: half octaves, [2^(c/2), 2^((c+1)/2)). */
int cg_class(off n);

/* A row between two passes. Its CG_VECTORS vectors of ld floats are the caller's. */
typedef struct cg_row {
  off n;
  double lambda;
  const real *preconditioner;
  bool biases;
  real *x, *r, *d, *q, *g; /* (ld) each: solution, residual, direction, A d, gradient of half the data term */
  real bias, r_bias, d_bias, g_bias;
  double rho, goal, last_goal;
  double data, data_before; /* the data term at x, and before the first step */
  int steps;
} cg_row;

enum { CG_VECTORS = 5 };

/* What the next pass over the row's interactions computes. DONE: x is improved; BROKEN: do not use x. */
typedef enum cg_pass { CG_RESIDUAL, CG_PRODUCT, CG_CURVATURE, CG_DONE, CG_BROKEN } cg_pass;

/* What a pass sums up besides q: a sum a lane, by place in the row, so that the bits do not depend on where the row is
 * split. */
enum { CG_LANES = 16 };
typedef struct cg_sums {
  double square[CG_LANES];
  real total[CG_LANES];
} cg_sums;

/* Bytes of the fixed side that stay in the third-level cache, besides all else, while threads share them. */
static inline off cg_range_bytes(const row_shared *s) {
  enum { USUAL = 4 << 20 };
  return s->p.range_bytes > 0 ? s->p.range_bytes : USUAL;
}

/* Interactions whose rows a second-level cache holds from one pass to the next. */
static inline off cg_longest_short(const row_shared *s) {
  off longest = cg_range_bytes(s) * 5 / 32 / (s->p.ld * (off)sizeof(real));
  return longest < 1 ? 1 : longest;
}

/* Begins a row of n interactions at x (ld), bias; vectors (CG_VECTORS, ld). The first pass is for the residual. */
void cg_begin(const row_shared *s, off n, const real *x, real bias, real *vectors, cg_row *t);

/* Its interactions, begin … begin + n - 1 of m; the caller sets `distance` and `known`. */
visit_rows cg_interactions(const row_shared *s, const csr *m, off begin);

/* A pass: clear; visit all places from 0 to n in order, in parts that begin at multiples of the lanes; take. */
void cg_pass_clear(const row_shared *s, cg_row *t, cg_sums *sums);
void cg_pass_visit(const row_shared *s, cg_row *t, cg_pass pass, const visit_rows *rows, off from, off to,
                   cg_sums *sums);
cg_pass cg_pass_take(const row_shared *s, row_work *w, cg_row *t, cg_pass pass, const cg_sums *sums);

/* Stores the solution of a row, interactions begin … of m, whose passes have ended with `last`: x (ld), *own_bias
 * (NULL: no biases), and its data term in *loss (may be NULL). Returns false if the iteration broke down; x is then
 * unchanged. */
bool cg_end(const row_shared *s, row_work *w, const csr *m, off begin, const cg_row *t, cg_pass last, real *x,
            real *own_bias, double *loss);

#endif
