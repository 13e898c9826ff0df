/* What a training run will cost, before a node is booked: bytes, memory, flops and seconds for each rank and sweep.
 *
 * A plan starts from counts: how many rows each rank owns, how many pairs, and how many distinct factor rows it sends.
 * They are counted on a dataset, exactly as als_create() would lay it out on so many ranks, or estimated from a model
 * of popularity (train/plan_model.h). From the counts on, everything is the formulas of plan_cost(), which mirror
 * train/als.c call by call; the tests hold the bytes to those that a real run counts. */
#ifndef PALATE_TRAIN_PLAN_H
#define PALATE_TRAIN_PLAN_H

#include "train/exchange.h"
#include "train/interactions.h"

/* One rank's share under one partition of the items. Doubles, because a model gives fractions. */
typedef struct plan_counts {
  double users, items;
  double pairs_by_user;                 /* of our users */
  double pairs_by_item;                 /* of our items, as far as they lie here */
  double pairs_spread;                  /* our users' pairs with heavy items, where those are solved by reduce */
  double user_rows_sent, user_rows_got; /* of halo, for the items that are not solved by reduce */
  double item_rows_sent, item_rows_got; /* of halo */
  double heavy_owned;                   /* heavy items that are ours, where they are solved by reduce */
} plan_counts;

/* The job as all ranks share it out: with every item's pairs at its owner, and with the heavy items' left spread out.
 */
typedef struct plan_layout {
  gid users, items;
  double pairs, events; /* to train on; in the file */
  int ranks, factors;
  bool explicit_loss, times;
  bool mean_system;            /* the solver wants what rows share (SOLVE_CG, SOLVE_AUTO) */
  double heavy;                /* heavy items */
  plan_counts *whole, *spread; /* [ranks] */
} plan_layout;

/* What it runs on. */
typedef struct plan_machine {
  int threads;  /* per rank */
  double flops; /* of one thread in the solver's kernels, flop/s */
  double link;  /* bytes/s that one rank can send */
} plan_machine;

typedef struct plan_rank {
  double bytes_sent, memory, flops;
} plan_rank;

/* One way of moving rows: what one sweep with its objective costs. */
typedef struct plan_result {
  exchange_mode users, items;        /* how each side's rows travel */
  double bytes_sent, bytes_sent_max; /* of all ranks, and of the busiest */
  double memory_max;                 /* resident bytes of the largest rank, over the whole run */
  double flops, flops_max;
  double seconds_compute, seconds_exchange;
  double seconds; /* rows travel while others are solved: the larger of the two, and what cannot overlap */
} plan_result;

/* Frees the counts. */
void plan_layout_free(plan_layout *l);
status plan_layout_alloc(plan_layout *l, int ranks);

/* Counts on a dataset how als_create() would lay it out over `ranks`, at most two of their shares in memory at a time.
 * `heavy_from`: als_settings.heavy. Local in effect (c has one rank): reads the dataset twice. */
status plan_count(comm *c, dataset *d, duplicates merge, mark_events *mark, const void *rule, int factors,
                  bool explicit_loss, off heavy_from, int ranks, plan_layout *out);

/* Costs of EXCHANGE_REPLICATE, EXCHANGE_HALO or EXCHANGE_REDUCE for users' rows; items' rows travel as als_create()
 * has them for als_settings.exchange = `asked`. rank[ranks] (NULL: not wanted) receives each rank's part. Local. */
void plan_cost(const plan_layout *l, const plan_machine *m, exchange_mode users, exchange_mode asked, plan_rank *rank,
               plan_result *out);

/* The way for users' rows that als_create() takes for EXCHANGE_AUTO. Local. */
exchange_mode plan_choose(const plan_layout *l);

#endif
