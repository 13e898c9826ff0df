/* Events out of HDF5 groups with data, indices and indptr: anndata, `implicit`'s data sets, other datasets of palate.
 */
#ifndef PALATE_IO_INGEST_READ_MATRIX_H
#define PALATE_IO_INGEST_READ_MATRIX_H

#include "io/ranks/comm.h"
#include "io/text/events.h"
#include "io/text/id_table.h"

/* Where the matrix and its names lie in a file, as rank 0 found it and told all. */
typedef struct h5_matrix {
  char group[272];   /* "" is the root */
  char row_ids[256]; /* "": numbers from 0 */
  char column_ids[256];
  off rows, columns, events;
  bool items_in_rows, has_time;
} h5_matrix;

typedef struct h5_wish {
  const char *group; /* NULL: look for it */
  int rows;          /* 0 by the file, 1 users, 2 items */
} h5_wish;

/* Finds the matrix. Local. BAD_DATA, USAGE; say what was looked for. */
status h5_matrix_find(const char *path, const h5_wish *wish, h5_matrix *out);

/* Appends this rank's share of the events to `to`, whose blocks and tables must be empty. Every rank calls it; local
 * otherwise. BAD_DATA names what is broken. */
status ingest_h5_read(const comm *c, const char *path, const h5_matrix *m, id_table *users, id_table *items,
                      events *to);

#endif
