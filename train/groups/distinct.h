/* The number of distinct points, and a sample of them: for seeding when points repeat. */
#ifndef PALATE_TRAIN_GROUPS_DISTINCT_H
#define PALATE_TRAIN_GROUPS_DISTINCT_H

#include "io/ranks/comm.h"
#include "train/centres/assign.h"

/* A point that represents all points equal to it. */
typedef struct distinct_point {
  uint64_t hash; /* of its values and the seed: in this order the first m are a random sample of m */
  gid id;        /* the lowest global row with these values */
} distinct_point;

/* The `most` distinct points of least hash over all ranks (all, if there are fewer), by hash, the same on all ranks;
 * *found is their number. out has `most` places. Collective; agreed status. NO_MEMORY. */
status kmeans_distinct(comm *c, const kmeans_points *points, const gid *id, lid most, uint64_t seed,
                       distinct_point *out, lid *found);

#endif
