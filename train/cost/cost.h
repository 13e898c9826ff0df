/* What a row costs to solve, in flops: the one formula behind the cuts, the choice of method, and the plan. */
#ifndef PALATE_TRAIN_COST_COST_H
#define PALATE_TRAIN_COST_COST_H

#include "io/base/types.h"

/* An exact solve of a row with n interactions and k factors: a symmetric rank-n update and a Cholesky factorization
 * (algorithms: n k² + k³/3), plus a fixed cost a row. */
static inline int64_t cost_of_row(off n, int k) {
  int64_t kk = (int64_t)k * k;
  return n * kk + kk * k / 3 + 4 * kk + 64;
}

/* The length of ranges of rows that no cut divides, so that partial sums over a range do not depend on the number of
 * ranks: a function of the number of rows alone, at most 4096 ranges of 2^j rows. */
static inline gid cost_granule(gid n) {
  gid g = 1;
  while (n / g > 4096)
    g *= 2;
  return g;
}

/* Interactions from which a row is heavy: summed range by range of its columns (32 or more in each, on average), in
 * fixed point, so that threads and ranks may share it. A function of the number of columns alone. */
static inline off cost_heavy(gid n_columns) {
  gid g = cost_granule(n_columns);
  return 32 * ((n_columns + g - 1) / g);
}

#endif
