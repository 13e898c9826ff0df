/* Weighted k-means++ on a few candidates (Arthur & Vassilvitskii 2007), the last step of seeding. */
#ifndef PALATE_TRAIN_GROUPS_PLUSPLUS_H
#define PALATE_TRAIN_GROUPS_PLUSPLUS_H

#include "io/ranks/comm.h"

/* Chooses up to `groups` of the n candidates (n, k): the first by weight, each further one with probability weight ·
 * (squared distance to the nearest chosen). chosen[0 … *found-1]; *found < groups only if fewer distinct candidates
 * have weight. `stream` distinguishes restarts.
 *
 * Every rank has all candidates and weights, and the distances of a share of them. After some hundred seeds they are
 * drawn in batches: all of a batch by the distances before it, and each is then kept with probability (distance now) /
 * (distance then), where "now" includes the seeds kept earlier in the batch. That is drawing by the distances of now,
 * and the batch's distances are a product of matrices. Collective, OpenMP; agreed status; the same seeds on all ranks,
 * and for any number of ranks and threads. NO_MEMORY. */
status kmeans_plusplus(comm *c, const real *candidate, const int64_t *weight, lid n, int k, lid groups, uint64_t seed,
                       uint64_t stream, lid *chosen, lid *found);

#endif
