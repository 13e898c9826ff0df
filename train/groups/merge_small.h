/* Merges groups that are too small into the groups nearest to their points. */
#ifndef PALATE_TRAIN_GROUPS_MERGE_SMALL_H
#define PALATE_TRAIN_GROUPS_MERGE_SMALL_H

#include "train/groups/kmeans.h"

/* While a group has fewer than `least_size` points of all ranks and there are more than `least_groups` (>= 1) groups:
 * the smallest group is dissolved, its points go to the nearest of the others, and once no group is too small, Lloyd's
 * rounds run again. config->groups is the number at the start, centre (groups, k) its centres: on return the first
 * *groups rows are the centres left, in their old order, size[*groups] their points over all ranks, and result that of
 * the last rounds (unchanged if no group was too small). Collective; agreed status; the same bits on any number of
 * ranks. NO_MEMORY, or what kmeans_run returns. */
status kmeans_merge_small(comm *c, const kmeans_points *points, const gid *id, const kmeans_settings *config,
                          int64_t least_size, lid least_groups, real *centre, lid *groups, int64_t *size,
                          kmeans_result *result);

#endif
