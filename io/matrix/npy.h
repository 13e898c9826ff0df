/* Arrays as NumPy stores them (.npy): the header, and values of any number type. Kernel: local, opens no files. */
#ifndef PALATE_IO_MATRIX_NPY_H
#define PALATE_IO_MATRIX_NPY_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { NPY_DIMENSIONS = 4, NPY_HEADER_MAX = 10012 /* bytes; NumPy itself reads no longer ones */ };

typedef struct npy_header {
  char kind; /* 'b' bool, 'i', 'u', 'f', 'S' bytes, 'U' text */
  int size;  /* bytes of a value */
  bool swap; /* not in the byte order of this machine */
  bool fortran;
  int n_dimensions;
  off shape[NPY_DIMENSIONS];
  off count;    /* values in all; count * size does not overflow */
  size_t bytes; /* of the header itself; the values follow */
} npy_header;

/* Parses the header at the beginning of n bytes. Returns NULL, or what is wrong with it. */
const char *npy_parse(const char *bytes, size_t n, npy_header *out);

/* Converts n whole numbers or bools. Returns false if one does not fit. */
bool npy_integers(const npy_header *h, const char *bytes, off n, int64_t *out);

/* Converts n numbers or bools to the nearest in single precision; too large ones become infinite. */
void npy_reals(const npy_header *h, const char *bytes, off n, real *out);

/* Copies text `at` (kind 'S' or 'U', of ASCII) to out, NUL-terminated. Returns false if it does not fit. */
bool npy_text(const npy_header *h, const char *bytes, off at, char *out, size_t room);

/* Whether values are whole numbers or bools; numbers of any type. */
static inline bool npy_is_whole(const npy_header *h) {
  return h->kind == 'i' || h->kind == 'u' || h->kind == 'b';
}
static inline bool npy_is_number(const npy_header *h) {
  return npy_is_whole(h) || h->kind == 'f';
}

#endif
