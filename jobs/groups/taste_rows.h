/* The rows that are grouped: a rank's share of the factors of one side of a model. */
#ifndef PALATE_JOBS_GROUPS_TASTE_ROWS_H
#define PALATE_JOBS_GROUPS_TASTE_ROWS_H

#include "io/ranks/comm.h"
#include "io/schema/model.h"
#include "train/centres/assign.h"

/* All of the rank's rows, and those that are not zero: a row without events has no taste to group by. */
typedef struct taste_rows {
  side side;
  gid n_all, n_zero; /* over all ranks: rows, and zero rows among them */
  gid first;
  lid count;
  int k;
  real *x;     /* (count, k) */
  real *taste; /* (n, k): the rows that are not zero; x itself if none is zero */
  gid *id;     /* [n]: their global rows, ascending */
  lid n;
} taste_rows;

/* Reads this rank's equal share of a side of DIR's model; `unit` scales rows to length 1, for the cosine metric.
 * Collective; agreed status: BAD_DATA if a factor is not finite, NO_MEMORY. Free with taste_rows_free. */
status taste_rows_read(comm *c, model *m, const char *dir, side s, bool unit, taste_rows *out);
void taste_rows_free(taste_rows *r);

/* The points that k-means works on. */
static inline kmeans_points taste_points(const taste_rows *r) {
  return (kmeans_points){r->n, r->k, r->k, r->taste};
}

#endif
