/* One row's system in double precision: slow, for rows where single precision is not accurate enough. */
#ifndef PALATE_TRAIN_SOLVE_ROW_DOUBLE_ROW_H
#define PALATE_TRAIN_SOLVE_ROW_DOUBLE_ROW_H

#include "io/base/status.h"
#include "train/solve/row/problem.h"

/* Solves the row of n interactions col, val of problem p by a Cholesky factorization of the whole system, bias
 * included. x (ld) and *own_bias (NULL without biases) receive the solution. INTERNAL if the system is not positive
 * definite or the solution is not finite, NO_MEMORY. Local. */
status solve_row_double(const half_problem *p, const lid *col, const real *val, off n, real *x, real *own_bias);

/* Solves a system that has been summed up: a (m, m) with its lower triangle Σ a·y yᵀ over the k factors and, last, the
 * bias (m = k + 1, own_bias not NULL), rhs [m]; n interactions. Both are overwritten. As above. Local. */
status solve_system_double(const half_problem *p, off n, double *a, double *rhs, real *x, real *own_bias);

#endif
