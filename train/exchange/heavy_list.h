/* The rows of a side with so many interactions that `--exchange reduce` solves them where their interactions are. */
#ifndef PALATE_TRAIN_EXCHANGE_HEAVY_LIST_H
#define PALATE_TRAIN_EXCHANGE_HEAVY_LIST_H

#include "train/exchange/part.h"
#include "train/rows/row_set.h"

/* The same on all ranks. */
typedef struct heavy_list {
  lid n;
  lid *row;     /* [n] global rows, ascending */
  off *count;   /* [n] interactions of each, on all ranks */
  row_set rows; /* the same as a set */
} heavy_list;

/* Gathers the rows with at least `threshold` interactions; counts[i] belongs to our i-th row under `begin`. Collective;
 * agreed status. Free with heavy_list_free. */
status heavy_list_create(comm *c, const part *begin, const off *counts, off threshold, heavy_list *out);
void heavy_list_free(heavy_list *l);

#endif
