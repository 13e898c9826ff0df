/* A model as scores over a dataset's rows: score(u, i) = x_u · y_i, where a model with biases has one more column, 1 in
 * every x and the item's bias in every y; what is the same for all items of a user (mean and user bias) is kept apart.
 *
 * The items stand in blocks of bounded memory, packed for eval/rank/topk.h; where all fit, they are read once. */
#ifndef PALATE_EVAL_SCORE_SCORER_H
#define PALATE_EVAL_SCORE_SCORER_H

#include "eval/rank/topk.h"
#include "eval/score/match_ids.h"
#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "io/schema/model.h"
#include "train/exchange/part.h"

/* Rows of a model and of a dataset that are not the same; what it says of items is shared out over ranks. */
typedef struct row_map {
  gid *user;                   /* [our users]: model rows, or -1; NULL: the rows are the same */
  bool items;                  /* whether items have other rows; if not, the dataset may have further ones */
  row_share to_data, to_model; /* of the model's items, and of the dataset's */
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
/* Whether items have other rows in the dataset: then all ranks have to go through the same blocks in step. */
bool scorer_moved(const scorer *s);
/* Before scorer_get: brings the dataset's rows of a block's items from the ranks that know them; does nothing unless
 * scorer_moved. Collective; agreed status: NO_MEMORY. */
status scorer_bring(comm *c, scorer *s, int block);
/* Local. */
status scorer_get(scorer *s, int block, scorer_block *out);

/* out[i] = the model's row of the dataset's item[i], or -1; out may be item. Collective where scorer_moved, with agreed
 * status: NO_MEMORY; else local. */
status scorer_items(comm *c, const scorer *s, const lid *item, off n, lid *out);
/* The same of one item, of which `told` is what the map has of it (row_map.to_model), or the item where nothing moved.
 */
lid scorer_item_told(const scorer *s, lid told);

#endif
