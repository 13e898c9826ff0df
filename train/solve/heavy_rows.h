/* Heavy rows, whose interactions may lie on several ranks.
 *
 * The normal equations of any part of a row's interactions are a vector of integers below 2^(SOLVER_SUM_BITS - 1) in
 * magnitude; the vectors of the parts add up, in any order, to that of the row. solver_rows() treats heavy rows in the
 * same way, so the bits do not depend on where a row's segments lie. */
#ifndef PALATE_TRAIN_SOLVE_HEAVY_ROWS_H
#define PALATE_TRAIN_SOLVE_HEAVY_ROWS_H

#include "io/base/status.h"
#include "train/math/exact.h"
#include "train/rows/csr.h"
#include "train/solve/row/problem.h"

typedef struct solver solver; /* train/solve/solver.h */

/* The length of such a vector; and the same before there is a solver. */
off solver_sums_size(const solver *s);
off solver_sums_size_for(int k, bool biases);

/* Adds segments of m, interactions cut[i] … cut[i+1]-1 for i < n_segments, of a row of n_row interactions in all, to
 * sums. OpenMP threads share the segments. Local. */
void solver_sums_add(solver *s, const csr *m, const off *cut, off n_segments, off n_row, int64_t *sums);

/* Solves the row from its whole sums. x (ld) and *own_bias (NULL without biases) receive the solution. INTERNAL as
 * solver_rows. Local; single-threaded. */
status solver_sums_solve(solver *s, const int64_t *sums, off n_row, real *x, real *own_bias);

/* segment_loss[i] = the data term of segment i with the row's solution x, own_bias. Local. */
void solver_segments_loss(solver *s, const csr *m, const off *cut, off n_segments, const real *x, const real *own_bias,
                          double *segment_loss);

/* The scale for adding `terms` segment losses of at most `largest` in magnitude: Σ exact_term(scale, loss) as integers,
 * then exact_value(scale, sum). */
exact_scale solver_loss_scale(double largest, off terms);

/* Solves the heavy rows among rows first … first + count - 1 of m, which lie here as a whole. Failures of rows are
 * noted in *to. NO_MEMORY. Private to train/solve. */
struct output;
status solver_heavy_rows(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count,
                         const struct output *to);

#endif
