/* Writes an HDF5 file with all ranks, completely or not at all.
 *
 * Rank 0 lays the file out under a temporary name beside the target (h5_layout), every rank writes its slabs with
 * pwrite, and the commit computes block checksums, verifies the file, syncs it, renames it, and syncs the folder. Until
 * the rename the target does not change. All ranks must share the file system. */
#ifndef PALATE_IO_HDF5_STORE_H
#define PALATE_IO_HDF5_STORE_H

#include "io/hdf5/h5.h"
#include "io/ranks/comm.h"

typedef struct store store;

/* Lays the file out, and makes the folders it lies in. Every rank must pass the same columns; attributes are used on
 * rank 0 only. Collective; agreed status: CANNOT_CREATE, IO_FAILED (also if the file needs more space than is free),
 * NO_MEMORY. */
status store_create(comm *c, const char *path, const h5_column *columns, int n_columns, const h5_attribute *attributes,
                    int n_attributes, store **out);

/* Writes rows first … first+count-1 of a column, in the column's type and row-major. Any rank, in any order, each row
 * once. Local. IO_FAILED. */
status store_put(store *s, int column, off first, off count, const void *rows);

/* The same for texts of another width, padded or cut to the column's `width`. Local. IO_FAILED, NO_MEMORY. */
status store_put_texts(store *s, int column, off first, const strings *texts, int width);

/* Bytes of the longest text on any rank, at least 1. Collective. */
int store_text_width(comm *c, const strings *texts);

enum { STORE_CREATED_MAX = 32 };
/* Writes the time of creation for a new file to out[STORE_CREATED_MAX], ISO 8601 in UTC: now, or SOURCE_DATE_EPOCH if
 * set, so that equal content can give equal files. Local. */
void store_created(char *out);

/* Completes the file. `mine` is this rank's status so far: if any rank failed, the temporary file is removed and that
 * status returned. Frees s in any case. Collective; agreed status. */
status store_commit(store *s, status mine);

#endif
