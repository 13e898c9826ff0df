/* The settings of a training run. */
#ifndef PALATE_TRAIN_ALS_ALS_SETTINGS_H
#define PALATE_TRAIN_ALS_ALS_SETTINGS_H

#include "train/cost/choose.h"
#include "train/solve/row/loss.h"
#include "train/solve/row/problem.h"

typedef struct als_settings {
  loss loss;
  /* implicit, `ials`: take loss_unobserved_for() and loss_lambda_for() the training pairs in place of loss.unobserved
   * and loss.lambda */
  bool unobserved_auto, lambda_auto;
  int factors;         /* k, 1 … 512 */
  uint64_t seed;       /* of the initial factors */
  int sweeps;          /* most sweeps in all, including those before a resume */
  double tolerance;    /* stop when the objective falls by less than this share in a sweep; 0: never */
  int objective_every; /* an objective after every so many sweeps, and after the last */
  solve_method method;
  bool nonnegative; /* factors may not be negative */
  exchange_mode exchange;
  int64_t memory; /* bytes a rank may hold (mem_held()) while it sweeps; 0: no bound. Rows of the fixed side that do not
                     fit arrive batch by batch */
  machine machine; /* for the times that EXCHANGE_AUTO predicts; all 0: a common machine */
  off heavy;       /* interactions from which a row is heavy; 0: cost_heavy(). Changes the last bits */
} als_settings;

#endif
