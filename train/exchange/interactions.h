/* From a dataset to a rank's training interactions: its users' events without held-out pairs, repeated pairs merged. */
#ifndef PALATE_TRAIN_EXCHANGE_INTERACTIONS_H
#define PALATE_TRAIN_EXCHANGE_INTERACTIONS_H

#include "io/schema/dataset.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"
#include "train/rows/mark.h"
#include "train/rows/recency.h"
#include "train/rows/row_sort.h"

/* Cuts the users over `ranks` (those of c, or any number in a plan) by the cost of their rows with k factors.
 * Collective; agreed status. Free with part_free. */
status interactions_cut_users(comm *c, dataset *d, int k, int ranks, part *users);

/* Loads this rank's users: `train` and `test` (may be NULL: not kept) with *global* item rows as columns, ascending,
 * one entry a pair. mark may be NULL: everything is train. With a half-life the training pairs have weights, by the age
 * of a pair's latest event; only training events are looked at, and d must have times. `recency` may be NULL: none.
 * Collective; agreed status. Free with csr_free. */
status interactions_load(comm *c, dataset *d, const part *users, duplicates merge, mark_events *mark, const void *rule,
                         const recency_settings *recency, csr *train, csr *test);

#endif
