/* The dataset file: events of users in CSR, ids, titles and tags (schema in formats: /interactions, /users, /items). */
#ifndef PALATE_IO_SCHEMA_DATASET_H
#define PALATE_IO_SCHEMA_DATASET_H

#include "io/base/strings.h"
#include "io/hdf5/h5.h"
#include "io/ranks/comm.h"

typedef struct dataset dataset;

/* Opens and validates what is cheap to validate (format, types, shapes, indptr[0] = 0 and its last = nnz). Collective;
 * each rank opens the file for itself; the status is agreed. Close with dataset_close. */
status dataset_open(comm *c, const char *path, dataset **out);
void dataset_close(dataset *d); /* local; NULL is accepted */

gid dataset_users(const dataset *d);
gid dataset_items(const dataset *d);
off dataset_events(const dataset *d);
bool dataset_has_time(const dataset *d);
bool dataset_has_titles(const dataset *d);
bool dataset_has_tags(const dataset *d);
/* sha256 of the dataset file's content digest attribute, as hex; identifies the data in manifests. Owned by d. */
const char *dataset_digest(const dataset *d);
const char *dataset_path(const dataset *d);
h5_file *dataset_file(dataset *d); /* for what this interface does not cover */

/* indptr[first … first+count] (count + 1 values) into out; checked: monotone, within 0 … nnz. Local. */
status dataset_read_indptr(dataset *d, gid first, gid count, off *out);

/* Events first … first+count-1 of the file: item rows (checked: 0 <= item < n_items), values (checked: finite), times
 * (only where the dataset has them; time may be NULL). Local. */
status dataset_read_events(dataset *d, off first, off count, lid *item, real *value, int64_t *time);

/* Ids of rows first … first+count-1 of a side. Allocates; free with strings_free. Local. */
status dataset_read_ids(dataset *d, side s, gid first, gid count, strings *out);
/* Titles and tags of items; *out has n = 0 where the dataset has none. Local. */
status dataset_read_titles(dataset *d, gid first, gid count, strings *out);
status dataset_read_tags(dataset *d, gid first, gid count, strings *out);
/* Names of users; *out has n = 0 where the dataset has none. Local. */
status dataset_read_user_names(dataset *d, gid first, gid count, strings *out);
bool dataset_has_user_names(const dataset *d);

/* --- writing --- */

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
  const lid *item;   /* global item rows; within a user ordered by time, then as the sources had them */
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
