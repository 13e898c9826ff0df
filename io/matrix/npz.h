/* Reads arrays of a .npz, a zip archive of .npy files, from their beginning to their end. Local; needs libarchive. */
#ifndef PALATE_IO_MATRIX_NPZ_H
#define PALATE_IO_MATRIX_NPZ_H

#include "io/base/status.h"
#include "io/matrix/npy.h"

/* Lists the names of the arrays, with commas between. BAD_DATA, IO_FAILED, NO_INPUT. */
status npz_list(const char *path, char *out, size_t room);

/* Whether a list of npz_list has the name. */
bool npz_has(const char *list, const char *name);

typedef struct npz_array npz_array;

/* Opens an array at its first value. BAD_DATA if there is none of that name, its header is broken, or the archive does
 * not hold exactly as many bytes as the header says. IO_FAILED, NO_INPUT, NO_MEMORY. Close it also after a failure. */
status npz_open(const char *path, const char *name, npz_array **out);
void npz_close(npz_array *a); /* NULL is accepted */
const npy_header *npz_header(const npz_array *a);

/* Reads the next n values. BAD_DATA if a whole number does not fit, IO_FAILED if the archive is broken. */
status npz_integers(npz_array *a, off n, int64_t *out);
status npz_reals(npz_array *a, off n, real *out);
status npz_text(npz_array *a, char *out, size_t room);
status npz_skip(npz_array *a, off n);

/* Reads to the end, where the archive's own checksum is compared. */
status npz_finish(npz_array *a);

#endif
