/* A model as scores over a dataset's rows: score(u, i) = x_u · y_i. A model with biases has one more column: 1 in every
 * x and the item's bias in every y. The part that all items of a user share (mean and user bias) is kept apart.
 *
 * Items are read in blocks of bounded memory, packed for eval/rank/topk.h. If all fit in one block it is read once. */
#ifndef PALATE_EVAL_SCORE_SCORER_H
#define PALATE_EVAL_SCORE_SCORER_H

#include "eval/rank/topk.h"
#include "eval/score/match_ids.h"
#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "io/schema/model.h"
#include "train/exchange/part.h"

/* Which rows of a model are which rows of a dataset. Item rows are distributed over ranks. */
typedef struct row_map {
  gid *user;                   /* [our users]: model rows, or -1; NULL: the rows are the same */
  bool items;                  /* true: items have other rows; false: the dataset may only have more items at the end */
  row_share to_data, to_model; /* of the model's items, of the dataset's; set if `items` */
} row_map;

/* Matches rows by id, unless the digest says that the model was trained on this very dataset. `known_users` and
 * `known_items`: rows of the dataset that the model has, of all ranks; may be NULL. Collective; agreed status. Free
 * with row_map_free. */
status row_map_make(comm *c, dataset *d, model *m, const part *users, row_map *out, gid *known_users, gid *known_items);
void row_map_free(row_map *map);

typedef struct scorer scorer;

/* m and map are borrowed and must outlive the scorer; map may be NULL. `memory` limits a block of items; 0: 1 GiB.
 * NO_MEMORY. Local. Free with scorer_free. */
status scorer_create(isa set, model *m, const row_map *map, int64_t memory, scorer **out);
void scorer_free(scorer *s);

/* Columns of x and y. */
int scorer_width(const scorer *s);
model *scorer_model(const scorer *s);

/* x (n, width) and constant[n] (mean and bias; may be NULL) of the model's users row[0 … n-1]; zero if a row is
 * negative. NO_MEMORY, IO_FAILED. Local. */
status scorer_users(scorer *s, const gid *row, lid n, real *x, double *constant);

/* One block of items: its packed form, and its vectors y (n, width), which are the model's rows first … first+n-1.
 * Valid until the next call. */
typedef struct scorer_block {
  const topk_items *items;
  const real *y;
  lid first, n;
} scorer_block;

int scorer_blocks(const scorer *s);

/* Returns true if items have other rows in the dataset: then all ranks must pass through the same blocks together.
 * Local; the same on all ranks. */
bool scorer_renumbered(const scorer *s);

/* Before scorer_get: looks up the dataset's rows of a block's items at their owners. Does nothing unless
 * scorer_renumbered. Collective; agreed status. NO_MEMORY. */
status scorer_bring(comm *c, scorer *s, int block);

/* NO_MEMORY, IO_FAILED. Local. */
status scorer_get(scorer *s, int block, scorer_block *out);

/* out[i] = the model's row of the dataset's item[i], or -1; out may be item. Collective with agreed status if
 * scorer_renumbered: NO_MEMORY; else local. */
status scorer_items(comm *c, const scorer *s, const lid *item, off n, lid *out);

/* The same of one item. `model_item`: its entry of row_map.to_model, or unless scorer_renumbered the item itself.
 * Local. */
lid scorer_own_item(const scorer *s, lid model_item);

#endif
