/* What a training run will cost, before a node is booked: bytes, memory, flops and seconds for each rank and sweep.
 *
 * A plan starts from counts: how many rows each rank owns, how many pairs, and how many distinct factor rows it sends.
 * They are counted on a dataset, exactly as als_create() would lay it out on so many ranks, or estimated from a model
 * of popularity (train/plan/plan_model.h). From the counts on, everything is the formulas of plan_cost(), which mirror
 * train/als/als.c call by call; the tests hold the bytes to those that a real run counts. */
#ifndef PALATE_TRAIN_PLAN_PLAN_H
#define PALATE_TRAIN_PLAN_PLAN_H

#include "train/cost/machine.h"
#include "train/exchange/exchange.h"
#include "train/exchange/interactions.h"
#include "train/solve/problem.h"

/* Rows of a side on one trip: what a rank sends, forwarded ones included; those of them that go to other nodes; what it
 * gets; in how many messages it sends them (a model: at the most). */
typedef struct plan_rows {
  double sent, between, got, messages;
} plan_rows;

/* One rank's share under one partition of the items. Doubles, because a model gives fractions. */
typedef struct plan_counts {
  double users, items;
  double pairs_by_user;           /* of our users */
  double pairs_by_item;           /* of our items, as far as they lie here */
  double pairs_spread;            /* our users' pairs with heavy items, where those are solved by reduce */
  double user_places;             /* room for our users' pairs as they were read: with those held out, where few are */
  plan_rows user_once;            /* users' rows for the items that are not solved by reduce, if they came at once */
  plan_rows user_halo, item_halo; /* as they come: in batches, where --memory asks for that */
  double user_table, item_table;  /* places for rows of other ranks */
  plan_rows user_whole, item_whole; /* of replicate */
  double heavy_owned;               /* heavy items that are ours, where they are solved by reduce */
  double heavy_gathered;            /* of other nodes' heavy items, whose sums we gather on ours */
} plan_counts;

/* In how many batches a side's rows come; 0: not even the most leave enough of --memory. */
typedef struct plan_batches {
  int users, items;
} plan_batches;

/* What is asked for. */
typedef struct plan_wish {
  int factors;
  bool explicit_loss;
  off heavy_from; /* als_settings.heavy */
  int ranks, ranks_per_node, threads;
  int64_t memory; /* als_settings.memory */
} plan_wish;

/* The job as all ranks share it out: with every item's pairs at its owner, and with the heavy items' left spread out.
 */
typedef struct plan_layout {
  gid users, items;
  double pairs, events;               /* to train on; in the file */
  int ranks, ranks_per_node, factors; /* neighbouring ranks share a node; the last one may have fewer */
  bool explicit_loss, times;
  int64_t memory; /* als_settings.memory */
  int threads;    /* of a rank */
  solve_method method;
  double heavy;                /* heavy items */
  plan_counts *whole, *spread; /* [ranks] */
  plan_batches batches[2];     /* of whole and of spread */
  double *places;              /* [ranks_per_node]: plan_cost's own */
} plan_layout;

typedef struct plan_rank {
  double bytes_sent, bytes_between, memory, flops;
} plan_rank;

/* One way of moving rows: what one sweep with its objective costs. */
typedef struct plan_result {
  exchange_mode users, items;        /* how each side's rows travel */
  double bytes_sent, bytes_sent_max; /* of all ranks, and of the busiest */
  double bytes_between, node_max;    /* those of them that cross nodes, and what the busiest node sends to others */
  int user_batches, item_batches;    /* 0: --memory is too little */
  double memory_max;                 /* resident bytes of the largest rank, over the whole run */
  double flops, flops_max;
  double messages_max; /* rows' messages of the rank with most of them; from above where there is no data */
  double rounds;       /* steps in which ranks wait for one another's message, with nothing else to do */
  double seconds_compute, seconds_exchange;
  double seconds; /* rows travel while others are solved: the larger of the two, and what cannot overlap */
} plan_result;

/* Takes over the wish. Free with plan_layout_free. */
status plan_layout_alloc(plan_layout *l, const plan_wish *wish);
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

/* Counts on a dataset how als_create() would lay it out, one rank's share in memory at a time. Beside two shares it
 * takes a bit for each item, batch of items' rows and rank of a node, 16 bytes for each rank, batch and rank of a node;
 * with --memory further 7 bytes an item and 8 kB a rank. Local in effect (c has one rank): reads the dataset twice,
 * with --memory three times. */
status plan_count(comm *c, dataset *d, duplicates merge, mark_events *mark, const void *rule, const plan_wish *wish,
                  plan_layout *out);

/* Costs of EXCHANGE_REPLICATE, EXCHANGE_HALO or EXCHANGE_REDUCE for users' rows; items' rows travel as als_create()
 * has them for als_settings.exchange = `asked`. rank[ranks] (NULL: not wanted) receives each rank's part. Local. */
void plan_cost(const plan_layout *l, const machine *m, exchange_mode users, exchange_mode asked, plan_rank *rank,
               plan_result *out);

/* The way for users' rows that als_create() takes for EXCHANGE_AUTO. Local. */
exchange_mode plan_choose(const plan_layout *l, const machine *m);

#endif
