/* A model as scores over a dataset's rows: score(u, i) = x_u · y_i, where a model with biases has one more column, 1 in
 * every x and the item's bias in every y; what is the same for all items of a user (mean and user bias) is kept apart.
 *
 * The items stand in blocks of bounded memory, packed for eval/topk.h; where all fit, they are read once. Nothing here
 * is collective, but scorer_match. */
#ifndef PALATE_EVAL_SCORER_H
#define PALATE_EVAL_SCORER_H

#include "eval/topk.h"
#include "io/comm.h"
#include "io/dataset.h"
#include "io/snapshot.h"
#include "train/part.h"

/* Rows of a model and of a dataset that are not the same. NULL arrays: the rows are the same, and the dataset may have
 * further items. */
typedef struct row_map {
  gid *user;       /* [our users]: model rows, or -1 */
  lid *item;       /* [model items]: dataset rows, or -1 */
  lid *model_item; /* [dataset items]: model rows, or -1 */
} row_map;

/* Finds which rows of the model are which of the dataset: by the digest where the model was trained on this dataset,
 * else by id. `known_users` and `known_items` (of all ranks) may be NULL. Collective; agreed status. Free with
 * row_map_free. */
status row_map_make(comm *c, dataset *d, model *m, const part *users, row_map *out, gid *known_users, gid *known_items);
void row_map_free(row_map *map);

typedef struct scorer scorer;

/* m and map stay the caller's and must outlive the scorer; map may be NULL. `memory` bounds what a block of items
 * takes; 0: 1 GiB. Local. Free with scorer_free. */
status scorer_create(isa set, model *m, const row_map *map, int64_t memory, scorer **out);
void scorer_free(scorer *s);

/* Columns of x and y. */
int scorer_width(const scorer *s);
model *scorer_model(const scorer *s);

/* x (n, width) and constant[n] (mean and bias; may be NULL) of the model's users row[0 … n-1]; zero where a row is
 * negative. Local. */
status scorer_users(scorer *s, const gid *row, lid n, real *x, double *constant);

/* One block of items: its packed form, and its vectors y (n, width), which are the model's rows first … first+n-1.
 * Valid until the next call. */
typedef struct scorer_block {
  const topk_items *items;
  const real *y;
  lid first, n;
} scorer_block;

int scorer_blocks(const scorer *s);
status scorer_get(scorer *s, int block, scorer_block *out);

/* The model's row of the dataset's item, or -1. */
lid scorer_item(const scorer *s, lid item);

#endif
