/* The half sweep of ALS on one rank: every row's regularized least-squares system, built and solved.
 *
 * Letters: k factors, ld their distance in memory (k rounded up to 16, the rest zero), n_r the interactions of row r.
 *
 * Explicit (Zhou et al. 2008; biases as in Koren et al. 2009): row r minimises, over x and its bias b,
 *     Σ (v − mean − bias[c] − b − x·y_c)² + λ_r (|x|² + b²),     λ_r = lambda · n_r^nu;
 * without biases (bias NULL) b = 0. Rows without interactions get x = 0, b = 0.
 * Implicit (Hu et al. 2008; Rendle et al. 2021): row r minimises
 *     Σ [a s² − 2 p s + p] + alpha0 · xᵀ G x + λ_r |x|²,  s = x·y_c,  λ_r = lambda · (n_r + alpha0 · n_fixed)^nu,
 * where G = YᵀY over all n_fixed rows of the fixed side, a = |v| − base and p = max(v, 0): the value v is the
 * confidence of --confidence, negative for a dislike, and base is 0 for `ials` and 1 for the other forms. */
#ifndef PALATE_TRAIN_SOLVE_SOLVER_H
#define PALATE_TRAIN_SOLVE_SOLVER_H

#include "train/math/exact.h"
#include "train/rows/csr.h"

typedef enum solve_method { SOLVE_AUTO, SOLVE_CHOLESKY, SOLVE_CG, SOLVE_SUBSPACE } solve_method;

typedef struct half_problem {
  solve_method method;
  int k;
  off ld;
  bool explicit_loss;
  const real *table; /* (n_table, ld): the fixed side's rows that our columns point to */
  const real *bias;  /* [n_table] or NULL */
  double mean;       /* explicit */
  double lambda, nu;
  double alpha0;      /* implicit */
  double base;        /* implicit */
  gid n_fixed;        /* implicit: rows of the whole fixed side */
  const double *gram; /* implicit: G (k, k), both triangles, without alpha0 */
  /* Implicit: G's eigenvalues (k) and eigenvectors (k, k), a row each (train/math/eigenbasis.h). Rows with fewer
   * interactions than factors are then solved by their dual systems, for which every a has to be above 0. NULL: no row
   * is. */
  const double *spectrum, *basis;
  /* Rows of table of which a second copy, in the basis, may be held, all or none (0). Without one a row's columns are
   * turned anew whenever they are needed. The bits do not depend on it. */
  lid n_table;
  /* What a typical row has, for the preconditioner of cg; NULL: rows are solved exactly. C (k, k) = Σ y yᵀ / S over the
   * fixed side's rows of all S interactions (a row counts as often as it occurs), and the mean of their a. */
  const double *seen;
  const double *seen_mean; /* (k) = Σ y / S likewise, where there are biases */
  double mean_a;
  /* Bytes of the fixed side in which all threads work at a time while they improve long rows by cg; 0: what suits most
   * caches. The bits do not depend on it. */
  off range_bytes;
  bool nonnegative; /* factors may not be negative; every row is then solved by coordinate steps on its exact system */
  /* Bounds for the exact sums of heavy rows, the same on all ranks: */
  double fixed_max;      /* largest |entry| of the whole fixed side */
  double most_a, most_b; /* largest |a|, and |p| or |v − mean − bias|, of all interactions; 0 where no row is heavy */
} half_problem;

/* λ_r of a row with n interactions. */
double half_problem_lambda(const half_problem *p, off n);

/* Whether half_problem.basis is worth finding for `rows` rows, of all ranks, with as many fixed ones, on this machine's
 * processor. The fixed side is then held a second time, unless n_table is 0. */
bool solver_wants_basis(bool explicit_loss, solve_method method, int factors, gid rows, gid fixed);

typedef struct solver solver;

/* Prepares what all rows share (a copy of *p, the arrays stay the caller's) and every thread's bounded work space.
 * Free with solver_free. NO_MEMORY. Local. */
status solver_create(const half_problem *p, solver **out);
void solver_free(solver *s);

/* Solves rows first … first+count-1 of m into x (row r at x + r * ld) and own_bias[r] (NULL without biases), in OpenMP
 * threads; the bits do not depend on their number. x and own_bias hold the previous solution on entry (cg, subspace).
 * row_loss[r], where row_loss is not NULL, becomes the row's data term with the new solution: Σ (…)² explicit,
 * Σ [a s² − 2 p s + p] implicit. heavy may be NULL: no heavy rows.
 * INTERNAL where a system is not positive definite or a result is not finite, naming the row. Local. */
status solver_rows(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count, real *x, real *own_bias,
                   double *row_loss);

/* --- heavy rows, whose interactions may lie on several ranks ---
 * The normal equations of any part of a row's interactions are a vector of integers below 2^(SOLVER_SUM_BITS - 1) in
 * magnitude; those of the parts, added in any order, are those of the row. solver_rows treats heavy rows in the same
 * way, so it makes no difference to the bits where a row's segments lie. */

enum { SOLVER_SUM_BITS = 40 };

/* Numbers in such a vector; and the same from what determines it, before there is a solver. */
off solver_sums_size(const solver *s);
off solver_sums_size_for(int k, bool biases);

/* Adds segments of m, cut[i] … cut[i+1]-1 for i < n_segments, of a row that has n_row interactions in all, to sums.
 * OpenMP threads share the segments. Local. */
void solver_sums_add(solver *s, const csr *m, const off *cut, off n_segments, off n_row, int64_t *sums);

/* Solves the row from its whole sums. x (ld) and *own_bias (NULL without biases) get the solution. INTERNAL as
 * solver_rows. Local; one thread. */
status solver_sums_solve(solver *s, const int64_t *sums, off n_row, real *x, real *own_bias);

/* segment_loss[i] = the data term of segment i with the row's solution x, own_bias. Local. */
void solver_segments_loss(solver *s, const csr *m, const off *cut, off n_segments, const real *x, const real *own_bias,
                          double *segment_loss);

/* The sum of a row's segment losses, of which `largest` is the largest magnitude: `terms` of them, added as integers by
 * exact_term(solver_loss_scale(), loss), give exact_value(). */
exact_scale solver_loss_scale(double largest, off terms);

#endif
