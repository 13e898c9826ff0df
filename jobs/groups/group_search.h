/* From rows of factors to centres: the best of several k-means runs.
 *
 * It writes checkpoints (io/ranks/run_clock.h) and resumes from them to the same bits on any number of ranks. All
 * functions are collective and return an agreed status. */
#ifndef PALATE_JOBS_GROUPS_GROUP_SEARCH_H
#define PALATE_JOBS_GROUPS_GROUP_SEARCH_H

#include "io/ranks/run_clock.h"
#include "io/snapshot/journal.h"
#include "jobs/groups/group_identity.h"
#include "jobs/groups/taste_rows.h"
#include "jobs/settings/group_settings.h"
#include "train/groups/kmeans.h"

/* The result of the rounds, and their last checkpoint. */
typedef struct group_found {
  kmeans_result result;
  int step;
  bool finished; /* an earlier run called group_search_finished for these groups */
} group_found;

/* Centres of t->groups groups into centre (G, k). If the past has as many groups, there is one run, from their
 * seeds. STOPPED, BAD_DATA, NO_MEMORY. */
status group_search_rounds(comm *c, const group_settings *t, const taste_rows *r, const group_past *past,
                           const checkpoint_place *keep, journal *j, real *centre, group_found *out);

/* Marks the groups as written, for a resumed run to skip this step. */
status group_search_finished(comm *c, const group_settings *t, const taste_rows *r, const group_past *past,
                             const checkpoint_place *keep, real *centre, const group_found *found);

/* Removes the checkpoints. Local: rank 0. */
void group_search_forget(const char *dir);

#endif
