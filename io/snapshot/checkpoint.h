/* Checkpoints: the state of a job on disk, to resume from.
 *
 * A checkpoint is in the folder of the unfinished snapshot. Each rank writes a shard of raw rows,
 * checkpoint-KIND-STEP.RANK. The marker checkpoint-KIND-STEP.json lists every shard with its rows and checksum; it is
 * written last, so a checkpoint without it does not exist. The last two of a kind are kept. A checkpoint can be read on
 * any number of ranks. */
#ifndef PALATE_IO_SNAPSHOT_CHECKPOINT_H
#define PALATE_IO_SNAPSHOT_CHECKPOINT_H

#include "io/ranks/comm.h"

#include <jansson.h>

enum { CHECKPOINT_TABLES_MAX = 64, CHECKPOINT_STEPS_MAX = 1000000000 };

/* Rows of one kind, in memory that the caller owns. */
typedef struct checkpoint_table {
  const char *name;
  gid n;             /* rows on all ranks */
  gid first, count;  /* this rank's rows. Writing: contiguous in rank order, each row by one rank. Reading: any rows */
  int64_t row_bytes; /* at most 2 MiB */
  int64_t stride;    /* bytes from row to row in memory */
  void *rows;        /* not changed by writing */
} checkpoint_table;

typedef struct checkpoint {
  const char *kind;  /* a word that names the job's phase */
  const json_t *key; /* inputs and settings of the job: only a checkpoint with an equal key is read. NULL: any key.
                        Borrowed; when reading, the same on all ranks */
  int n_tables;      /* at most CHECKPOINT_TABLES_MAX */
  checkpoint_table *tables;
} checkpoint;

/* Writes the checkpoint of a step (from 1) with `state` (rank 0; borrowed), then removes all of its kind but the last
 * two. Collective; agreed status. IO_FAILED if the disk is full: the incomplete checkpoint is removed, earlier ones
 * stay. */
status checkpoint_write(comm *c, const char *dir, int step, const json_t *state, const checkpoint *p);

/* Reads the rows of the newest checkpoint of its kind in dir, of step `most` at most. A checkpoint that is damaged or
 * has another key or other tables is skipped with a warning. *step becomes its step, or 0 if there is none; the rows
 * are then undefined. Free *state (all ranks) with json_decref. Collective; agreed status. */
status checkpoint_read(comm *c, const char *dir, int most, const checkpoint *p, int *step, json_t **state);

/* Returns true if a file name is that of a shard or marker of any kind. */
bool checkpoint_is_file(const char *name);

/* Removes all checkpoints of a kind from dir. Local: rank 0. */
void checkpoint_remove(const char *dir, const char *kind);

#endif
