/* Weighted k-means++ on a few candidates (Arthur & Vassilvitskii 2007), the last step of seeding. */
#ifndef PALATE_TRAIN_KMEANS_PLUSPLUS_H
#define PALATE_TRAIN_KMEANS_PLUSPLUS_H

#include "io/status.h"
#include "io/types.h"

/* Chooses up to `groups` of the n candidates (n, k): the first by weight, each further one with probability
 * weight · (squared distance to the nearest chosen). chosen[0 … *found-1]; *found < groups only where fewer distinct
 * candidates have weight. `stream` keeps restarts apart. Local, OpenMP; the result does not depend on the threads.
 * NO_MEMORY. */
status kmeans_plusplus(const real *candidate, const int64_t *weight, lid n, int k, lid groups, uint64_t seed,
                       uint64_t stream, lid *chosen, lid *found);

#endif
