/* Seeding over ranks: k-means|| (Bahmani et al. 2012, "Scalable K-Means++"). */
#ifndef PALATE_TRAIN_GROUPS_SEED_H
#define PALATE_TRAIN_GROUPS_SEED_H

#include "io/ranks/comm.h"
#include "train/centres/assign.h"

/* Chooses `groups` distinct points of all ranks as centres (groups, k), the same on all ranks and for any number of
 * them. Point i of this rank is global row id[i], which keys the random numbers; rows ascend over ranks. `restart`
 * gives further seedings of the same seed. Collective; agreed status. BAD_DATA if the points of all ranks have fewer
 * distinct values than groups; the message says how many. STOPPED after a signal (io/ranks/stop.h); NO_MEMORY. */
status kmeans_seed(comm *c, const kmeans_points *points, const gid *id, lid groups, uint64_t seed, int restart,
                   real *centre);

#endif
