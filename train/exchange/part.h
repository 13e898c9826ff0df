/* Which rank owns which rows of a side: a contiguous range for each rank, cut for equal cost. */
#ifndef PALATE_TRAIN_EXCHANGE_PART_H
#define PALATE_TRAIN_EXCHANGE_PART_H

#include "io/ranks/comm.h"

typedef struct part {
  gid n;      /* rows of the side */
  int size;   /* ranks */
  gid *first; /* [size + 1]: rank r owns first[r] … first[r+1]-1; first[0] = 0, first[size] = n */
} part;

static inline gid part_count(const part *p, int rank) {
  return p->first[rank + 1] - p->first[rank];
}

/* The rank that owns a row. Local. */
int part_owner(const part *p, gid row);

/* Equal numbers of rows. Local. Free with part_free. */
status part_equal(part *p, gid n, int size);
void part_free(part *p);

/* Cuts of equal cost, cost being a row's predicted time in any unit (at least 0, their sum below 2^62); each rank
 * passes the costs of its rows under some starting partition `begin`. Cuts fall on multiples of `granule` rows (or n).
 * Collective; no rank holds all costs. Agreed status. Free with part_free. */
status part_balanced(comm *c, const part *begin, const int64_t *cost, gid granule, int ranks, part *out);

/* Moves rows of `row_bytes` from their owners under one partition to those under another: `rows` holds ours under
 * `from`, `out` receives ours under `to`. Collective. */
status part_move(comm *c, const part *from, const part *to, const void *rows, void *out, size_t row_bytes);

#endif
