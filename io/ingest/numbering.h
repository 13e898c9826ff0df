/* Gives every id a row of the dataset, although no rank sees all ids.
 *
 * A sample sort: every rank sorts its distinct ids, all agree on splitters from samples, each id is sent to the rank of
 * its range, which removes duplicates, numbers the ids and sends the rows back. Ids of a dataset that is appended to
 * keep their rows; new ids follow in order. */
#ifndef PALATE_IO_INGEST_NUMBERING_H
#define PALATE_IO_INGEST_NUMBERING_H

#include "io/ranks/comm.h"
#include "io/text/id_list.h"

typedef struct numbering {
  gid n;             /* distinct ids of all ranks, old ones included */
  gid n_old;         /* ids of the dataset that is appended to */
  bool numeric;      /* all of them are integers */
  id_list own;       /* the ids this rank numbered, ascending, … */
  gid *own_row;      /* … and their rows */
  id_list splitters; /* size - 1; rank r numbers the ids from splitter r-1 up to, but without, splitter r */
} numbering;

/* Numbers the ids of all ranks' tables: rows[i] becomes the row of id i of this rank's table (rows may be NULL if the
 * table is empty). `old` are the ids of rows old_first … of the dataset appended to, this rank's slab of all n_old; if
 * there is none, old->n = 0 on all ranks. Collective; agreed status. Free with numbering_free. */
status numbering_create(comm *c, const id_table *ids, const strings *old, gid old_first, gid n_old, gid *rows,
                        numbering *out);
void numbering_free(numbering *n);

/* Looks up the rows of ids; -1 for an id that has none. Collective; agreed status. */
status numbering_find(comm *c, const numbering *n, const id_table *ids, gid *rows);

/* The ids of rows first[rank] … first[rank + 1] - 1 in order; first[0 … size] ascends from 0 to n. Collective; agreed
 * status. Free with strings_free. */
status numbering_ids(comm *c, const numbering *n, const gid *first, strings *out);

/* The rank r with first[r] <= row < first[r + 1]. Local. */
int numbering_owner(const gid *first, int size, gid row);

#endif
