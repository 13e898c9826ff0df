/* From rows of factors to centres: how many groups there are, and k-means from several seeds, of which the best counts.
 *
 * Both keep what they have found so far at their edges (io/ranks/run_clock.h), and go on from there to the same bits on
 * any number of ranks. All functions are collective and return an agreed status. */
#ifndef PALATE_JOBS_GROUPS_GROUP_SEARCH_H
#define PALATE_JOBS_GROUPS_GROUP_SEARCH_H

#include "io/ranks/run_clock.h"
#include "io/snapshot/journal.h"
#include "jobs/groups/group_identity.h"
#include "jobs/groups/taste_rows.h"
#include "jobs/settings/group_settings.h"
#include "train/groups/kmeans.h"

/* Chooses the number of groups, into t->groups, and says how. STOPPED, BAD_DATA, NO_MEMORY. */
status group_search_number(comm *c, group_settings *t, const taste_rows *r, const edge_keep *keep, journal *j);

/* What came of the rounds, and the checkpoint it was kept in last. */
typedef struct group_found {
  kmeans_result result;
  int step;
  bool finished; /* group_search_finished was called after these very groups, in an earlier run */
} group_found;

/* Centres of t->groups groups into centre (G, k). Where the past has as many groups the seeds are theirs, and one run
 * is all. STOPPED, BAD_DATA, NO_MEMORY. */
status group_search_rounds(comm *c, const group_settings *t, const taste_rows *r, const group_past *past,
                           const edge_keep *keep, journal *j, real *centre, group_found *out);

/* What was to be made of the groups is made: a run that goes on need not do it again. */
status group_search_finished(comm *c, const group_settings *t, const taste_rows *r, const group_past *past,
                             const edge_keep *keep, real *centre, const group_found *found);

/* Removes what is kept. Local: rank 0. */
void group_search_forget(const char *dir);

#endif
