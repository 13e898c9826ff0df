/* Whether groups help: lists of what is popular in a member's own groups, beside what is popular with everyone. */
#ifndef PALATE_EVAL_MEASURE_GROUP_POPULAR_H
#define PALATE_EVAL_MEASURE_GROUP_POPULAR_H

#include "io/ranks/comm.h"
#include "train/rows/csr.h"

/* NDCG@10 over the members with a test item. */
typedef struct group_popular {
  int64_t users;  /* with a test item */
  double popular; /* of the items most members have, but for what the member has */
  double groups;  /* of the items by Σ affinity · (smoothed share of the group's members who have them) */
} group_popular;

/* likes, known and test hold this rank's members with global item rows, ascending: the training pairs that are counted,
 * and all of them, which no list has. group and affinity (n, m) are their memberships. Of each group the
 * GROUP_POPULAR_LIST most popular items are looked at. Collective; agreed status; the same on any number of ranks.
 * NO_MEMORY. */
enum { GROUP_POPULAR_LIST = 100 };
status group_popular_measure(comm *c, const csr *likes, const csr *known, const csr *test, const lid *group,
                             const real *affinity, int m, lid n_groups, gid n_items, group_popular *out);

#endif
