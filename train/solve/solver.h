/* The half sweep of ALS on one rank: every row's regularized least-squares system, built and solved.
 * train/solve/problem.h says which problem that is. */
#ifndef PALATE_TRAIN_SOLVE_SOLVER_H
#define PALATE_TRAIN_SOLVE_SOLVER_H

#include "io/base/status.h"
#include "train/rows/csr.h"
#include "train/solve/problem.h"

/* The words of --solver, parted by bars, in the order of solve_method. */
extern const char SOLVE_METHOD_WORDS[];

/* Whether a method makes use of half_problem.seen: one more Gram matrix in each half sweep. */
bool solver_wants_mean_system(solve_method method);

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

#endif
