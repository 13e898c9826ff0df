/* The baselines every report sets beside the model: what everyone likes, and no knowledge at all.
 *
 * `most popular` lists the items with the most training pairs (ties by lower row; of an implicit model, with the most
 * likes) that the user has not seen, and
 * predicts an item's mean training rating; `random` is the exact expectation over all orders of the unseen items, and
 * predicts the mean of all training ratings.
 *
 * Items are shared out over ranks in equal ranges; what an item's owner knows of it is asked for
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
  double *mean;   /* [our items]: mean training value, NULL unless asked for; without pairs the overall mean */
  uint8_t *shelf; /* [our items]: shelves have an equal share of the pairs each, 0 the best known items */
  double overall; /* mean of all training values */
  int64_t pairs;
  lid n_head, *head; /* [n_head]: the items by falling count, on every rank */
} popular;

typedef struct popular_wish {
  gid n_items;
  const uint8_t *skip; /* [rows of train] or NULL: users whose pairs were not trained on, but are there to fold in */
  bool means;
  bool likes; /* count only pairs with a value above 0 */
  off head;   /* items of the order that are wanted, at most n_items; the same on all ranks */
  gid slice;  /* items counted at a time, the same on all ranks; 0: 2^20 */
} popular_wish;

/* From all ranks' training rows (columns are item rows of the dataset and ascend). To the same bits on any number of
 * ranks. Beside the result it takes 8 bytes (16 with means) an item of a slice. Collective; agreed status. Free with
 * popular_free. */
status popular_make(comm *c, const csr *train, const popular_wish *wish, popular *out);
void popular_free(popular *p);

/* The first `most` items of the order that are not in seen[n_seen] (ascending) into list; returns how many. The head
 * must have most + n_seen items, or all there are. Local. */
lid popular_list(const popular *p, const lid *seen, off n_seen, int most, lid *list);

#endif
