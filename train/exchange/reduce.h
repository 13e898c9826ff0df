/* Sums over ranks with the same bits on any number of them (train/math/exact.h). */
#ifndef PALATE_TRAIN_EXCHANGE_REDUCE_H
#define PALATE_TRAIN_EXCHANGE_REDUCE_H

#include "io/ranks/comm.h"

/* *out = Σ values[i] over all ranks. n_all is the number of terms over all ranks. Collective. INTERNAL, with `what` in
 * the message, if a value is not finite. Agreed status. */
status reduce_sum(comm *c, const double *values, off n, off n_all, const char *what, double *out);

/* gram (k, k) = YᵀY over the rows of all ranks (n here, n_all everywhere), and *largest (may be NULL) the largest
 * |entry| of all rows. weight as in gram_add with weights up to weight_max (NULL and 1). Collective; agreed status.
 * INTERNAL if an entry is not finite, NO_MEMORY. */
status reduce_gram(comm *c, const real *rows, off n, gid n_all, int k, off ld, const real *weight, double weight_max,
                   double *gram, double *largest);

/* mean (k) = Σ weight[i] row_i / total over the rows of all ranks. Weights up to weight_max (NULL: all are 1), entries
 * up to `largest` in magnitude. Collective; agreed status. NO_MEMORY. */
status reduce_mean_row(comm *c, const real *rows, off n, gid n_all, int k, off ld, const real *weight,
                       double weight_max, double largest, double total, double *mean);

#endif
