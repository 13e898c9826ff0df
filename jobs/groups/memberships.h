/* The groups of each row, and how large groups are. */
#ifndef PALATE_JOBS_GROUPS_MEMBERSHIPS_H
#define PALATE_JOBS_GROUPS_MEMBERSHIPS_H

#include "jobs/groups/taste_rows.h"
#include "jobs/settings/group_settings.h"

typedef struct grouping {
  int m;
  lid *group;     /* (count, m) */
  lid *first;     /* [count]: group of each row */
  real *dist2;    /* (count, m) */
  real *affinity; /* (count, m) */
  int64_t *size;  /* [G], over all ranks: rows with events */
  double temperature;
} grouping;

/* The s->memberships nearest of the s->groups centres (G, k) for all of our rows. A row without events has nearest
 * groups too, but counts in no size. Collective; agreed status: NO_MEMORY. Free with grouping_free. */
status memberships_find(comm *c, const group_settings *s, const taste_rows *r, const real *centre, grouping *out);
void grouping_free(grouping *g);

#endif
