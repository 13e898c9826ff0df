/* A matrix of users and items in an HDF5 file or a .npz of SciPy: where it is and what it holds, as rank 0 found it. */
#ifndef PALATE_IO_MATRIX_MATRIX_H
#define PALATE_IO_MATRIX_MATRIX_H

#include "io/base/status.h"
#include "io/base/types.h"

typedef enum matrix_kind {
  MATRIX_H5,       /* data, indices, indptr */
  MATRIX_H5_DENSE, /* a dataset of two dimensions */
  MATRIX_NPZ,      /* data, indices, indptr in a .npz */
  MATRIX_NPZ_PAIRS /* data, row, col in a .npz */
} matrix_kind;

enum { MATRIX_PATH = 512 };

/* Ids of one index of a matrix, a row each. */
typedef struct matrix_ids {
  char path[MATRIX_PATH];   /* where they are; "": there are none, and ids are the numbers from 0 */
  char values[MATRIX_PATH]; /* the texts or integers; if there are codes, a row a category */
  char mask[MATRIX_PATH];   /* says which of the values are missing; "": none is */
  char codes[MATRIX_PATH];  /* categories of the rows, -1: missing; "": values has a row each */
  bool integers;            /* values holds integers */
  off rows;
} matrix_ids;

/* Its entries are stored by rows or by columns: `major` is the index by which they are sorted (what indptr is over),
 * `minor` the other one. */
typedef struct matrix {
  matrix_kind kind;
  char group[MATRIX_PATH]; /* in HDF5; "": the root */
  matrix_ids major_ids, minor_ids;
  off major, minor; /* how many there are; minor -1: the file does not say */
  off entries;      /* stored values */
  bool items_rows;  /* a row of the matrix is an item, … */
  bool items_major; /* … and so is a row of its storage, which for csc is a column */
  bool has_time;
} matrix;

typedef struct matrix_wish {
  const char *group; /* NULL: look for it */
  int rows;          /* what a row of the matrix is: 0 as the file says, 1 a user, 2 an item */
  bool no_time;      /* leave times out */
} matrix_wish;

/* A part of the entries, with room for MATRIX_SLAB of them. */
enum { MATRIX_SLAB = 1 << 18 };
typedef struct matrix_slab {
  off n;
  int64_t *major, *minor;
  real *value;
  int64_t *time; /* NULL without times */
} matrix_slab;

/* The first of n things of part r when `parts` share them. */
static inline off matrix_share(off n, int parts, int r) {
  return n / parts * r + n % parts * r / parts;
}

#endif
