/* HDF5 files by name, without HDF5 in sight: h5.c is the only file that includes hdf5.h.
 *
 * Everything here is local and serial: ranks read their own slabs of a file, and write theirs with pwrite into
 * contiguous datasets laid out beforehand (io/hdf5/store.h), which has clean errors where MPI-IO has none.
 * Files from elsewhere are not trusted: external storage, external and soft links, virtual layouts and filter plugins
 * are refused, and type, rank and shape are checked before anything is allocated. */
#ifndef PALATE_IO_HDF5_H5_H
#define PALATE_IO_HDF5_H5_H

#include "io/base/status.h"
#include "io/base/strings.h"
#include "io/base/types.h"

typedef enum h5_type { H5_NONE, H5_U8, H5_I32, H5_I64, H5_U64, H5_F32, H5_F64, H5_TEXT } h5_type;

/* A dataset: a vector (columns = 1, of HDF5 rank 1) or a row-major matrix (matrix = true, rank 2). */
typedef struct h5_column {
  const char *path; /* "/interactions/indptr"; groups on the way are made */
  h5_type type;
  off rows, columns;
  bool matrix;
  int width; /* H5_TEXT: bytes of each fixed-length UTF-8 string, NUL-padded; at least 1 */
} h5_column;

/* An attribute to be written. Arrays are rank-1; a scalar has count 0. */
typedef struct h5_attribute {
  const char *path; /* the object it hangs on: "/" or a group or dataset of the file */
  const char *name;
  h5_type type;      /* H5_I64, H5_F64, H5_TEXT */
  off count;         /* 0: a scalar */
  const void *value; /* int64_t *, double *, const char *; for text arrays const char *const * */
} h5_attribute;

typedef struct h5_file h5_file;

/* The version of the HDF5 library, "1.10.8". */
const char *h5_version(void);

/* --- reading --- */

/* NO_INPUT where there is no such file or it may not be read, BAD_DATA where it is not HDF5, IO_FAILED where it begins
 * as HDF5 and is damaged. Free with h5_close. */
status h5_open(const char *path, h5_file **out);
void h5_close(h5_file *f); /* NULL is accepted */
const char *h5_path(const h5_file *f);

/* Whether there is an object of this path, reached by hard links alone. */
bool h5_has(h5_file *f, const char *path);

/* The names of a group's hard-linked members, at most 1000 of them. Free with strings_free. */
status h5_members(h5_file *f, const char *group, strings *out);

/* Type, shape and string width of a dataset; type is the nearest h5_type that holds every stored value (a foreign
 * file's int16 is H5_I32, float16 is H5_F32, variable-length text is H5_TEXT with width 0). BAD_DATA where the dataset
 * is missing or not acceptable. out->path lives as long as the file is open. */
status h5_find(h5_file *f, const char *path, h5_column *out);

/* Rows first … first+count-1 of a dataset, converted to `type`, into `buffer` (count * columns elements; for text
 * count * width bytes with the width h5_find told, or for width 0 use h5_read_strings). Where the file carries block
 * checksums the blocks touched are checked: IO_FAILED names the dataset and the block. BAD_DATA where a value does not
 * fit into `type`. Slabs over 1 GiB are read in pieces. */
status h5_read(h5_file *f, const char *path, h5_type type, off first, off count, void *buffer);

/* Rows of a text vector, of fixed or variable length; s->width is the longest where it is variable. Allocates; free
 * with strings_free. */
status h5_read_strings(h5_file *f, const char *path, off first, off count, strings *s);

/* The checksums of all blocks of a dataset (h5_open describes the file's), or *n = 0 where it carries none. Allocates;
 * free with mem_free. */
status h5_read_checksums(h5_file *f, const char *path, uint64_t **sums, off *n);

/* The bytes of a contiguous, unfiltered dataset of exactly this type, mapped read-only until h5_close; *out is NULL
 * where the layout does not allow it, or there are no rows (then h5_read). Checksums are not looked at. */
status h5_map(h5_file *f, const char *path, h5_type type, const void **out);

/* Attributes. BAD_DATA where missing or of another kind; h5_attr_text allocates with malloc-like mem_alloc; free with
 * mem_free. */
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
/* Kind (H5_NONE for what palate does not read) and number of values; a scalar counts 1. */
status h5_attr_find(h5_file *f, const char *object, const char *name, h5_type *type, off *count);

/* --- laying out --- */

/* Files of ours carry under /checksums/PATH one XXH3-64 for each block of a dataset's bytes (the last may be short),
 * and how long a block is in the attribute `block_bytes` of /checksums. */
enum { H5_BLOCK_BYTES = 1 << 18 };

/* Makes a new file (O_EXCL, mode 0644 less the umask; CANNOT_CREATE where it exists or cannot be made) with every
 * dataset contiguous, allocated and unwritten, and all attributes; offsets[i] is where column i begins in the file, in
 * bytes (aligned to 4096 where it is that large), -1 for a column of no bytes. Little-endian, checksummed metadata
 * (libver v18). The file is closed again on return. */
status h5_layout(const char *path, const h5_column *columns, int n_columns, const h5_attribute *attributes,
                 int n_attributes, int64_t *offsets);

/* Size in bytes of one row of the column; fits, as h5_find and h5_layout refuse what overflows. */
size_t h5_row_bytes(const h5_column *c);

#endif
