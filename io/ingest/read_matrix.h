/* Reads events from HDF5 groups with data, indices and indptr: anndata, data sets of `implicit`, datasets of palate. */
#ifndef PALATE_IO_INGEST_READ_MATRIX_H
#define PALATE_IO_INGEST_READ_MATRIX_H

#include "io/ranks/comm.h"
#include "io/text/events.h"
#include "io/text/id_table.h"

/* Where the matrix and its ids are in a file, as rank 0 found them. */
typedef struct h5_matrix {
  char group[272];   /* "" is the root */
  char row_ids[256]; /* "": numbers from 0 */
  char column_ids[256];
  off rows, columns, events;
  bool items_in_rows, has_time;
} h5_matrix;

typedef struct h5_wish {
  const char *group; /* NULL: look for it */
  int rows;          /* what a row of the matrix is: 0 as the file says, 1 a user, 2 an item */
} h5_wish;

/* Finds the matrix. Local. BAD_DATA, USAGE; the message says what was looked for. */
status h5_matrix_find(const char *path, const h5_wish *wish, h5_matrix *out);

/* Appends this rank's share of the events to `to`; the list and both tables must be empty. Every rank must call it, but
 * it is local. BAD_DATA says what is broken. */
status ingest_h5_read(const comm *c, const char *path, const h5_matrix *m, id_table *users, id_table *items,
                      events *to);

#endif
