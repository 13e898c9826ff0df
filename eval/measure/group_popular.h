/* Do groups help? Lists of what is popular in a member's own groups, compared with what is popular overall. */
#ifndef PALATE_EVAL_MEASURE_GROUP_POPULAR_H
#define PALATE_EVAL_MEASURE_GROUP_POPULAR_H

#include "io/ranks/comm.h"
#include "train/rows/csr.h"

/* NDCG@10 over the members with a test item. */
typedef struct group_popular {
  int64_t users;  /* with a test item */
  double popular; /* of the items that most members have, except those the member has */
  double groups;  /* of the items by Σ affinity · (smoothed share of the group's members who have the item) */
} group_popular;

/* Items of each group that are considered: its most popular ones. */
enum { GROUP_POPULAR_LIST = 100 };

/* likes, known and test hold this rank's members with global item rows, ascending: the training pairs that are counted;
 * all training pairs, which no list has; and what is to be found. group and affinity (n, m) are their memberships. The
 * same on any number of ranks. Collective; agreed status. NO_MEMORY. */
status group_popular_measure(comm *c, const csr *likes, const csr *known, const csr *test, const lid *group,
                             const real *affinity, int m, lid n_groups, gid n_items, group_popular *out);

#endif
