/* Groups from one snapshot to the next: a group of the same people keeps its number and its name.
 *
 * The parent's groups are carried over by their members, not by their centroids: the seed of a group is the mean of the
 * new factors of the people who were in it. So the new factors may be trained from the parent's or from a cold start
 * (with other axes). Lloyd's rounds start from these seeds. */
#ifndef PALATE_JOBS_GROUPS_GROUP_IDENTITY_H
#define PALATE_JOBS_GROUPS_GROUP_IDENTITY_H

#include "io/schema/groups.h"
#include "jobs/groups/taste_rows.h"

/* The parent's groups, and which of them each of our rows was in. */
typedef struct group_past {
  groups_table table; /* n_groups 0: no parent */
  lid *group;         /* [count of our rows]: first group in the parent, -1: not in the parent */
  int64_t known;      /* rows of all ranks that are in the parent */
} group_past;

/* Reads the groups of snapshot `parent` and matches its rows with ours by id. A parent that
 * has no groups of this side, or cannot be read, gives no past and a warning. Collective; agreed status. Free with
 * group_past_free. */
status group_past_read(comm *c, const char *parent, model *m, const taste_rows *r, group_past *out);
void group_past_free(group_past *p);

/* Seeds for as many groups as the parent had, in centre (G, k); unit as in kmeans_settings. A group without
 * people starts at its old centroid if that has k factors, else at 0, and is given a far point if it attracts nobody.
 * Collective; agreed status. */
status group_past_seeds(comm *c, const group_past *p, const taste_rows *r, bool unit, real *centre);

/* How groups changed since the parent. */
typedef struct group_changes {
  int64_t known; /* rows that were in the parent */
  int64_t moved; /* of those, rows whose first group has changed */
  int64_t newcomers;
  lid kept;   /* groups of the same people */
  bool *same; /* [G]: which those are: at least half of the group's old people are still in it, and they are at least
                 half of its people who were in the parent */
} group_changes;

/* first[i] is the first group of our row i. Collective; agreed status. Free with group_changes_free. */
status group_changes_count(comm *c, const group_past *p, const taste_rows *r, const lid *first, lid n_groups,
                           group_changes *out);
void group_changes_free(group_changes *g);

#endif
