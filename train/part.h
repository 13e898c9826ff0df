/* Who owns which rows of a side: contiguous ranges, one a rank, cut so that every rank has the same cost. */
#ifndef PALATE_TRAIN_PART_H
#define PALATE_TRAIN_PART_H

#include "io/comm.h"

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

/* Cuts of equal cost, cost being a row's predicted time in arbitrary units; each rank gives the costs of the rows
 * begin.first[rank] … of some starting partition `begin`. Collective; no rank holds all costs. Agreed status. */
status part_balanced(comm *c, const part *begin, const double *cost, part *out);

#endif
