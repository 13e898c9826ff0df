/* Interactions of one side, row by row: a rank's users, and, transposed, its items. */
#ifndef PALATE_TRAIN_ROWS_CSR_H
#define PALATE_TRAIN_ROWS_CSR_H

#include "io/base/status.h"
#include "io/base/types.h"

/* Row r has the interactions ptr[r] … ptr[r+1]-1: 8 bytes each. Columns ascend in *global* order within a row, even if
 * col holds rows of a rank's local table: every sum over a row runs in the same order on any number of ranks. */
typedef struct csr {
  lid n_rows;
  off *ptr;     /* [n_rows + 1], ptr[0] = 0 */
  lid *col;     /* [nnz] */
  real *val;    /* [nnz] */
  off room;     /* allocated length of col and val, at least nnz */
  real *weight; /* [room]: by recency (train/rows/recency.h), or NULL: every pair weighs 1 */
} csr;

/* Rows so long that they are summed in segments, by several threads or ranks (train/solve/heavy_rows.h). Which rows are
 * heavy and where a segment ends depends on the data alone: never on ranks or threads. */
typedef struct heavy_rows {
  lid n;
  lid *row;       /* [n], ascending: places in the csr */
  off *first_cut; /* [n + 1]: the cuts of heavy row h are cut[first_cut[h]] … cut[first_cut[h+1]-1] */
  off *cut;       /* offsets into col/val, ascending; first ptr[row], last ptr[row + 1] */
} heavy_rows;

static inline off csr_nnz(const csr *m) {
  return m->ptr != NULL ? m->ptr[m->n_rows] : 0;
}

/* The number (0 … n) of the first heavy row at or after `row`; 0 if h is NULL. */
static inline lid heavy_rows_from(const heavy_rows *h, lid row) {
  lid at = 0;
  while (h != NULL && at < h->n && h->row[at] < row)
    at++;
  return at;
}

/* ptr is cleared, col and val are not; weight is NULL. Free with csr_free. Local. */
status csr_alloc(csr *m, lid n_rows, off nnz, const char *what);
void csr_free(csr *m);
void heavy_rows_free(heavy_rows *h);

/* Takes out the pairs of value 0, in place; the others keep their order. Returns how many. Local. */
off csr_drop_zeros(csr *m);

/* A copy of the pairs with a value above 0. NO_MEMORY. Free with csr_free. Local. */
status csr_copy_likes(const csr *m, csr *out);

#endif
