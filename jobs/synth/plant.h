/* Planted datasets, made and written by all ranks. */
#ifndef PALATE_JOBS_SYNTH_PLANT_H
#define PALATE_JOBS_SYNTH_PLANT_H

#include "io/ranks/comm.h"
#include "jobs/synth/planted.h"

/* What this rank makes: users first_user … first_user + users - 1 and items likewise. */
typedef struct planted_share {
  gid first_user, users, first_item, items;
  off *indptr; /* [users + 1], of all ranks' events */
  lid *item;
  real *value;
  int64_t *time;
} planted_share;

/* Makes this rank's share of `events` events. The items' factors are kept in a table if that takes at most table_limit
 * bytes. Collective; agreed status. Free with planted_share_free, after a failure too. */
status planted_share_make(comm *c, const planted *w, off events, int64_t table_limit, planted_share *out);
void planted_share_free(planted_share *s);

/* Writes the dataset of all ranks' shares. Collective; agreed status. */
status plant_dataset(comm *c, const planted *w, off events, const planted_share *s, const char *path);

#endif
