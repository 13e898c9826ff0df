/* Sums of a heavy row's segments in fixed point (train/exact.h), so that threads and ranks may add them in any order.
 * Inside the train room only. */
#ifndef PALATE_TRAIN_SOLVE_HEAVY_H
#define PALATE_TRAIN_SOLVE_HEAVY_H

#include "train/exact.h"
#include "train/solve_row.h"

/* Numbers in a row's normal equations: the blocks above the diagonal, the skewed diagonal blocks, the sums. */
off heavy_size(const row_shared *s);

/* A scale for segments of at most `longest` interactions whose weights are at most most_a and most_b in magnitude; each
 * number is a sum of n_segments terms. Depends on these and on fixed_max alone. */
exact_scale heavy_scale(const row_shared *s, off longest, off n_segments, double most_a, double most_b);

/* sum (heavy_size) += what row_normal left in w. */
void heavy_add(const row_shared *s, const row_work *w, exact_scale scale, int64_t *sum);

/* The other way round, for row_finish. */
void heavy_restore(const row_shared *s, row_work *w, exact_scale scale, const int64_t *sum);

#endif
