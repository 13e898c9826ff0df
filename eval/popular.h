/* The baselines every report sets beside the model: what everyone likes, and no knowledge at all.
 *
 * `most popular` lists the items with the most training pairs (ties by lower row) that the user has not seen, and
 * predicts an item's mean training rating; `random` is the exact expectation over all orders of the unseen items, and
 * predicts the mean of all training ratings. */
#ifndef PALATE_EVAL_POPULAR_H
#define PALATE_EVAL_POPULAR_H

#include "io/comm.h"
#include "train/csr.h"

/* Held whole on every rank: 12 bytes an item, 20 with ratings (as the blocks of item vectors are, and less). */
typedef struct popular {
  lid n_items;
  int64_t *count; /* [n_items]: training pairs of each item */
  lid *order;     /* [n_items]: by falling count */
  double *mean;   /* [n_items]: mean training value, NULL unless asked for; of an item without pairs the overall mean */
  double overall; /* mean of all training values */
  int64_t pairs;
} popular;

/* From all ranks' training rows (columns are item rows of the dataset), but for users with skip[user] (may be NULL):
 * their pairs are there to fold them in, and were not trained on. To the same bits on any number of ranks. Collective;
 * agreed status. Free with popular_free. */
status popular_make(comm *c, const csr *train, const uint8_t *skip, lid n_items, bool means, popular *out);
void popular_free(popular *p);

/* The first `most` items of the order that are not in seen[n_seen] (ascending) into list; returns how many. Local. */
lid popular_list(const popular *p, const lid *seen, off n_seen, int most, lid *list);

#endif
