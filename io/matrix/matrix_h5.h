/* Finds and reads matrices in HDF5 files: data sets of `implicit`, anndata (sparse and dense), datasets of palate. */
#ifndef PALATE_IO_MATRIX_MATRIX_H5_H
#define PALATE_IO_MATRIX_MATRIX_H5_H

#include "io/hdf5/h5.h"
#include "io/matrix/matrix.h"

/* Finds the matrix and its ids, which are checked. Local. BAD_DATA, USAGE; the message says what was looked for. */
status matrix_h5_find(const char *path, const matrix_wish *wish, matrix *out);

/* Reads one part of several, in the order of the file. Local. */
typedef struct matrix_h5_reader matrix_h5_reader;
/* Opens part `part` of `parts` and checks what is to be checked in it. Free also after a failure. */
status matrix_h5_open(const char *path, const matrix *m, bool with_time, int part, int parts, matrix_h5_reader **out);
/* Fills the slab; n = 0 at the end. BAD_DATA says what is broken. */
status matrix_h5_next(matrix_h5_reader *r, matrix_slab *slab);
h5_file *matrix_h5_file(matrix_h5_reader *r);
void matrix_h5_close(matrix_h5_reader *r);

#endif
