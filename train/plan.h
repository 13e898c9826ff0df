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

/* Rows of a side on one trip: what a rank sends, forwarded ones included; those of them that go to other nodes; what it
 * gets. */
typedef struct plan_rows {
  double sent, between, got;
} plan_rows;

/* One rank's share under one partition of the items. Doubles, because a model gives fractions. */
typedef struct plan_counts {
  double users, items;
  double pairs_by_user;             /* of our users */
  double pairs_by_item;             /* of our items, as far as they lie here */
  double pairs_spread;              /* our users' pairs with heavy items, where those are solved by reduce */
  plan_rows user_halo, item_halo;   /* users' rows for the items that are not solved by reduce */
  plan_rows user_whole, item_whole; /* of replicate */
  double heavy_owned;               /* heavy items that are ours, where they are solved by reduce */
  double heavy_gathered;            /* of other nodes' heavy items, whose sums we gather on ours */
} plan_counts;

/* The job as all ranks share it out: with every item's pairs at its owner, and with the heavy items' left spread out.
 */
typedef struct plan_layout {
  gid users, items;
  double pairs, events;               /* to train on; in the file */
  int ranks, ranks_per_node, factors; /* neighbouring ranks share a node; the last one may have fewer */
  bool explicit_loss, times;
  bool mean_system;            /* the solver wants what rows share (SOLVE_CG, SOLVE_AUTO) */
  double heavy;                /* heavy items */
  plan_counts *whole, *spread; /* [ranks] */
  double *places;              /* [ranks_per_node]: plan_cost's own */
} plan_layout;

/* What it runs on. */
typedef struct plan_machine {
  int threads;  /* per rank */
  double flops; /* of one thread in the solver's kernels with very many factors, flop/s */
  double half;  /* factors at which it does half of that: gathering, weighing and rows' overheads grow with k, flops
                   with its square */
  double link;  /* bytes/s that one node can send to others */
  double local; /* bytes/s that one rank can give to others on its node */
} plan_machine;

typedef struct plan_rank {
  double bytes_sent, bytes_between, memory, flops;
} plan_rank;

/* One way of moving rows: what one sweep with its objective costs. */
typedef struct plan_result {
  exchange_mode users, items;        /* how each side's rows travel */
  double bytes_sent, bytes_sent_max; /* of all ranks, and of the busiest */
  double bytes_between, node_max;    /* those of them that cross nodes, and what the busiest node sends to others */
  double memory_max;                 /* resident bytes of the largest rank, over the whole run */
  double flops, flops_max;
  double seconds_compute, seconds_exchange;
  double seconds; /* rows travel while others are solved: the larger of the two, and what cannot overlap */
} plan_result;

/* Frees the counts. */
void plan_layout_free(plan_layout *l);
status plan_layout_alloc(plan_layout *l, int ranks, int ranks_per_node);

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

/* Counts on a dataset how als_create() would lay it out over `ranks`, one of their shares in memory at a time.
 * `heavy_from`: als_settings.heavy. Beside two shares it takes a bit an item and rank of a node. Local in effect (c has
 * one rank): reads the dataset twice. */
status plan_count(comm *c, dataset *d, duplicates merge, mark_events *mark, const void *rule, int factors,
                  bool explicit_loss, off heavy_from, int ranks, int ranks_per_node, plan_layout *out);

/* Costs of EXCHANGE_REPLICATE, EXCHANGE_HALO or EXCHANGE_REDUCE for users' rows; items' rows travel as als_create()
 * has them for als_settings.exchange = `asked`. rank[ranks] (NULL: not wanted) receives each rank's part. Local. */
void plan_cost(const plan_layout *l, const plan_machine *m, exchange_mode users, exchange_mode asked, plan_rank *rank,
               plan_result *out);

/* Flop/s of one thread with so many factors. Local. */
double plan_core_flops(const plan_machine *m, int factors);

/* The way for users' rows that als_create() takes for EXCHANGE_AUTO. Local. */
exchange_mode plan_choose(const plan_layout *l);

#endif
