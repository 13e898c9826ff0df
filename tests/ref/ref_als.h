/* ALS in double precision, written to be obviously right: dense systems, Gaussian elimination with pivoting, one row at
 * a time. What train/solve/solver.h and train/als/als.h are held against. */
#ifndef PALATE_TESTS_REF_REF_ALS_H
#define PALATE_TESTS_REF_REF_ALS_H

#include "train/rows/csr.h"

/* The loss of train/solve/solver.h; the values of the csr are already the v there. */
typedef struct ref_als {
  int k;
  bool explicit_loss, biases;
  double lambda, nu, mean;
  double alpha0, base;
  const double *prior; /* (k) of the rows of ref_half_sweep and ref_row_objective; NULL: none */
  double pull;
} ref_als;

/* Solves every row of m (columns: rows of the fixed side) into x (n_rows, k) and own_bias; y (n_fixed, k) and bias are
 * the fixed side. row_loss (may be NULL): the data term of each row, as solver_rows gives it. */
void ref_half_sweep(const ref_als *p, const csr *m, gid n_fixed, const double *y, const double *bias, double *x,
                    double *own_bias, double *row_loss);

/* What row r minimises, at a given x and bias. */
double ref_row_objective(const ref_als *p, const csr *m, lid r, gid n_fixed, const double *y, const double *bias,
                         const double *x, double own_bias);

/* The whole loss, with constants: explicit the squared errors, implicit every pair; and both penalties. */
double ref_objective(const ref_als *p, const csr *users, gid n_items, const double *x, const double *user_bias,
                     const double *y, const double *item_bias);

#endif
