/* Resuming a stopped or killed run in the unsealed snapshot it left, from its checkpoints.
 *
 * The snapshot's resume.json has the key of the run: its data and the options that change the model. A run with an
 * equal key takes the snapshot over, and ends with the same bits as a run that was never stopped, on any number of
 * ranks. */
#ifndef PALATE_JOBS_STEPS_RESUME_H
#define PALATE_JOBS_STEPS_RESUME_H

#include "io/ranks/comm.h"
#include "io/snapshot/snapshot.h"
#include "jobs/settings/resume_settings.h"

typedef struct resume resume;

/* The key: two runs with equal keys train the same model, but for the number of sweeps. `digest` is the data's, `warm`
 * the id of the snapshot that training starts from, "" for a cold start. NULL: no memory. Free with json_decref.
 * Local. */
json_t *resume_key(const resume_settings *settings, const char *digest, const char *warm);

/* Finds the snapshot to work in: one that a run with an equal key left in the folder (--resume auto), the one named by
 * --resume PATH, or a new one. No other run takes it while this one lasts. dir[SNAPSHOT_PATH_MAX]. Collective; agreed
 * status. BAD_DATA, naming the difference, if the snapshot of --resume PATH has another key. Free with resume_end. */
status resume_begin(comm *c, const resume_settings *settings, const char *snapshots, const char *digest,
                    const char *warm, char *dir, resume **out);

/* Removes resume.json: nothing is left to resume. Local: rank 0. */
void resume_done(const char *dir);

void resume_end(resume *r); /* NULL is accepted */

/* Keeps other runs out of the directory while the process lives and *fd is open. Returns false if another run is using
 * it. Local: rank 0. */
bool resume_claim(const char *dir, int *fd);

#endif
