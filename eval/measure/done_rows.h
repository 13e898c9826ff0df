/* A set of rows as ranges, so that resumed work does only the missing rows. */
#ifndef PALATE_EVAL_MEASURE_DONE_ROWS_H
#define PALATE_EVAL_MEASURE_DONE_ROWS_H

#include "io/base/status.h"
#include "io/base/types.h"

#include <jansson.h>

typedef struct done_rows {
  int n, room;
  gid *first, *end; /* [n]: rows first … end-1; ascending, with gaps between them */
} done_rows;

void done_rows_free(done_rows *d);

/* Adds rows first … end-1; some may be in the set already. NO_MEMORY, and the set is unchanged. Local. */
status done_rows_add(done_rows *d, gid first, gid end);

/* Returns true if the row is in the set. Local. */
bool done_rows_has(const done_rows *d, gid row);

/* The set as [[first, end], …]; NULL if there is no memory. Local. Free with json_decref. */
json_t *done_rows_json(const done_rows *d);

/* Reads such a list into an empty set. Returns false if it is another kind of value or has a row outside of
 * 0 … n_rows-1, with *st = OK, or if there is no memory, with *st = NO_MEMORY. Local. */
bool done_rows_read(const json_t *list, gid n_rows, done_rows *out, status *st);

#endif
