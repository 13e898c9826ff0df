/* The trainer's state, shared by als.c (making one), als_layout.c (who owns what), als_choose.c and als_sweep.c (the
 * sweeps). Private to train/als. */
#ifndef PALATE_TRAIN_ALS_ALS_PRIVATE_H
#define PALATE_TRAIN_ALS_ALS_PRIVATE_H

#include "train/als/als.h"
#include "train/als/als_settings.h"
#include "train/als/heavy_reduce.h"
#include "train/cost/memory_room.h"
#include "train/exchange/exchange.h"

/* One side: its partition, our rows' interactions, and the table in which the other side's solver finds the factors. */
typedef struct als_side {
  part part;
  csr m;            /* our rows; columns are rows of the other side's table */
  heavy_rows heavy; /* of m */
  /* Plans that bring this side's rows to the ranks that solve the other side: for the rows batch[b] … batch[b+1]-1 of
   * the other side's. With one batch, rows are sent as soon as they are final; with more, each batch arrives, in one of
   * two halos, while the one before it is solved. */
  exchange *plan[BATCHES_MAX];
  int batches;
  lid batch[BATCHES_MAX + 1];
  lid table_rows;
  real *table; /* (table_rows, ld) */
  real *bias;  /* [table_rows], or NULL */
} als_side;

typedef struct als {
  comm *c;
  als_settings set;
  off ld, pairs;
  int64_t zeros, dislikes; /* on all ranks */
  als_side sides[2];
  double mean, low, high;
  double *gram[2], *spectrum, *basis; /* eigenvalues and -vectors of one of them, or NULL */
  /* For methods with a mean system: interactions of each of our rows, the most of any row, the Gram matrix of a side in
   * which rows count as often as they occur, and the mean row likewise. NULL for other methods. */
  real *frequency[2];
  double most_frequent[2], *seen, *seen_mean, mean_a;
  off active[2];              /* rows with interactions, on all ranks */
  double *prior;              /* (k): the mean row of users with interactions, or NULL */
  real *unseen;               /* (ld): the row of a user without interactions, once training has ended */
  double *row_loss;           /* [our items] */
  double max_weight, most_p;  /* largest |a| and |p| of the implicit loss over all pairs */
  double mean_weight;         /* of the pairs' weights by recency; 1 without */
  double least_a;             /* the least a */
  heavy_reduce *heavy;        /* heavy items solved where their interactions are, or NULL */
  off heavy_reduce_pairs;     /* interactions of heavy items that stay with our users */
  real *heavy_x, *heavy_bias; /* (our heavy items, ld): their new rows until they are copied to the table */
  double *heavy_loss;         /* [heavy items] */
  int sweeps_done;
  double last_objective; /* NaN before the first */
} als;

static inline real *own_rows(als *a, side s) {
  return a->sides[s].table + exchange_own_at(a->sides[s].plan[0]) * a->ld;
}
static inline real *own_bias(als *a, side s) {
  return a->sides[s].bias == NULL ? NULL : a->sides[s].bias + exchange_own_at(a->sides[s].plan[0]);
}
static inline lid own_count(const als *a, side s) {
  return (lid)part_count(&a->sides[s].part, a->c->rank);
}

/* The mean user (loss.prior_mean; als_prior.c): makes room, if the loss has a prior. NO_MEMORY. Local. */
status als_prior_create(als *a);
/* Before the first sweep: users without interactions get zero rows, so that they do not count in the mean. Local. */
void als_prior_begin(als *a);
/* a->prior from the users' present rows: the minimiser of the objective with all else fixed. Does nothing without a
 * prior. Collective; agreed status. INTERNAL if a factor is not finite. */
status als_prior_make(als *a);
/* After the last sweep, with p the users' half problem: a->unseen, and the rows of users without interactions.
 * Collective; agreed status. */
status als_prior_serve(als *a, const half_problem *p);

/* Whether s's rows are solved with the eigenbasis of the other side. The same on all ranks. Local. */
bool als_wants_basis(const als *a, side s);

/* The end of one of `shares` equal shares of interactions and rows: what is solved between two polls of the exchange,
 * or in one batch. Local. */
lid als_share_end(const csr *m, int share, int shares);

/* Chooses how users' rows travel: as in the settings, or with the least predicted time under the two cuts of the items:
 * `whole`, and `spread_out`, with the heavy ones' interactions left where they are. counts[] are the interactions of
 * our items under the partition `begin`. Collective; agreed status. */
status als_choose(als *a, const part *begin, const off *counts, const part *whole, const part *spread_out,
                  const heavy_list *heavy, exchange_mode *out);

/* Cuts the items by cost and moves every interaction to its item's owner, but for the heavy items of `reduce`; *mode
 * becomes how users' rows travel, *heavy the heavy items. Collective; agreed status. */
status als_make_items(als *a, gid n_items, exchange_mode *mode, heavy_list *heavy);

/* Finds heavy rows while columns are still global, then makes both sides' exchange plans, which renumber the columns.
 * Takes over the list under EXCHANGE_REDUCE. Collective; agreed status. */
status als_make_plans(als *a, exchange_mode mode, heavy_list *heavy);

#endif
