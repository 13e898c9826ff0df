/* What a training run is asked for. */
#ifndef PALATE_TRAIN_ALS_ALS_SETTINGS_H
#define PALATE_TRAIN_ALS_ALS_SETTINGS_H

#include "train/cost/choose.h"
#include "train/solve/loss.h"
#include "train/solve/problem.h"

typedef struct als_settings {
  loss loss;
  int factors;         /* k, 1 … 512 */
  uint64_t seed;       /* of the initial factors */
  int sweeps;          /* most sweeps in all, those before a resume included */
  double tolerance;    /* stop when the objective falls by less than this share in a sweep; 0: never */
  int objective_every; /* sweeps between objectives; the last sweep always has one */
  solve_method method;
  bool nonnegative; /* factors may not be negative */
  exchange_mode exchange;
  int64_t memory; /* bytes a rank may hold (mem_held()) while it sweeps; 0: no bound. Rows of the fixed side that do not
                     fit are brought batch by batch */
  machine machine; /* what EXCHANGE_AUTO predicts times for; all 0: one of a usual kind */
  off heavy;       /* interactions from which a row is heavy; 0: train/cost/cost.h says. It enters the last bits */
} als_settings;

#endif
