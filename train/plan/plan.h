/* The predicted cost of a training run: bytes, memory, flops and seconds for each rank and sweep.
 *
 * A plan starts from counts: how many rows each rank owns, how many pairs, and how many distinct factor rows it sends.
 * They are counted on a dataset, exactly as als_create() would lay it out on so many ranks, or estimated from a model
 * of popularity (train/plan/plan_model.h). plan_cost() turns counts into costs with formulas that mirror train/als call
 * by call; tests compare the bytes with those that a real run counts. */
#ifndef PALATE_TRAIN_PLAN_PLAN_H
#define PALATE_TRAIN_PLAN_PLAN_H

#include "train/cost/machine.h"
#include "train/exchange/exchange.h"
#include "train/exchange/interactions.h"
#include "train/solve/row/problem.h"

/* Rows of a side on one trip: sent by a rank, including forwarded ones; of these, to other nodes; received; and the
 * messages they are sent in (a model gives an upper bound). */
typedef struct plan_rows {
  double sent, between, got, messages;
} plan_rows;

/* One rank's share under one partition of the items. Doubles: a model gives fractions. */
typedef struct plan_counts {
  double users, items;
  double pairs_by_user;             /* of our users */
  double pairs_by_item;             /* of our items, without those left with their users */
  double pairs_spread;              /* our users' pairs with heavy items, under reduce */
  double user_places;               /* allocated pairs of our users: including those held out, if these are few */
  plan_rows user_once;              /* users' rows for the items that are not solved by reduce, in one batch */
  plan_rows user_halo, item_halo;   /* in batches, if --memory needs them */
  double user_table, item_table;    /* places for rows of other ranks */
  plan_rows user_whole, item_whole; /* of replicate */
  double heavy_owned;               /* heavy items that we own, under reduce */
  double heavy_gathered;            /* heavy items of other nodes whose sums we gather on ours */
} plan_counts;

/* Batches in which a side's rows arrive; 0: even the most do not fit into --memory. */
typedef struct plan_batches {
  int users, items;
} plan_batches;

/* The settings of a plan. */
typedef struct plan_settings {
  int factors;
  bool explicit_loss;
  bool prior;     /* users' rows are pulled to their mean: loss.prior_mean */
  off heavy_from; /* als_settings.heavy */
  int ranks, ranks_per_node, threads;
  int64_t memory; /* als_settings.memory */
} plan_settings;

/* The job as distributed over ranks: with every item's pairs at its owner, and with the heavy items' pairs left with
 * their users. */
typedef struct plan_layout {
  gid users, items;
  double pairs, events;               /* to train on; in the file */
  gid active_users, active_items;     /* with pairs to train on */
  int ranks, ranks_per_node, factors; /* neighbouring ranks share a node; the last one may have fewer */
  bool explicit_loss, prior, times;
  int64_t memory; /* als_settings.memory */
  int threads;    /* of a rank */
  solve_method method;
  double heavy;                 /* heavy items */
  plan_counts *whole, *reduced; /* [ranks] */
  plan_batches batches[2];      /* of whole and of reduced */
  double *places;               /* [ranks_per_node]: work space of plan_cost */
} plan_layout;

typedef struct plan_rank {
  double bytes_sent, bytes_between, memory, flops;
} plan_rank;

/* The cost of one sweep with its objective, under one exchange. */
typedef struct plan_result {
  exchange_mode users, items;        /* how each side's rows travel */
  double bytes_sent, bytes_sent_max; /* of all ranks, and of the busiest */
  double bytes_between, node_max;    /* of these, between nodes; and sent by the busiest node to others */
  int user_batches, item_batches;    /* 0: --memory is too little */
  double memory_max;                 /* resident bytes of the largest rank, at their peak */
  double flops, flops_max;
  double messages_max; /* rows' messages of the rank with most; an upper bound without data */
  double rounds;       /* steps in which ranks only wait for one another's messages */
  double seconds_compute, seconds_exchange;
  double seconds; /* the larger of the two, since rows travel while others are solved, and what cannot overlap */
} plan_result;

/* Copies the settings, zeroes the counts. Free with plan_layout_free. */
status plan_layout_alloc(plan_layout *l, const plan_settings *wish);
void plan_layout_free(plan_layout *l);

static inline int plan_node(const plan_layout *l, int rank) {
  return rank / l->ranks_per_node;
}
static inline int plan_nodes(const plan_layout *l) {
  return plan_node(l, l->ranks - 1) + 1;
}
static inline int plan_ranks_on(const plan_layout *l, int node) {
  int left = l->ranks - node * l->ranks_per_node;
  return left < l->ranks_per_node ? left : l->ranks_per_node;
}

/* Counts on a dataset how als_create() would distribute it, with one rank's share in memory at a time. Besides two
 * shares it needs a bit for each item, batch of items' rows and rank of a node, and 16 bytes for each rank, batch and
 * rank of a node; with --memory also 7 bytes an item and 8 kB a rank. c has one rank. Reads the dataset twice, with
 * --memory three times. */
status plan_count(comm *c, dataset *d, duplicates merge, mark_events *mark, const void *rule, const plan_settings *wish,
                  plan_layout *out);

/* Costs of EXCHANGE_REPLICATE, EXCHANGE_HALO or EXCHANGE_REDUCE for users' rows; items' rows travel as under
 * als_settings.exchange = `asked`. rank[ranks] (may be NULL) receives each rank's part. Local. */
void plan_cost(const plan_layout *l, const machine *m, exchange_mode users, exchange_mode asked, plan_rank *rank,
               plan_result *out);

/* The exchange for users' rows that als_create() chooses under EXCHANGE_AUTO. Local. */
exchange_mode plan_choose(const plan_layout *l, const machine *m);

#endif
