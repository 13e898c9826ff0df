/* The baselines that every report compares the model with.
 *
 * `most popular` lists the items with the most training pairs (implicit: likes; ties to the lower row) that the user
 * has not seen, and
 * predicts an item's mean training rating. `random` is the exact expectation over all orders of the unseen items, and
 * predicts the mean of all training ratings.
 *
 * Ranks own equal ranges of the items; other ranks look up an item's facts at its owner
 * (eval/baseline/item_facts.h). Only the head of the order of popularity is on every rank. */
#ifndef PALATE_EVAL_BASELINE_POPULAR_H
#define PALATE_EVAL_BASELINE_POPULAR_H

#include "io/ranks/comm.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"

enum { POPULAR_SHELVES = 3 };

typedef struct popular {
  part owners;    /* of the items */
  int64_t *count; /* [our items]: training pairs of each */
  double *mean;   /* [our items]: mean training value, without pairs the overall mean; NULL unless wanted */
  uint8_t *shelf; /* [our items]: each shelf has an equal share of the pairs; 0: the most popular items */
  double overall; /* mean of all training values */
  int64_t pairs;
  lid n_head, *head; /* [n_head]: the items by falling count, on every rank */
} popular;

typedef struct popular_settings {
  gid n_items;
  const uint8_t *skip; /* [rows of train]: users whose pairs are only for folding in, and not counted; may be NULL */
  bool means;
  bool likes; /* count only pairs with a value above 0 */
  off head;   /* wanted length of the head, at most n_items; the same on all ranks */
  gid slice;  /* items counted at a time; the same on all ranks; 0: 2^20 */
} popular_settings;

/* Counts all ranks' training rows (columns are item rows of the dataset and ascend). The same bits on any number of
 * ranks. Takes 8 bytes (16 with means) an item of a slice beside the result. Collective; agreed status. NO_MEMORY. Free
 * with popular_free. */
status popular_make(comm *c, const csr *train, const popular_settings *wish, popular *out);
void popular_free(popular *p);

/* Writes the first `most` items of the order that are not in seen[n_seen] (ascending) to list. Returns how many. The
 * head must have most + n_seen items, or all there are. Local. */
lid popular_list(const popular *p, const lid *seen, off n_seen, int most, lid *list);

#endif
