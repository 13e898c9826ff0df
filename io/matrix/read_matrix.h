/* Reads events from matrices: HDF5 groups with data, indices and indptr (anndata, data sets of `implicit`, datasets of
 * palate), dense datasets of HDF5, and sparse matrices of SciPy (.npz). */
#ifndef PALATE_IO_MATRIX_READ_MATRIX_H
#define PALATE_IO_MATRIX_READ_MATRIX_H

#include "io/matrix/matrix.h"
#include "io/ranks/comm.h"
#include "io/text/events.h"
#include "io/text/id_table.h"

/* Finds the matrix in a .npz or in HDF5. Local. BAD_DATA, USAGE, IO_FAILED; the message says what was looked for. */
status matrix_find(const char *path, bool npz, const matrix_wish *wish, matrix *out);

/* Appends this rank's share of the events to `to`; the list and both tables must be empty. Every rank must call it, but
 * it is local. BAD_DATA says what is broken. */
status matrix_read(const comm *c, const char *path, const matrix *m, id_table *users, id_table *items, events *to);

#endif
