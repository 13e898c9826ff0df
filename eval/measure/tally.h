/* Means over users with 95 % intervals, to the same bits on any number of ranks and threads.
 *
 * Each user adds one row of values. Sums are fixed-point integers (train/math/exact.h). Intervals are by Poisson
 * bootstrap (Chamandy et al. 2012): in replicate b user u counts Poisson(1) times, drawn from a counter keyed by (seed,
 * u, b), so all columns and all models of one run see the same replicates, and differences between models are paired.
 * The replicates' sums are a matrix product of small whole numbers with values rounded to a quantum so coarse that
 * every partial sum is exact in double: their order does not matter either. */
#ifndef PALATE_EVAL_MEASURE_TALLY_H
#define PALATE_EVAL_MEASURE_TALLY_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { TALLY_REPLICATES = 1000 };

typedef struct tally tally;

/* Columns 0 … columns-1, of which the first `resampled` get replicates. bound[c] > 0 is no less than any |value| of
 * column c over all ranks, `users` no less than the users of all ranks; both the same on every rank. NO_MEMORY. Local.
 */
status tally_create(uint64_t seed, int columns, int resampled, const double *bound, int64_t users, tally **out);
void tally_free(tally *t);

/* Adds n users: values (n, columns) row-major, user[n] their rows of the whole dataset. NO_MEMORY. OpenMP threads.
 * Local. */
status tally_add(tally *t, lid n, const gid *user, const double *values);

/* What ranks sum: n integers, to be added up element by element over ranks (comm_sum_i64) before anything is read. */
int64_t *tally_sums(tally *t, off *n);

/* After that: the number of users, the sum of a column, and of its replicate b (users counted by their weights; the
 * number of users in a replicate is tally_replicate_users). Local. */
int64_t tally_users(const tally *t);
double tally_sum(const tally *t, int column);
double tally_replicate_users(const tally *t, int b);
double tally_replicate_sum(const tally *t, int column, int b);

/* The 2.5 % and 97.5 % quantiles of TALLY_REPLICATES values, which are sorted in place. Local. */
void tally_interval(double *values, double *low, double *high);

#endif
