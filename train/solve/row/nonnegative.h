/* One row with factors >= 0: cyclic projected coordinate steps on its normal equations (Lee & Seung 1999 for the model;
 * coordinate steps as in Hsieh & Dhillon 2011). Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_ROW_NONNEGATIVE_H
#define PALATE_TRAIN_SOLVE_ROW_NONNEGATIVE_H

#include "train/solve/row/row.h"

/* Solves the assembled system in w->matrix (blocks on and above the diagonal) and w->sums: x (ld), all >= 0, and
 * *own_bias (NULL: no biases), of any sign. Starts from zero and ends when steps are small. Returns false if the system
 * is not positive or the result is not finite. */
bool row_nonnegative(const row_shared *s, row_work *w, off n, double lambda, real *x, real *own_bias);

#endif
