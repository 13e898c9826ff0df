/* A heavy row's normal equations in fixed point (train/math/exact.h), so that threads and ranks may add its segments in
 * any order. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_HEAVY_SUMS_H
#define PALATE_TRAIN_SOLVE_HEAVY_SUMS_H

#include "train/math/exact.h"
#include "train/solve/row/row.h"

/* Numbers in a row's normal equations: the blocks above the diagonal and the skewed diagonal blocks, or all elements on
 * and above the diagonal; the right-hand sides; the total. */
off heavy_size(const row_shared *s);

/* sum (heavy_size) += what row_normal left in w, for a row of n interactions in all. */
void heavy_add(const row_shared *s, const row_work *w, off n, int64_t *sum);

/* The inverse, for row_finish. */
void heavy_restore(const row_shared *s, row_work *w, off n, const int64_t *sum);

/* Solves the row from its sums in double precision, which they hold to about 38 bits. */
status heavy_solve_double(const row_shared *s, off n, const int64_t *sum, real *x, real *own_bias);

#endif
