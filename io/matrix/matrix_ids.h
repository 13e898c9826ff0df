/* Ids of a matrix in HDF5: texts, integers, nullable texts and categoricals, as anndata and others write them. Local.
 */
#ifndef PALATE_IO_MATRIX_MATRIX_IDS_H
#define PALATE_IO_MATRIX_MATRIX_IDS_H

#include "io/hdf5/h5.h"
#include "io/matrix/matrix.h"

/* Whether the object is a vector of texts or integers, or a group that holds one as anndata encodes it. */
bool matrix_ids_are_at(h5_file *f, const char *path);

/* Finds how the ids at `path` are stored, and that there are `rows` of them (-1: any number). BAD_DATA says what is
 * there instead. */
status matrix_ids_find(h5_file *f, const char *path, off rows, matrix_ids *out);

/* The same for the index of a data frame of anndata, such as /obs. */
status matrix_ids_find_frame(h5_file *f, const char *frame, off rows, matrix_ids *out);

/* Reads all ids: BAD_DATA if one is missing, empty, too long, or there twice. */
status matrix_ids_check(h5_file *f, const matrix_ids *ids);

/* Fails with BAD_DATA if the object has an attribute encoding-type that is not among `types` ("a|b"), or an
 * encoding-version of it that palate does not know. */
status matrix_check_encoding(h5_file *f, const char *path, const char *types);

typedef struct matrix_ids_reader {
  h5_file *f; /* not owned */
  const matrix_ids *ids;
  strings categories;
} matrix_ids_reader;

/* Begin with {.f, .ids}. Reads the ids of rows first … first + count - 1, each of 1 … ID_MAX bytes. Allocates; free
 * with strings_free. BAD_DATA as matrix_ids_check. */
status matrix_ids_read(matrix_ids_reader *r, off first, off count, strings *out);
void matrix_ids_reader_free(matrix_ids_reader *r);

#endif
