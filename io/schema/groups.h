/* groups.h5 of a snapshot: taste groups and who is in them (item_groups.h5 for groups of items). Reading; see
 * io/schema/groups_write.h for writing. */
#ifndef PALATE_IO_SCHEMA_GROUPS_H
#define PALATE_IO_SCHEMA_GROUPS_H

#include "io/base/strings.h"
#include "io/hdf5/h5.h"

enum { GROUPS_TOP = 20 };

/* The name of the file for a side: "groups.h5" or "item_groups.h5". */
const char *groups_file(side s);

/* Where the rows' groups and affinities stand in it. */
const char *groups_row_path(side s);
const char *groups_affinity_path(side s);

typedef struct groups groups;

/* Opens DIR's groups of a side and checks types and shapes. NO_INPUT where the snapshot has none, BAD_DATA. Local. */
status groups_open(const char *dir, side s, groups **out);
void groups_close(groups *g); /* NULL is accepted */

h5_file *groups_h5(groups *g); /* for what this interface does not cover */
lid groups_count(const groups *g);
int groups_memberships(const groups *g);
gid groups_rows(const groups *g);

/* The groups of rows first … first+count-1, nearest first: group (count, memberships), each from 0 to groups_count - 1,
 * or -1 where there are fewer groups than memberships. BAD_DATA. Local. */
status groups_read_rows(groups *g, gid first, gid count, lid *group);
/* How much of a row's taste each of them is, (count, memberships), between 0 and 1. BAD_DATA. Local. */
status groups_read_affinities(groups *g, gid first, gid count, real *affinity);

/* The label of a group, or of all. Allocates; free with strings_free. Local. */
status groups_read_labels(groups *g, lid first, lid count, strings *out);
/* Rows whose first group it is; within 0 … groups_rows. BAD_DATA. Local. */
status groups_read_sizes(groups *g, lid first, lid count, int64_t *size);
/* Item rows that the group loves more than others do, best first; -1 where there are no more. Rows of items a model of
 * n_items does not have are BAD_DATA. Local. */
status groups_read_top(groups *g, lid group, gid n_items, lid items[GROUPS_TOP]);

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
