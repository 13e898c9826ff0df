/* The work behind the commands that `refresh` strings together. Each takes its settings from the options of the command
 * that runs it (which must list the names it reads), works in the snapshot directory `dir`, and writes lines to the
 * journal (NULL on ranks without one). Where the clock says so it writes a checkpoint into dir, or leaves with one and
 * STOPPED; the same call goes on from it, on any number of ranks. All are collective and return an agreed status. */
#ifndef PALATE_JOBS_STEPS_STEPS_H
#define PALATE_JOBS_STEPS_STEPS_H

#include "io/ranks/comm.h"
#include "io/ranks/run_clock.h"
#include "io/snapshot/journal.h"
#include "jobs/cli/options.h"

/* Trains on `dataset` and writes DIR/model.h5; `warm` is the snapshot to start from, "" for a cold start. Goes on from
 * a checkpoint in dir, and does nothing where model.h5 is there already. */
status job_train(comm *c, const options *o, const char *dataset, const char *dir, const char *warm, edge_clock *clock,
                 journal *j);

/* Groups the members (or items) of DIR/model.h5 and writes DIR/groups.h5; `dataset` (may be NULL) names groups better.
 * Groups go on from those of the snapshot `parent` (may be NULL). Does nothing where the checkpoint says that this very
 * work is done and the file is there: what keeps no snapshot for long removes it with job_cluster_done. */
status job_cluster(comm *c, const options *o, const char *dataset, const char *parent, const char *dir,
                   edge_clock *clock, journal *j);

/* The groups of dir need no resuming any more: their checkpoints go. Local: rank 0. */
void job_cluster_done(const char *dir);

#endif
