/* The steps that make a snapshot: training and grouping.
 *
 * Each takes its settings, works in the snapshot directory `dir`, and writes lines to the journal (NULL on ranks
 * without one). When the clock says so, it writes a checkpoint into dir, or leaves with a checkpoint and STOPPED; the
 * same call then resumes from it, on any number of ranks. Collective; agreed status. */
#ifndef PALATE_JOBS_STEPS_STEPS_H
#define PALATE_JOBS_STEPS_STEPS_H

#include "io/ranks/comm.h"
#include "io/ranks/run_clock.h"
#include "io/snapshot/journal.h"
#include "jobs/settings/group_settings.h"
#include "jobs/settings/resume_settings.h"
#include "jobs/settings/train_settings.h"

/* Trains on the file `dataset` and writes DIR/FILE: MODEL_FILE, or MEASURED_FILE if a refit follows. `warm` is the
 * snapshot to start from, "" for a cold start. Resumes from a checkpoint in dir, and does nothing if the file is there.
 */
status job_train(comm *c, const train_settings *settings, const char *dataset, const char *dir, const char *file,
                 const char *warm, run_clock *clock, journal *j);

/* Trains on all events, those held out too: a few sweeps from DIR/MEASURED_FILE, into DIR/MODEL_FILE. Resumes from a
 * checkpoint in dir, and does nothing if the file is there. */
status job_refit(comm *c, const train_settings *settings, const char *dataset, const char *dir, run_clock *clock,
                 journal *j);

/* Opens the file `dataset` and checks that its pairs can be held out as the settings say, before anything is made.
 * digest[TRAIN_DIGEST_MAX] is that of the data. Collective; agreed status: USAGE if the hold-out needs times and there
 * are none. */
enum { TRAIN_DIGEST_MAX = 65 };
status train_check_data(comm *c, const train_settings *settings, const char *dataset, char *digest);

/* Does the whole of `palate train`: checks the data, begins a snapshot in the folder `snapshots` or resumes one (its
 * path is in dir[SNAPSHOT_PATH_MAX]), and trains. `warm_start` is as for warm_find. */
status train_snapshot(comm *c, const train_settings *settings, const resume_settings *resuming, const char *warm_start,
                      const char *dataset, const char *snapshots, run_clock *clock, char *dir);

/* Groups the members (or items) of DIR/model.h5 and writes DIR/groups.h5 (item_groups.h5). With `dataset` (may be NULL)
 * groups are named by what their members consumed; with the snapshot `parent` (may be NULL) groups start from its
 * groups. Does nothing if the checkpoint says that this very work is done and the file is there. The caller removes
 * that checkpoint, with job_cluster_done, when nothing is left to resume. */
status job_cluster(comm *c, const group_settings *settings, const char *dataset, const char *parent, const char *dir,
                   run_clock *clock, journal *j);

/* Does the whole of `palate cluster` in a snapshot that is there: USAGE if it is sealed, CANNOT_CREATE if another run
 * is using it. `dataset` NULL: the one that the model was trained on, if it can be read and has not changed. */
status cluster_snapshot(comm *c, const group_settings *settings, const char *dataset, const char *parent,
                        const char *dir, run_clock *clock);

/* Removes the checkpoints of the groups of dir. Local: rank 0. */
void job_cluster_done(const char *dir);

#endif
