/* The dataset file: events of users in CSR, ids, titles and tags (/interactions, /users, /items). Reading; see
 * io/schema/dataset_write.h for writing. */
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
/* The row of an id, or -1 in *row where there is none; see io/schema/find_id.h. Local. */
status dataset_find_id(dataset *d, side s, const char *id, gid *row);

#endif
