/* The trainer's inside, shared by als.c (making one), als_layout.c (who has what) and als_sweep.c (the sweeps). Inside
 * the train room only. */
#ifndef PALATE_TRAIN_ALS_ALS_PRIVATE_H
#define PALATE_TRAIN_ALS_ALS_PRIVATE_H

#include "train/als/als.h"
#include "train/als/heavy_reduce.h"
#include "train/cost/memory_room.h"

/* One side: who owns it, our rows' interactions, and the table in which the other side finds our factors. */
typedef struct als_side {
  part part;
  csr m;            /* our rows; columns are rows of the other side's table */
  heavy_rows heavy; /* of m */
  /* Plans that bring this side's rows to the ranks that solve the other side: for the rows batch[b] … batch[b+1]-1 of
   * the other side's. With one batch the rows set out as soon as they are final; with more, each batch comes while the
   * one before it is being solved, to the one of two halos that is free. */
  exchange *plan[BATCHES_MAX];
  int batches;
  lid batch[BATCHES_MAX + 1];
  lid table_rows;
  real *table; /* (table_rows, ld) */
  real *bias;  /* [table_rows], or NULL */
} als_side;

struct als {
  comm *c;
  als_settings set;
  off ld, pairs;
  int64_t zeros, dislikes; /* on all ranks */
  als_side sides[2];
  double mean, low, high;
  double *gram[2], *spectrum, *basis; /* eigenvalues and -vectors of one of them; NULL: not wanted */
  /* For solvers that iterate: interactions of each of our rows, the most that a row has, and the Gram matrix of a side
   * in which rows count as often as they occur, and the mean row likewise. NULL for the exact method. */
  real *frequency[2];
  double most_frequent[2], *seen, *seen_mean, mean_a;
  double *row_loss;             /* [our items] */
  double most_a, most_p;        /* largest |a| and |p| of the implicit loss over all pairs */
  double least_a;               /* and the least a */
  spread *spread;               /* heavy items solved where their interactions are, or NULL */
  off spread_pairs;             /* of heavy items that stay with our users */
  real *spread_x, *spread_bias; /* (our heavy items, ld): their new rows until they take their places */
  double *spread_loss;          /* [heavy items] */
  int sweeps_done;
  double last_objective; /* NaN before the first */
};

static inline real *own_rows(als *a, side s) {
  return a->sides[s].table + exchange_own_at(a->sides[s].plan[0]) * a->ld;
}
static inline real *own_bias(als *a, side s) {
  return a->sides[s].bias == NULL ? NULL : a->sides[s].bias + exchange_own_at(a->sides[s].plan[0]);
}
static inline lid own_count(const als *a, side s) {
  return (lid)part_count(&a->sides[s].part, a->c->rank);
}

/* Interactions of one of our rows on all ranks. Local. */
off als_row_interactions(const als *a, side s, lid r);

/* Whether s's rows are solved with the eigenbasis of the other side. The same on all ranks. Local. */
bool als_wants_basis(const als *a, side s);

/* The end of one of `shares` equal shares of interactions and rows: what is solved between two looks at the exchange,
 * or in one batch. Local. */
lid als_share_end(const csr *m, int share, int shares);

/* How users' rows will travel: as the settings say, or the way of the least predicted time, from what the ranges of
 * `begin`, with counts[] interactions of our items there, become under the two cuts of the items: whole, and with the
 * heavy ones' interactions left where they are. Collective; agreed status. */
status als_choose(als *a, const part *begin, const off *counts, const part *whole, const part *spread_out,
                  const heavy_list *heavy, exchange_mode *out);

/* Cuts the items by cost and moves every interaction to its item's owner, but for the heavy items of `reduce`; *mode is
 * how users' rows will travel, *heavy the heavy items. Collective; agreed status. */
status als_make_items(als *a, gid n_items, exchange_mode *mode, heavy_list *heavy);

/* Finds heavy rows while columns are still global, then makes both sides' exchange plans, which renumber the columns.
 * Takes the list over where it is needed. Collective; agreed status. */
status als_make_plans(als *a, exchange_mode mode, heavy_list *heavy);

#endif
