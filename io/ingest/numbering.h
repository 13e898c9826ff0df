/* Ids that are spread over ranks to rows of the whole dataset, without any rank seeing all of them.
 *
 * A sample sort: every rank sorts its distinct ids, all agree on splitters from samples, ids travel to the rank of
 * their range, are made distinct and numbered there, and the rows travel back. Ids of a dataset that is appended to
 * keep their rows; new ones follow in order. */
#ifndef PALATE_IO_INGEST_NUMBERING_H
#define PALATE_IO_INGEST_NUMBERING_H

#include "io/ranks/comm.h"
#include "io/text/id_list.h"

typedef struct numbering {
  gid n;        /* distinct ids of all ranks, old ones included */
  gid n_old;    /* those of the dataset that is appended to */
  bool numeric; /* all of them are integers */
  /* The ids this rank numbered, ascending, and their rows. */
  id_list own;
  gid *own_row;
  /* Where the ranges of ids part: rank r has the ids from splitter r-1 up to below splitter r. size - 1 of them. */
  id_list splitters;
} numbering;

/* Numbers the ids of all ranks' tables. `old` are the ids of rows old_first … of the dataset appended to, this rank's
 * slab of its n_old (n = 0 on all ranks where there is none). rows[i] (may be NULL where the table is empty) becomes
 * the row of id i of our table. Collective; agreed status. Free with numbering_free. */
status numbering_create(comm *c, const id_table *ids, const strings *old, gid old_first, gid n_old, gid *rows,
                        numbering *out);
void numbering_free(numbering *n);

/* The rows of ids that may not be among them: -1 then. Collective; agreed status. */
status numbering_find(comm *c, const numbering *n, const id_table *ids, gid *rows);

/* The ids of rows first[rank] … first[rank + 1] - 1 as a table of strings. first has size + 1 places and ascends from 0
 * to n. Collective; agreed status. Free with strings_free. */
status numbering_ids(comm *c, const numbering *n, const gid *first, strings *out);

/* The rank whose range of rows, from first[rank] up to first[rank + 1], has the row. Local. */
int numbering_owner(const gid *first, int size, gid row);

#endif
