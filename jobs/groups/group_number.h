/* How many groups: the number asked for, the parent's, or with --groups auto one that a reader can tell apart. */
#ifndef PALATE_JOBS_GROUPS_GROUP_NUMBER_H
#define PALATE_JOBS_GROUPS_GROUP_NUMBER_H

#include "io/ranks/run_clock.h"
#include "io/snapshot/journal.h"
#include "jobs/groups/group_identity.h"
#include "jobs/groups/taste_rows.h"
#include "jobs/settings/group_settings.h"

typedef struct group_number {
  lid groups;         /* >= 1 */
  lid least;          /* merging stops at this number */
  int64_t least_size; /* groups of fewer rows with events are to be merged; 0: none, the number was given */
  bool follows;       /* auto keeps the parent's number */
  bool any;           /* some row has events; if not, there is one group, without a centre */
  bool firm;          /* fail rather than make fewer groups */
} group_number;

/* The least size of a group that auto makes: --least-group, else 0.5 % of the rows with events, and at least 25. */
int64_t group_least_size(const group_settings *s, const taste_rows *r);

/* Chooses the number and logs how: --groups G; else the parent's number (of `parent`, in `past`); else by likelihood
 * (train/groups/choose_number.h), at most 60 up to 100,000 rows with events (more with their square root), at most one
 * for each least size, and at most one for three of n_items. Rows that cannot be told apart give fewer groups and a
 * warning, unless s->strict and the number or range was given. Collective; agreed status: STOPPED, NO_MEMORY; BAD_DATA
 * only if strict. */
status group_number_choose(comm *c, const group_settings *s, const taste_rows *r, gid n_items, const group_past *past,
                           const char *parent, const checkpoint_place *keep, journal *j, group_number *out);

#endif
