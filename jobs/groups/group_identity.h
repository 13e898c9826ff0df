/* Groups from night to night: a group that is the same people keeps its number and its name.
 *
 * Yesterday's groups are carried over by their members, not by their centroids: the seed of a group is the mean of
 * today's factors of the people who were in it, so that it does not matter whether today's factors were trained from
 * yesterday's or anew (then their axes are others). Lloyd's rounds go on from there. */
#ifndef PALATE_JOBS_GROUPS_GROUP_IDENTITY_H
#define PALATE_JOBS_GROUPS_GROUP_IDENTITY_H

#include "io/schema/groups.h"
#include "jobs/groups/taste_rows.h"

/* The parent's groups, and which of them each of our rows was in. */
typedef struct group_past {
  groups_table table; /* n_groups 0: there is no past */
  lid *group;         /* [count of our rows]: first group in the parent, -1 for who is new */
  int64_t known;      /* rows of all ranks that are not new */
} group_past;

/* Reads the groups of snapshot `parent` and matches its rows with ours by id. A parent without groups of this side, or
 * that cannot be read, gives no past, and a warning says why. Collective; agreed status. Free with group_past_free. */
status group_past_read(comm *c, const char *parent, model *m, const taste_rows *r, group_past *out);
void group_past_free(group_past *p);

/* Seeds for as many groups as the parent had, in centre (G, k); unit as in kmeans_config. A group none of whose people
 * is left starts at its old centroid where that has k factors, else at 0, and will be given a far point if it attracts
 * nobody. Collective; agreed status. */
status group_past_seeds(comm *c, const group_past *p, const taste_rows *r, bool unit, real *centre);

/* What became of the groups. */
typedef struct group_changes {
  int64_t known; /* rows that were in the parent */
  int64_t moved; /* of those, whose first group is another now */
  int64_t newcomers;
  lid kept;   /* groups that are the same people */
  bool *same; /* [G]: which those are: at least half of the group's old people are still in it, and at least half of
                 its people who were here before come from it */
} group_changes;

/* first[i] is the first group of our row i. Collective; agreed status. Free with group_changes_free. */
status group_changes_count(comm *c, const group_past *p, const taste_rows *r, const lid *first, lid n_groups,
                           group_changes *out);
void group_changes_free(group_changes *g);

#endif
