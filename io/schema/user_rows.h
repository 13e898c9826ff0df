/* A file with a row for every user, such as recommendations.h5: the caller gives the columns and a function that fills
 * a batch of rows; batches, ranks, progress and the file itself are done here. */
#ifndef PALATE_IO_SCHEMA_USER_ROWS_H
#define PALATE_IO_SCHEMA_USER_ROWS_H

#include "io/hdf5/h5.h"
#include "io/ranks/comm.h"

typedef struct user_rows_file {
  const char *path;
  const h5_column *columns; /* [n_columns]; the rows of each are the users of all ranks, its type any but H5_TEXT */
  int n_columns;
  const h5_attribute *attributes; /* [n_attributes], used on rank 0 */
  int n_attributes;
  gid first, count;     /* this rank's users */
  lid batch;            /* most users filled at a time, at least 1 */
  bool together;        /* fill is collective: every rank calls it as often as the rank with most batches */
  const char *progress; /* "recommending" */
} user_rows_file;

/* Fills rows first … first+n-1: columns[i] is an array (n, columns of i) of column i's type, zeroed. n is 0 on ranks
 * that have no further batch, if `together`. A status other than OK stops the file. */
typedef status user_rows_fill(void *context, gid first, lid n, void *const *columns);

/* Writes the file completely or not at all. Collective; agreed status: that of `fill`, CANNOT_CREATE, IO_FAILED,
 * NO_MEMORY. */
status user_rows_write(comm *c, const user_rows_file *file, user_rows_fill *fill, void *context);

#endif
