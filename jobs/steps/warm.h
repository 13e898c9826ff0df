/* Warm start: training begins with the factors of an earlier snapshot, matched by id. */
#ifndef PALATE_JOBS_STEPS_WARM_H
#define PALATE_JOBS_STEPS_WARM_H

#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "io/snapshot/resolve.h"
#include "jobs/settings/holdout.h"
#include "train/als/als.h"

/* The snapshot to start from. `how` is --warm-start: "never", "auto" (the published one of the folder, if there is one)
 * or a path. warm[SNAPSHOT_PATH_MAX] is "" for a cold start. Collective; agreed status. BAD_DATA if the path is not
 * that of a sealed snapshot. */
status warm_find(comm *c, const char *how, const char *snapshots, char *warm);

/* The file of the snapshot `warm` to start from: a refit model has seen what is held out, so with a hold-out it is the
 * measured one. Collective. */
const char *warm_file(comm *c, const char *warm, const holdout *h);

/* Replaces the initial factors of all users and items that the snapshot's FILE knows by its factors; the others keep
 * theirs and are solved like all. Starts cold, and says why, if the model has another loss or number of factors, or
 * was trained on pairs that are held out now. Collective; agreed status. */
status warm_start(comm *c, const char *warm, const char *file, dataset *d, const holdout *h, als *a, int factors,
                  bool explicit_loss);

#endif
