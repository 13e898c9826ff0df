/* Who consumes what in each group, over ranks: pairs counted by group and item, brought to one rank a group. */
#ifndef PALATE_TRAIN_GROUP_ITEMS_H
#define PALATE_TRAIN_GROUP_ITEMS_H

#include "io/comm.h"
#include "train/csr.h"

/* What one group consumed. */
typedef struct group_tally {
  lid group;
  int64_t members;      /* with at least one pair */
  lid n;                /* items, ascending */
  const lid *item;      /* [n] */
  const int64_t *count; /* [n]: members who consumed it */
} group_tally;

/* Background that a group is compared with; every rank has all of it. */
typedef struct group_background {
  int64_t members; /* of all groups, with at least one pair */
  int64_t pairs;
  int64_t *count; /* [n_items]: members who consumed an item */
} group_background;

/* Counts pairs over all ranks. pairs holds this rank's members with global item rows as columns, each pair once.
 * Collective; agreed status. NO_MEMORY. Free with group_background_free. */
status group_background_count(comm *c, const csr *pairs, gid n_items, group_background *out);
void group_background_free(group_background *b);

/* Calls `each` once for every group that has pairs, on the rank that has been given the group, with what all its
 * members consumed; a rank's groups come in ascending order. Items and groups are counted in batches, so that memory
 * stays near that of the pairs. group[r] is the group of row r of pairs. The item side is replicated.
 * Collective; agreed status: NO_MEMORY or what `each` returns. */
status group_items_visit(comm *c, const csr *pairs, const lid *group, lid n_groups, gid n_items,
                         status (*each)(void *context, const group_tally *tally), void *context);

#endif
