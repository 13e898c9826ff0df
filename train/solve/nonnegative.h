/* One row with factors that may not be negative: cyclic projected coordinate steps on its normal equations (Lee & Seung
 * 1999 for the model; coordinate steps as in Hsieh & Dhillon 2011). Inside the train room only. */
#ifndef PALATE_TRAIN_SOLVE_NONNEGATIVE_H
#define PALATE_TRAIN_SOLVE_NONNEGATIVE_H

#include "train/solve/row.h"

/* With the row's assembled system in w->matrix (blocks on and above the diagonal) and its sums: x (ld), all >= 0, and
 * *own_bias (NULL: no biases), which may have any sign. From zero, until steps are small. False where the system is not
 * positive or the result not finite. */
bool row_nonnegative(const row_shared *s, row_work *w, off n, double lambda, real *x, real *own_bias);

#endif
