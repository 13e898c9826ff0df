/* Going on where a run was stopped or killed: the unsealed snapshot it left, with its checkpoints.
 *
 * resume.json in it says what was being trained on what. A run with the same data and settings takes it over and ends
 * with the same bits as if nothing had happened, on any number of ranks. */
#ifndef PALATE_JOBS_RESUME_H
#define PALATE_JOBS_RESUME_H

#include "io/comm.h"
#include "io/snapshot.h"
#include "jobs/options.h"

/* The options it reads; a command that trains must take them: */
#define RESUME_OPTIONS                                                                                                 \
  {"resume", NULL}, {"checkpoint-every", NULL}, {                                                                      \
    "time-limit", NULL                                                                                                 \
  }

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

/* --- when to write a checkpoint, and when to stop --- */

typedef struct resume_clock {
  int every_sweeps;              /* 0: by time */
  double every_seconds, limit;   /* 0: never, none */
  double started, last, longest; /* seconds_now(): of the run, of the last checkpoint; the longest sweep */
} resume_clock;

/* Reads --checkpoint-every and --time-limit; the run began at `started`. USAGE. Local. */
status resume_clock_start(const options *o, double started, resume_clock *out);

typedef enum resume_choice { RESUME_GO_ON, RESUME_CHECKPOINT, RESUME_STOP } resume_choice;

/* What to do at the end of a sweep that took so many seconds: a signal or the time limit stops. The same on all ranks.
 * Collective. */
resume_choice resume_choose(comm *c, resume_clock *clock, int sweep, double seconds);

/* The message of a run that was stopped: STOPPED, and what to type. Local. */
status resume_stopped(const char *when, const char *dir);

#endif
