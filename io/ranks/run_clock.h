/* The edges of a long job, where its work can be kept and it can be left: when to write a checkpoint, and when to stop.
 *
 * An edge is the end of a step: a sweep of training, a round of k-means, a batch of members measured. */
#ifndef PALATE_IO_RANKS_RUN_CLOCK_H
#define PALATE_IO_RANKS_RUN_CLOCK_H

#include "io/ranks/comm.h"

#include <jansson.h>

typedef struct edge_clock {
  int every_steps;             /* 0: by time */
  double every_seconds, limit; /* 0: never, none */
  double started, last;        /* seconds_now(): of the run, of the last checkpoint */
  double longest;              /* seconds: of a step of this phase */
  bool advanced;               /* a step was finished in this run, so that leaving is not for nothing */
} edge_clock;

typedef enum edge_choice { EDGE_GO_ON, EDGE_CHECKPOINT, EDGE_STOP } edge_choice;

/* Steps of another length begin. Local. */
void edge_phase(edge_clock *clock);

/* What to do at the end of a step (from 1) that took so many seconds: a signal stops, and so does a time limit that
 * another step like the longest would pass. The same on all ranks. Collective. */
edge_choice edge_choose(comm *c, edge_clock *clock, int step, double seconds);

/* Whether to leave between two phases, where there is nothing new to keep: a signal, or a time limit that is over in a
 * run that has done something. The same on all ranks. Collective. */
bool edge_late(comm *c, const edge_clock *clock);

/* The message of a run that was stopped: STOPPED, and what to type. dir NULL: nothing of it was kept. Local. */
status edge_stopped(const char *when, const char *dir);

/* Where a job keeps what it has done so far, for the same job to go on with. */
typedef struct edge_keep {
  const char *dir;   /* NULL: nowhere */
  const json_t *key; /* see io/snapshot/checkpoint.h */
  edge_clock *clock;
} edge_keep;

#endif
