/* How users' rows travel to the ranks that solve items: the exchange with the least predicted time, from counts of
 * bytes and flops. The trainer and its plan use the same counts, so they choose the same. */
#ifndef PALATE_TRAIN_COST_CHOOSE_H
#define PALATE_TRAIN_COST_CHOOSE_H

#include "io/base/types.h"
#include "train/cost/machine.h"

#include <stdbool.h>

#define EXCHANGE_WORDS "auto|replicate|halo|reduce" /* of --exchange */
typedef enum exchange_mode { EXCHANGE_AUTO, EXCHANGE_REPLICATE, EXCHANGE_HALO, EXCHANGE_REDUCE } exchange_mode;

enum { CHOOSE_WAYS = 3 };

/* The load of one exchange in a sweep. */
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
  double sum_bytes; /* sent for one heavy item's sums */
} choose_terms;

static inline way_load *choose_of(choose_terms *t, exchange_mode mode) {
  return &t->way[mode - EXCHANGE_REPLICATE];
}

/* Floating-point operations of a rank in a sweep, for the cuts and the plan. */
static inline double choose_flops(double pairs, double rows, int factors) {
  double k = factors;
  return pairs * k * k + rows * k * k * k / 3;
}

/* Predicted seconds of a sweep: rows travel while others are solved, sums do not. */
double choose_seconds(const choose_terms *t, const machine *m, exchange_mode mode);

/* The exchange with the least time. Among those within 1 %, less than the model's error, the one that sends least; but
 * replicas, which need no lists of rows, unless another saves at least a third of their bytes. */
exchange_mode choose_way(const choose_terms *t, const machine *m);

#endif
