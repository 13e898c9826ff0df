/* Going on where a run was stopped or killed: the unsealed snapshot it left, with its checkpoints.
 *
 * resume.json in it says what was being trained on what. A run with the same data and settings takes it over and ends
 * with the same bits as if nothing had happened, on any number of ranks. */
#ifndef PALATE_JOBS_STEPS_RESUME_H
#define PALATE_JOBS_STEPS_RESUME_H

#include "io/ranks/comm.h"
#include "io/ranks/run_clock.h"
#include "io/snapshot/snapshot.h"
#include "jobs/cli/options.h"

/* The options it reads; a command that trains must take them. What only groups or measures has one snapshot to go on
 * in, and takes EDGE_OPTIONS: */
#define EDGE_OPTIONS                                                                                                   \
  {.name = "checkpoint-every"}, {                                                                                      \
    .name = "time-limit"                                                                                               \
  }
#define RESUME_OPTIONS {.name = "resume"}, EDGE_OPTIONS

typedef struct resume resume;

/* What is being trained, on what: two runs with equal keys end with the same bits, but for the number of sweeps. NULL
 * where memory is out. Free with json_decref. Local. */
json_t *resume_key(const options *o, const char *digest, const char *warm);

/* The snapshot to work in: one that a run with these options on this data left in the folder (--resume auto), the one
 * named by --resume PATH, or a new one. Nobody else takes it while the run lasts. `digest` is the data's; `warm` the id
 * of the snapshot that training starts from, "" for none. dir[SNAPSHOT_PATH_MAX]. Collective; agreed status. BAD_DATA
 * where --resume PATH was made from other data or settings, and says which. Free with resume_end. */
status resume_begin(comm *c, const options *o, const char *snapshots, const char *digest, const char *warm, char *dir,
                    resume **out);

/* The snapshot needs no resuming any more: its resume.json goes. Local: rank 0. */
void resume_done(const char *dir);

void resume_end(resume *r); /* NULL is accepted */

/* Keeps others out of the directory for as long as we live, or *fd is open. False where somebody is at work in it.
 * Local: rank 0. */
bool resume_claim(const char *dir, int *fd);

/* Reads --checkpoint-every and --time-limit; the run began at `started`. USAGE. Local. */
status resume_clock_start(const options *o, double started, edge_clock *out);

#endif
