/* The interface to HDF5 files. Callers use paths and arrays; only the .c files of this folder include hdf5.h.
 *
 * Everything here is local and serial: each rank reads its own slabs of a file, and writes them with pwrite into
 * contiguous datasets that were laid out before (io/hdf5/store.h); unlike MPI-IO, pwrite reports every error.
 * Files are not trusted: external storage, external and soft links, virtual layouts and filter plugins are refused, and
 * type, rank and shape are checked before anything is allocated. */
#ifndef PALATE_IO_HDF5_H5_H
#define PALATE_IO_HDF5_H5_H

#include "io/base/status.h"
#include "io/base/strings.h"
#include "io/base/types.h"

typedef enum h5_type { H5_NONE, H5_U8, H5_I32, H5_I64, H5_U64, H5_F32, H5_F64, H5_TEXT } h5_type;

/* A dataset: a vector (columns = 1, of HDF5 rank 1) or a row-major matrix (matrix = true, rank 2). */
typedef struct h5_column {
  const char *path; /* "/interactions/indptr"; its groups are created too */
  h5_type type;
  off rows, columns;
  bool matrix;
  int width; /* H5_TEXT: bytes of each fixed-length UTF-8 string, NUL-padded; at least 1 */
} h5_column;

/* An attribute to be written. Arrays are rank-1; a scalar has count 0. */
typedef struct h5_attribute {
  const char *path; /* the object it belongs to: "/" or a group or dataset of the file */
  const char *name;
  h5_type type;      /* H5_I64, H5_F64, H5_TEXT */
  off count;         /* 0: a scalar */
  const void *value; /* int64_t *, double *, const char *; for text arrays const char *const * */
} h5_attribute;

typedef struct h5_file h5_file;

/* The version of the HDF5 library, "1.10.8". */
const char *h5_version(void);

/* --- reading --- */

/* Opens a file for reading. NO_INPUT if it does not exist or may not be read, BAD_DATA if it is not HDF5, IO_FAILED if
 * it is HDF5 but damaged. Free with h5_close. */
status h5_open(const char *path, h5_file **out);
void h5_close(h5_file *f); /* NULL is accepted */
const char *h5_path(const h5_file *f);

/* Returns true if there is an object of this path, reached by hard links alone. */
bool h5_has(h5_file *f, const char *path);

/* The names of a group's hard-linked members, at most 1000 of them. Free with strings_free. */
status h5_members(h5_file *f, const char *group, strings *out);

/* Finds type, shape and string width of a dataset. The type is the nearest h5_type that holds every stored value (int16
 * is H5_I32, float16 is H5_F32, variable-length text is H5_TEXT with width 0). BAD_DATA if the dataset is missing or
 * refused. out->path is valid while the file is open. */
status h5_find(h5_file *f, const char *path, h5_column *out);

/* Reads rows first … first+count-1 of a dataset, converted to `type`, into `buffer`: count * columns elements, or for
 * text count * width bytes with the width from h5_find (width 0: use h5_read_strings). If the file has block checksums,
 * the blocks read are checked: IO_FAILED names the dataset and the block. BAD_DATA if a value does not fit `type`.
 * Slabs over 1 GiB are read in pieces. */
status h5_read(h5_file *f, const char *path, h5_type type, off first, off count, void *buffer);

/* Reads rows of a text vector, of fixed or variable length; with variable length, s->width is that of the longest.
 * Allocates; free with strings_free. */
status h5_read_strings(h5_file *f, const char *path, off first, off count, strings *s);

/* Reads the checksums of all blocks of a dataset (see H5_BLOCK_BYTES); *n = 0 if it has none. Allocates; free with
 * mem_free. */
status h5_read_checksums(h5_file *f, const char *path, uint64_t **sums, off *n);

/* Maps a contiguous, unfiltered dataset of exactly this type read-only until h5_close. *out is NULL if the layout does
 * not allow it or there are no rows (then use h5_read). Checksums are not checked. */
status h5_map(h5_file *f, const char *path, h5_type type, const void **out);

/* Reads attributes. BAD_DATA if missing or of another kind. Texts and arrays are allocated; free with mem_free. */
status h5_attr_i64(h5_file *f, const char *object, const char *name, int64_t *out);
status h5_attr_f64(h5_file *f, const char *object, const char *name, double *out);
status h5_attr_text(h5_file *f, const char *object, const char *name, char **out);
status h5_attr_i64s(h5_file *f, const char *object, const char *name, int64_t **out, off *count);
status h5_attr_f64s(h5_file *f, const char *object, const char *name, double **out, off *count);
/* A text scalar or vector. Free with strings_free. */
status h5_attr_texts(h5_file *f, const char *object, const char *name, strings *out);
bool h5_attr_has(h5_file *f, const char *object, const char *name);
/* The names of all attributes of an object, sorted. Free with strings_free. */
status h5_attr_names(h5_file *f, const char *object, strings *out);
/* Finds type (H5_NONE for types that palate does not read) and number of values of an attribute; a scalar counts 1. */
status h5_attr_find(h5_file *f, const char *object, const char *name, h5_type *type, off *count);

/* --- laying out --- */

/* Files of palate have at /checksums/PATH one XXH3-64 for each block of a dataset's bytes (the last block may be
 * short). The attribute `block_bytes` of /checksums is the length of a block. */
enum { H5_BLOCK_BYTES = 1 << 18 };

/* Creates a new file (O_EXCL, mode 0644 less the umask) with all attributes and with every dataset contiguous,
 * allocated and unwritten. offsets[i] is where column i begins in the file, in bytes (aligned to 4096 if it is at least
 * that large), -1 for a column of no bytes. Little-endian; metadata with checksums (libver v18). The file is closed on
 * return. CANNOT_CREATE if it exists or cannot be created, IO_FAILED, NO_MEMORY. */
status h5_layout(const char *path, const h5_column *columns, int n_columns, const h5_attribute *attributes,
                 int n_attributes, int64_t *offsets);

/* Bytes of one row of the column; no overflow, as h5_find and h5_layout refuse larger ones. */
size_t h5_row_bytes(const h5_column *c);

#endif
