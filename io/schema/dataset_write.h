/* Writing a dataset file, by all ranks. */
#ifndef PALATE_IO_SCHEMA_DATASET_WRITE_H
#define PALATE_IO_SCHEMA_DATASET_WRITE_H

#include "io/base/strings.h"
#include "io/ranks/comm.h"

typedef struct dataset_source {
  const char *path;
  char sha256[65];
} dataset_source;

/* What goes into a dataset, this rank's part of it. Users and items are contiguous ranges, in rank order. */
typedef struct dataset_part {
  gid n_users, n_items; /* of the whole dataset */
  off n_events;         /* of the whole dataset */
  gid first_user, user_count;
  off first_event;
  const off *indptr; /* [user_count + 1], indptr[0] = first_event, global offsets */
  const lid *item;   /* global item rows; within a user ordered by time, then as in the sources */
  const real *value;
  const int64_t *time; /* NULL on all ranks where there are none */
  gid first_item, item_count;
  strings user_ids;              /* of our users; .width is agreed on by the writer */
  strings item_ids;              /* of our items */
  strings titles, tags;          /* of our items; n = 0 on all ranks where there are none */
  strings user_names;            /* of our users; n = 0 on all ranks where there are none */
  const dataset_source *sources; /* rank 0 */
  int n_sources;
} dataset_part;

/* Writes the dataset whole or not at all. Collective; returns the agreed status. */
status dataset_write(comm *c, const char *path, const dataset_part *part);

#endif
