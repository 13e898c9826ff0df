/* What is solved in a half sweep of ALS: a small regularized least-squares problem a row, with one side fixed.
 *
 * Letters: k factors, ld their distance in memory (k rounded up to 16, the rest zero), n_r the interactions of row r.
 *
 * Explicit (Zhou et al. 2008; biases as in Koren et al. 2009): row r minimises, over x and its bias b,
 *     Σ (v − mean − bias[c] − b − x·y_c)² + λ_r (|x|² + b²),     λ_r = lambda · n_r^nu;
 * without biases (bias NULL) b = 0. Rows without interactions get x = 0, b = 0.
 * Implicit (Hu et al. 2008; Rendle et al. 2021): row r minimises
 *     Σ [a s² − 2 p s + p] + alpha0 · xᵀ G x + λ_r |x|²,  s = x·y_c,  λ_r = lambda · (n_r + alpha0 · n_fixed)^nu,
 * where G = YᵀY over all n_fixed rows of the fixed side, a = |v| − base and p = max(v, 0): the value v is the
 * confidence of --confidence, negative for a dislike, and base is 0 for `ials` and 1 for the other forms.
 * With a prior (implicit loss only), `pull` of the ridge draws to it instead of to zero: λ_r |x|² becomes
 * (λ_r − pull) |x|² + pull |x − prior|², which adds pull · prior to the row's right-hand side. Rows without
 * interactions still get x = 0; solve_row_unseen() solves theirs. */
#ifndef PALATE_TRAIN_SOLVE_ROW_PROBLEM_H
#define PALATE_TRAIN_SOLVE_ROW_PROBLEM_H

#include "io/base/types.h"

#include <stdbool.h>

/* What each method is: its row in methods.c, and its word. */
typedef enum solve_method { SOLVE_AUTO, SOLVE_CHOLESKY, SOLVE_CG, SOLVE_SUBSPACE, SOLVE_METHODS } solve_method;

typedef struct half_problem {
  solve_method method;
  int k;
  off ld;
  bool explicit_loss;
  const real *table; /* (n_table, ld): the fixed side's rows that our columns point to */
  const real *bias;  /* [n_table] or NULL */
  double mean;       /* explicit */
  double lambda, nu;
  double pair_weight;  /* what a pair counts in λ_r: n_r times this takes the place of n_r; 0 stands for 1 */
  double alpha0;       /* implicit */
  double base;         /* implicit */
  gid n_fixed;         /* implicit: rows of the whole fixed side */
  const double *gram;  /* implicit: G (k, k), both triangles, without alpha0 */
  const double *prior; /* implicit: (k); NULL: none */
  double pull;         /* of the prior, at most every row's λ_r */
  /* Implicit: G's eigenvalues (k) and eigenvectors (k, k), a row each (train/math/eigenbasis.h). Rows with fewer
   * interactions than factors are then solved by their dual systems, which need every a > 0. NULL: none is. */
  const double *spectrum, *basis;
  /* Rows of table, if a second copy of them in the basis may be held; else 0, and a row's columns are then rotated
   * again whenever they are needed. The bits do not depend on it. */
  lid n_table;
  /* The mean of all rows, for the preconditioner of cg; NULL: rows are solved exactly. C (k, k) = Σ y yᵀ / S over the
   * fixed side's rows of all S interactions (a row counts as often as it occurs), and the mean of their a. */
  const double *seen;
  const double *seen_mean; /* (k) = Σ y / S likewise, with biases */
  double mean_a;
  /* Bytes of the fixed side that all threads read at a time while they improve long rows by cg; 0: a default for common
   * caches. The bits do not depend on it. */
  off range_bytes;
  bool nonnegative; /* factors >= 0: every row is then solved by coordinate steps on its exact system */
  /* Bounds for the exact sums of heavy rows, the same on all ranks: */
  double fixed_max; /* largest |entry| of the whole fixed side */
  double max_weight,
      max_target; /* largest |a|, and |p| or |v − mean − bias|, of all interactions; 0 if no row is heavy */
} half_problem;

/* λ_r of a row with n interactions. */
double half_problem_lambda(const half_problem *p, off n);

/* The weights with which an interaction of value v with row c of the table enters the system: a · y yᵀ in the matrix, b
 * · y in the right-hand side. */
static inline void interaction_weights(const half_problem *p, lid c, real v, double *a, double *b) {
  if (p->explicit_loss) {
    *a = 1;
    *b = (double)v - p->mean - (p->bias != NULL ? (double)p->bias[c] : 0);
  } else {
    *a = (v < 0 ? -(double)v : (double)v) - p->base;
    *b = v > 0 ? (double)v : 0;
  }
}

/* Bits of a number in the exact sums of a heavy row (train/solve/heavy_rows.h). */
enum { SOLVER_SUM_BITS = 40 };

#endif
