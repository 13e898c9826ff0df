/* Writing groups.h5 of a snapshot (item_groups.h5 for groups of items), by all ranks. */
#ifndef PALATE_IO_SCHEMA_GROUPS_WRITE_H
#define PALATE_IO_SCHEMA_GROUPS_WRITE_H

#include "io/ranks/comm.h"
#include "io/schema/groups.h"

/* What the file holds. Rows are contiguous ranges in rank order; centroids, sizes, labels and top items matter on
 * rank 0. */
typedef struct groups_part {
  gid n_rows; /* members (or items) */
  gid first_row, row_count;
  int memberships;
  const lid *group;     /* (row_count, memberships), nearest first */
  const real *affinity; /* (row_count, memberships), each row sums to 1 */
  lid n_groups;
  int factors;
  const real *centroid;  /* (n_groups, factors) */
  const int64_t *size;   /* [n_groups]: rows with events whose first group it is */
  const lid *top_items;  /* (n_groups, GROUPS_TOP): what it loves more than others do; -1 where there is no more */
  const strings *labels; /* [n_groups] */
  const h5_attribute *attributes; /* on "/": inertia, metric, …; every rank passes the same */
  int n_attributes;
} groups_part;

/* Writes DIR/groups.h5 whole or not at all, over one that is there. Collective; agreed status. */
status groups_write(comm *c, const char *dir, side s, const groups_part *part);

#endif
