/* Which way users' rows are to meet the items they are needed for: the one of the least predicted time, from counts of
 * bytes and flops. The trainer and its plan choose by the same counts, so they choose the same. */
#ifndef PALATE_TRAIN_COST_CHOOSE_H
#define PALATE_TRAIN_COST_CHOOSE_H

#include "io/base/types.h"
#include "train/cost/machine.h"

#include <stdbool.h>

typedef enum exchange_mode { EXCHANGE_AUTO, EXCHANGE_REPLICATE, EXCHANGE_HALO, EXCHANGE_REDUCE } exchange_mode;

enum { CHOOSE_WAYS = 3 };

/* One way, of a sweep. */
typedef struct way_load {
  bool possible;
  double flops;   /* of the busiest rank */
  double rows;    /* of users, that all ranks send */
  double local;   /* of these, within the host that has most to give there, for each of its ranks */
  double between; /* of these, out of the host that sends most to others */
} way_load;

typedef struct choose_terms {
  way_load way[CHOOSE_WAYS]; /* EXCHANGE_REPLICATE, EXCHANGE_HALO, EXCHANGE_REDUCE */
  int factors, ranks, hosts;
  double heavy;     /* heavy items */
  double sum_bytes; /* of one heavy item's sums on their way */
} choose_terms;

static inline way_load *choose_of(choose_terms *t, exchange_mode mode) {
  return &t->way[mode - EXCHANGE_REPLICATE];
}

/* Floating-point operations of a rank in a sweep: what the cuts and the plan go by. */
static inline double choose_flops(double pairs, double rows, int factors) {
  double k = factors;
  return pairs * k * k + rows * k * k * k / 3;
}

/* What a sweep takes one way: rows travel while others are solved, sums do not. */
double choose_seconds(const choose_terms *t, const machine *m, exchange_mode mode);

/* The way of the least time. Among those that are within a hundredth of it, which is less than the model knows, the one
 * that sends least, where it saves a third of replicas at least: a replica needs no list of rows. */
exchange_mode choose_way(const choose_terms *t, const machine *m);

#endif
