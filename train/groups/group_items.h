/* What each group consumes, over ranks: pairs counted by group and item, at the item's owner.
 *
 * Items are distributed over ranks in equal ranges (part_equal), groups too, batch by batch: what ranks find about a
 * group from their items is gathered at the group's rank (group_move). So no rank holds an array as long as all
 * items. */
#ifndef PALATE_TRAIN_GROUPS_GROUP_ITEMS_H
#define PALATE_TRAIN_GROUPS_GROUP_ITEMS_H

#include "io/ranks/comm.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"

/* What one group consumed of our items. */
typedef struct group_tally {
  lid group;
  int64_t members;      /* with at least one pair, with any item; on all ranks */
  lid n;                /* at least 1 */
  const lid *item;      /* [n]: global rows, ascending */
  const int64_t *count; /* [n]: members who consumed it */
} group_tally;

/* The background a group is compared with. */
typedef struct group_background {
  part items;
  int64_t members; /* of all groups, with at least one pair */
  int64_t pairs;
  off *count; /* [our items]: members who consumed an item */
} group_background;

/* Counts pairs over all ranks. pairs holds this rank's members with global item rows as columns, each pair once.
 * Collective; agreed status. NO_MEMORY. Free with group_background_free. */
status group_background_count(comm *c, const csr *pairs, gid n_items, group_background *out);
void group_background_free(group_background *b);

/* The count of one of our items. */
static inline double group_background_of(const group_background *b, int rank, lid item) {
  return (double)b->count[item - b->items.first[rank]];
}

typedef struct group_visitor {
  /* A group that has pairs with some of our items; a rank's groups come in ascending order. Local. */
  status (*each)(void *context, const group_tally *tally);
  /* After all of groups first … last-1, on all ranks. Collective; agreed status. */
  status (*end)(void *context, lid first, lid last);
  void *context;
} group_visitor;

/* Calls the visitor with what each group consumed, batch by batch, so that memory stays near that of the pairs.
 * group[r] is the group of row r of pairs. Collective; agreed status: NO_MEMORY or what the visitor returns. */
status group_items_visit(comm *c, const csr *pairs, const lid *group, lid n_groups, gid n_items,
                         const group_visitor *visitor);

/* The groups of a batch that belong to a rank: *begin … *end - 1 of first … last - 1. */
void group_share(lid first, lid last, int ranks, int rank, lid *begin, lid *end);

/* Records of our groups. */
typedef struct group_moved {
  lid begin, end; /* our groups */
  off *at; /* [end - begin + 1]: group g has the records at[g - begin] … at[g - begin + 1] - 1, in order of ranks */
  char *record;
} group_moved;

/* Sends n records of `bytes` bytes each, which begin with the number of their group (a lid, ascending, first … last-1),
 * to the groups' ranks. Collective; agreed status. NO_MEMORY. Free with group_moved_free. */
status group_move(comm *c, lid first, lid last, const void *record, size_t bytes, off n, group_moved *out);
void group_moved_free(group_moved *m);

#endif
