/* Writing model.h5 of a snapshot, by all ranks. */
#ifndef PALATE_IO_SCHEMA_MODEL_WRITE_H
#define PALATE_IO_SCHEMA_MODEL_WRITE_H

#include "io/base/strings.h"
#include "io/hdf5/h5.h"
#include "io/ranks/comm.h"

/* What model.h5 holds, this rank's part. Rows are contiguous ranges in rank order. Titles and tags may have n = 0. */
typedef struct model_part {
  const char *file; /* its name in the snapshot; NULL: model.h5 */
  gid n_users, n_items;
  int factors;
  gid first_user, user_count, first_item, item_count;
  off ld;                            /* distance between factor rows in memory, >= factors */
  const real *user_factors;          /* (user_count, ld) */
  const real *item_factors;          /* (item_count, ld) */
  const real *user_bias, *item_bias; /* NULL on all ranks: a model without biases */
  const int64_t *item_pairs;         /* training pairs of our items; NULL on all ranks: not written */
  const real *prior, *unseen;        /* (factors) each, the same on all ranks: model.h; NULL: no prior */
  strings user_ids, item_ids, titles, tags;
  const h5_attribute *attributes; /* on "/": loss, hyper-parameters, mean, hold-out rule, seed, sweeps, objective, … */
  int n_attributes;               /* every rank passes the same */
} model_part;

/* Writes the file in the folder `dir`, whole or not at all. Collective; agreed status. */
status model_write(comm *c, const char *dir, const model_part *part);

#endif
