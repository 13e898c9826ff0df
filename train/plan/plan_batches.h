/* The number of batches in which rows arrive under --memory: counted as in train/als/als_layout.c. */
#ifndef PALATE_TRAIN_PLAN_PLAN_BATCHES_H
#define PALATE_TRAIN_PLAN_PLAN_BATCHES_H

#include "train/cost/memory_room.h"
#include "train/plan/plan.h"
#include "train/rows/row_set.h"

/* Rows of other ranks that each batch of each rank needs, for every number of batches at once: batch b of 2^l is at
 * place 2^l + b. */
typedef struct batch_needs {
  lid *need; /* (ranks, 2 * BATCHES_MAX) */
} batch_needs;

static inline lid *batch_need(const batch_needs *n, int rank, int batches, int batch) {
  return &n->need[(size_t)rank * 2 * BATCHES_MAX + (size_t)(batches + batch)];
}

status batch_needs_create(batch_needs *n, int ranks);
void batch_needs_free(batch_needs *n);

/* Adds a row that batch `fine` of BATCHES_MAX needs; `last` (-1: none) is the highest batch before that needs it too.
 * Call in ascending order of batches. */
void batch_needs_add(batch_needs *n, int rank, int last, int fine);

/* The batch, of BATCHES_MAX, of every row of m; of a rank's items with count[] interactions, except heavy ones (NULL:
 * none), which count as empty. */
void batches_of_rows(const csr *m, uint8_t *batch);
status batches_of_items(const part *items, const off *count, const row_set *heavy, uint8_t *batch);

/* The fewest batches with which every rank fits into l->memory; sets the places for other ranks' rows in counts. For
 * users first, then for items. */
int batches_choose(const plan_layout *l, const batch_needs *n, side s, plan_counts *counts);

/* What a rank holds besides other ranks' rows. */
room_terms batches_terms(const plan_layout *l, const plan_counts *n);

#endif
