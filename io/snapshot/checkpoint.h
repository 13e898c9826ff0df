/* Work half done, on disk: a shard for each rank, and a marker that makes them one checkpoint.
 *
 * They lie in the snapshot that is being made: checkpoint-KIND-STEP.RANK, raw rows, and checkpoint-KIND-STEP.json,
 * which names every shard with its rows and checksum and is written last, so a checkpoint without it does not exist.
 * The last two of a kind are kept. A checkpoint is read on any number of ranks. */
#ifndef PALATE_IO_SNAPSHOT_CHECKPOINT_H
#define PALATE_IO_SNAPSHOT_CHECKPOINT_H

#include "io/ranks/comm.h"

#include <jansson.h>

enum { CHECKPOINT_TABLES_MAX = 64, CHECKPOINT_STEPS_MAX = 1000000000 };

/* Rows of one kind, in memory that the caller owns. */
typedef struct checkpoint_table {
  const char *name;
  gid n;             /* rows on all ranks */
  gid first, count;  /* ours: when writing, contiguous in rank order (what all have is one rank's); when reading, any */
  int64_t row_bytes; /* at most 2 MiB */
  int64_t stride;    /* bytes from row to row in memory */
  void *rows;        /* not changed by writing */
} checkpoint_table;

typedef struct checkpoint {
  const char *kind;  /* a word: what takes these steps */
  const json_t *key; /* what the work is done from and with: only a checkpoint with an equal key is read. NULL: any.
                        Borrowed; when reading, the same on all ranks */
  int n_tables;      /* at most CHECKPOINT_TABLES_MAX */
  checkpoint_table *tables;
} checkpoint;

/* Writes the checkpoint of a step (from 1), then removes all of its kind but the last two. `state` (rank 0; borrowed)
 * is kept with it. Collective; agreed status. IO_FAILED where the disk is full: what was written of this one is
 * removed, earlier ones stay. */
status checkpoint_write(comm *c, const char *dir, int step, const json_t *state, const checkpoint *p);

/* Fills in the rows of the newest whole checkpoint of its kind in dir of at most step `most`; one that is damaged, has
 * another key or other tables is warned of and the one before taken. *step is 0 where there is none to take; the rows
 * are then of no use. *state (all ranks) is to be freed with json_decref. Collective; agreed status. */
status checkpoint_read(comm *c, const char *dir, int most, const checkpoint *p, int *step, json_t **state);

/* Whether a file name is that of a shard or marker of any kind. */
bool checkpoint_is_file(const char *name);

/* Removes all checkpoints of a kind from dir. Local: rank 0. */
void checkpoint_remove(const char *dir, const char *kind);

#endif
