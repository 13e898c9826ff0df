/* A set of rows as ranges, for work that was stopped and goes on with the rows that are missing. */
#ifndef PALATE_EVAL_MEASURE_DONE_ROWS_H
#define PALATE_EVAL_MEASURE_DONE_ROWS_H

#include "io/base/status.h"
#include "io/base/types.h"

#include <jansson.h>

typedef struct done_rows {
  int n, room;
  gid *first, *end; /* [n]: rows first … end-1; ascending, and apart from one another */
} done_rows;

void done_rows_free(done_rows *d);

/* Rows first … end-1 are done as well, once more or anew. NO_MEMORY, and nothing has changed. Local. */
status done_rows_add(done_rows *d, gid first, gid end);

bool done_rows_has(const done_rows *d, gid row);

/* As [[first, end], …]; NULL where memory is out. Free with json_decref. Local. */
json_t *done_rows_json(const done_rows *d);

/* Back from there, into an empty set; false where it is nothing of the kind, or has a row outside of 0 … n_rows-1. *st
 * is NO_MEMORY or OK. Local. */
bool done_rows_read(const json_t *list, gid n_rows, done_rows *out, status *st);

#endif
