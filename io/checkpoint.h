/* Factors half way through a training, on disk: a shard for each rank, and a marker that makes them one checkpoint.
 *
 * They lie in the snapshot that is being made: checkpoint-SWEEP.RANK, raw floats, and checkpoint-SWEEP.json, which
 * names every shard with its rows and checksum and is written last, so a checkpoint without it does not exist. The last
 * two are kept. A checkpoint is read on any number of ranks. */
#ifndef PALATE_IO_CHECKPOINT_H
#define PALATE_IO_CHECKPOINT_H

#include "io/comm.h"

#include <jansson.h>

/* One side of the model: this rank's rows, in memory that the caller owns. */
typedef struct checkpoint_side {
  gid n;            /* rows on all ranks */
  gid first, count; /* ours, contiguous in rank order */
  real *rows;       /* (count, ld) */
  real *bias;       /* [count], or NULL on all ranks */
} checkpoint_side;

typedef struct checkpoint {
  int factors;
  off ld;
  checkpoint_side sides[2];
} checkpoint;

/* Writes the checkpoint of a sweep, then removes all but the last two. `state` (rank 0; borrowed) is kept with it.
 * Collective; agreed status. IO_FAILED where the disk is full: what was written of this one is removed, earlier ones
 * stay. */
status checkpoint_write(comm *c, const char *dir, int sweep, const json_t *state, const checkpoint *p);

/* Fills in the rows of the newest whole checkpoint in dir of at most sweep `most`; one that is damaged or of another
 * shape is warned of and the one before taken. *sweep is 0 where there is none to take; the rows are then of no use.
 * *state (all ranks) is to be freed with json_decref. Collective; agreed status. */
status checkpoint_read(comm *c, const char *dir, int most, const checkpoint *p, int *sweep, json_t **state);

/* Whether a file name is that of a shard or marker. */
bool checkpoint_is_file(const char *name);

/* Removes all checkpoints of dir. Local: rank 0. */
void checkpoint_remove(const char *dir);

#endif
