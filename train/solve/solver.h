/* The half sweep of ALS on one rank: builds and solves the regularized least-squares system of every row
 * (train/solve/row/problem.h). */
#ifndef PALATE_TRAIN_SOLVE_SOLVER_H
#define PALATE_TRAIN_SOLVE_SOLVER_H

#include "io/base/status.h"
#include "train/rows/csr.h"
#include "train/solve/row/problem.h"

/* The words of --solver, separated by bars, in the order of solve_method. */
extern const char SOLVE_METHOD_WORDS[];

/* Whether a method uses half_problem.seen: one more Gram matrix in each half sweep. */
bool solver_wants_mean_system(solve_method method);

/* Whether half_problem.basis pays on this processor, for `rows` rows on all ranks and `fixed` rows of the fixed side.
 * The fixed side is then held twice, unless n_table is 0. */
bool solver_wants_basis(bool explicit_loss, solve_method method, int factors, gid rows, gid fixed);

typedef struct solver solver;

/* Prepares what all rows share (copies *p; the arrays stay the caller's) and each thread's work space. Free with
 * solver_free. NO_MEMORY. Local. */
status solver_create(const half_problem *p, solver **out);
void solver_free(solver *s);

/* Solves rows first … first+count-1 of m into x (row r at x + r * ld) and own_bias[r] (NULL without biases), in OpenMP
 * threads; the bits do not depend on their number. x and own_bias hold the previous solution on entry (cg, subspace).
 * row_loss[r] (row_loss may be NULL) receives the row's data term with the new solution: Σ (…)² explicit, Σ [a s² − 2 p
 * s + p] implicit. heavy may be NULL: no heavy rows. INTERNAL if a system is not positive definite or a result is not
 * finite; the message names the row. Local. */
status solver_rows(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count, real *x, real *own_bias,
                   double *row_loss);

#endif
