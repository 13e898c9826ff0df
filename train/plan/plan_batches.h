/* In how many batches rows come under --memory: counted as train/als/als_layout.c counts it. */
#ifndef PALATE_TRAIN_PLAN_PLAN_BATCHES_H
#define PALATE_TRAIN_PLAN_PLAN_BATCHES_H

#include "train/cost/memory_room.h"
#include "train/plan/plan.h"
#include "train/rows/row_set.h"

/* Rows of other ranks that each batch of each rank needs, for every number of batches at once: of 2^l batches, batch b
 * stands at place 2^l + b. */
typedef struct batch_needs {
  lid *need; /* (ranks, 2 * BATCHES_MAX) */
} batch_needs;

static inline lid *batch_need(const batch_needs *n, int rank, int batches, int batch) {
  return &n->need[(size_t)rank * 2 * BATCHES_MAX + (size_t)(batches + batch)];
}

status batch_needs_create(batch_needs *n, int ranks);
void batch_needs_free(batch_needs *n);

/* A row that batch `fine` of BATCHES_MAX needs; `last` (-1: none) is the highest batch that was met before and needs it
 * too. Batches must be met in ascending order. */
void batch_needs_add(batch_needs *n, int rank, int last, int fine);

/* The batch, of BATCHES_MAX, of every row of m; of a rank's items with count[] interactions, but for the heavy ones
 * (NULL: none), which have none. */
void batches_of_rows(const csr *m, uint8_t *batch);
status batches_of_items(const part *items, const off *count, const row_set *heavy, uint8_t *batch);

/* The fewest batches that leave every rank enough of l->memory, and the places for other ranks' rows that they take:
 * those of the users (first), or of the items. */
int batches_choose(const plan_layout *l, const batch_needs *n, side s, plan_counts *counts);

/* What a rank holds beside other ranks' rows. */
room_terms batches_terms(const plan_layout *l, const plan_counts *n);

#endif
