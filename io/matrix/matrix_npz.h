/* Finds and reads sparse matrices of SciPy (scipy.sparse.save_npz): csr, csc and coo. Ids are numbers from 0. */
#ifndef PALATE_IO_MATRIX_MATRIX_NPZ_H
#define PALATE_IO_MATRIX_MATRIX_NPZ_H

#include "io/matrix/matrix.h"

/* Finds format, shape and number of entries. Rows are users unless wish->rows says otherwise. Local. BAD_DATA,
 * IO_FAILED, USAGE; the message says what is there and what to type. */
status matrix_npz_find(const char *path, const matrix_wish *wish, matrix *out);

/* Reads one part of several, in the order of the file; what is before is unpacked and dropped. Local. */
typedef struct matrix_npz_reader matrix_npz_reader;
status matrix_npz_open(const char *path, const matrix *m, int part, int parts, matrix_npz_reader **out);
/* Fills the slab; n = 0 at the end, where the last part also checks what follows. BAD_DATA, IO_FAILED. */
status matrix_npz_next(matrix_npz_reader *r, matrix_slab *slab);
void matrix_npz_close(matrix_npz_reader *r);

#endif
