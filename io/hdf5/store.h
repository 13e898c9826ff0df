/* An HDF5 file written by all ranks, whole or not at all.
 *
 * Rank 0 lays the file out under a temporary name beside the target (h5_layout), every rank puts its slabs with pwrite,
 * and the commit computes block checksums, reopens and verifies, syncs, renames, and syncs the folder. Until the rename
 * nothing is at the target; what was there before stays. Needs a file system that all ranks share. */
#ifndef PALATE_IO_HDF5_STORE_H
#define PALATE_IO_HDF5_STORE_H

#include "io/hdf5/h5.h"
#include "io/ranks/comm.h"

typedef struct store store;

/* Collective; columns and attributes matter on rank 0 for their content, but every rank must pass the same columns.
 * CANNOT_CREATE, or IO_FAILED where the file system has less free space than the file needs; agreed on all ranks. */
status store_create(comm *c, const char *path, const h5_column *columns, int n_columns, const h5_attribute *attributes,
                    int n_attributes, store **out);

/* Rows first … first+count-1 of column i, in the column's own type and row-major. Local; any rank, any order, each row
 * once. IO_FAILED where the disk refuses. */
status store_put(store *s, int column, off first, off count, const void *rows);

/* The same for texts of another width, padded or cut to the column's `width`. Local. */
status store_put_texts(store *s, int column, off first, const strings *texts, int width);

/* Bytes of the longest text of all ranks, at least 1: a width that does not depend on their number. Collective. */
int store_text_width(comm *c, const strings *texts);

enum { STORE_CREATED_MAX = 32 };
/* The time a new file says it was made, ISO 8601 in UTC: now, or what SOURCE_DATE_EPOCH says, so that equal content can
 * give equal files. out[STORE_CREATED_MAX]. Local. */
void store_created(char *out);

/* Collective. `mine` is this rank's status up to here: where any rank failed, the temporary file is removed and the
 * agreed status returned. Frees s in every case. */
status store_commit(store *s, status mine);

#endif
