/* groups.h5 of a snapshot: taste groups and who is in them (item_groups.h5 for groups of items). */
#ifndef PALATE_IO_SCHEMA_GROUPS_H
#define PALATE_IO_SCHEMA_GROUPS_H

#include "io/base/strings.h"
#include "io/hdf5/h5.h"
#include "io/ranks/comm.h"
#include "io/snapshot/snapshot.h"

enum { GROUPS_TOP = 20 };

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
  const int64_t *size;   /* [n_groups]: rows whose first group it is */
  const lid *top_items;  /* (n_groups, GROUPS_TOP): what it loves more than others do; -1 where there is no more */
  const strings *labels; /* [n_groups] */
  const h5_attribute *attributes; /* on "/": inertia, metric, …; every rank passes the same */
  int n_attributes;
} groups_part;

/* The name of the file for a side: "groups.h5" or "item_groups.h5". */
const char *groups_file(side s);

/* Writes DIR/groups.h5 whole or not at all, over one that is there. Collective; agreed status. */
status groups_write(comm *c, const char *dir, side s, const groups_part *part);

/* What a warm start and a label need of another snapshot's groups: everything of (G, …), nothing of the members. */
typedef struct groups_table {
  lid n_groups;
  int factors, memberships;
  gid n_rows;
  real *centroid; /* (n_groups, factors) */
  int64_t *size;
  strings labels;
} groups_table;

/* Reads it: centroids are finite, sizes within 0 … n_rows. NO_INPUT where the snapshot has no groups, BAD_DATA. Local.
 * Free with groups_table_free. */
status groups_read(const char *dir, side s, groups_table *out);
void groups_table_free(groups_table *t);

/* First groups of rows first … first+count-1. Local. */
status groups_read_first(const char *dir, side s, gid first, gid count, lid *group);

#endif
