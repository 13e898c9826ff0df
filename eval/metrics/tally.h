/* Means over users with 95 % intervals, to the same bits on any number of ranks and threads.
 *
 * Each user adds one row of values. Sums are fixed-point integers (train/math/exact.h). Intervals are by Poisson
 * bootstrap (Chamandy et al. 2012): in replicate b user u counts Poisson(1) times, drawn from a counter keyed by (seed,
 * u, b). So all columns and all models of one run see the same replicates, and differences between models are paired.
 * The replicates' sums are a matrix product of small whole numbers with rounded values. The rounding quantum is so
 * coarse that every partial sum is exact in double, so the order of summing does not matter. */
#ifndef PALATE_EVAL_METRICS_TALLY_H
#define PALATE_EVAL_METRICS_TALLY_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { TALLY_REPLICATES = 1000 };

typedef struct tally tally;

/* The first `resampled` of the columns get replicates. bound[c] > 0 is at least any |value| of column c over all ranks,
 * `users` at least the users of all ranks; both are the same on every rank. NO_MEMORY. Local. Free with tally_free. */
status tally_create(uint64_t seed, int columns, int resampled, const double *bound, int64_t users, tally **out);
void tally_free(tally *t);

/* Adds n users: values (n, columns) row-major; user[n]: their rows in the whole dataset. OpenMP threads. NO_MEMORY.
 * Local. */
status tally_add(tally *t, lid n, const gid *user, const double *values);

/* All sums as n integers. Add them up over ranks, element by element (comm_sum_i64), before any figure is read. Local.
 */
int64_t *tally_sums(tally *t, off *n);

/* After that: the number of users and the sum of a column, in all and in replicate b, where a user counts by weight.
 * Local. */
int64_t tally_users(const tally *t);
double tally_sum(const tally *t, int column);
double tally_replicate_users(const tally *t, int b);
double tally_replicate_sum(const tally *t, int column, int b);

/* The 2.5 % and 97.5 % quantiles of TALLY_REPLICATES values; sorts them in place. Local. */
void tally_interval(double *values, double *low, double *high);

#endif
