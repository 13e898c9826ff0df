/* Decides at the end of each step of a long job whether to write a checkpoint, stop, or continue.
 *
 * A step is a sweep of training, a round of k-means, or a batch of users measured. */
#ifndef PALATE_IO_RANKS_RUN_CLOCK_H
#define PALATE_IO_RANKS_RUN_CLOCK_H

#include "io/ranks/comm.h"

#include <jansson.h>

typedef struct run_clock {
  int every_steps;             /* 0: by time */
  double every_seconds, limit; /* 0: never, none */
  double started, last;        /* seconds_now() at the start of the run, and at the last checkpoint */
  double longest;              /* seconds of the longest step of this phase */
  bool advanced;               /* this run has finished a step, so stopping makes progress */
} run_clock;

typedef enum run_clock_choice { CLOCK_CONTINUE, CLOCK_CHECKPOINT, CLOCK_STOP } run_clock_choice;

/* Begins a phase, whose steps may take another time. Local. */
void run_clock_phase(run_clock *clock);

/* What to do at the end of a step (from 1) that took `seconds`. A signal stops the run, and so does a time limit that
 * another step as long as the longest would exceed. The same on all ranks. Collective. */
run_clock_choice run_clock_step(comm *c, run_clock *clock, int step, double seconds);

/* Returns true if the run should stop between two phases: on a signal, or if the time limit has passed and the run has
 * finished a step. The same on all ranks. Collective. */
bool run_clock_is_late(comm *c, const run_clock *clock);

/* Returns STOPPED; the message says how to resume. dir is the snapshot; NULL: nothing was kept. Local. */
status run_clock_stopped(const char *when, const char *dir);

/* Where a job writes checkpoints to resume from. */
typedef struct checkpoint_place {
  const char *dir;   /* NULL: no checkpoints */
  const json_t *key; /* see io/snapshot/checkpoint.h */
  run_clock *clock;
} checkpoint_place;

#endif
