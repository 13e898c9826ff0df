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

/* Replaces the initial factors of all items that the snapshot `warm` knows, and of all users whose events it has
 * learned from, by its factors; the others keep theirs and are solved like all. Starts cold, and says why, if the
 * snapshot has another loss or number of factors, or was trained on pairs that are held out now. Collective; agreed
 * status. */
status warm_start(comm *c, const char *warm, dataset *d, const holdout *h, als *a, int factors, bool explicit_loss);

#endif
