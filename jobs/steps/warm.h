/* Warm start: last night's factors as tonight's first ones, by id. */
#ifndef PALATE_JOBS_STEPS_WARM_H
#define PALATE_JOBS_STEPS_WARM_H

#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "io/snapshot/resolve.h"
#include "jobs/cli/options.h"
#include "jobs/settings/holdout.h"
#include "train/als/als.h"

/* The snapshot to start from, by --warm-start: `never`, `auto` (the published one of the folder, if there is one) or a
 * path. warm[SNAPSHOT_PATH_MAX] is "" for a cold start. Collective; agreed status. BAD_DATA where a path is given that
 * is no sealed snapshot. */
status warm_find(comm *c, const options *o, const char *snapshots, char *warm);

/* Puts the factors of the snapshot `warm` in the place of the first ones of all users and items that it knows; the
 * others keep theirs and are solved like all. Starts cold, and says why, where the snapshot has another loss or number
 * of factors, or was trained on pairs that are held out now. Collective; agreed status. */
status warm_start(comm *c, const char *warm, dataset *d, const holdout *h, als *a, int factors, bool explicit_loss);

#endif
