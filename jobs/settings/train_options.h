/* The options of training: what `palate train` takes, and what the commands take that train as one of their steps. */
#ifndef PALATE_JOBS_SETTINGS_TRAIN_OPTIONS_H
#define PALATE_JOBS_SETTINGS_TRAIN_OPTIONS_H

#include "jobs/cli/options.h"

/* The options that train_settings_read reads, beside HOLDOUT_OPTIONS. */
#define TRAIN_OPTIONS                                                                                                  \
  {.name = "loss"}, {.name = "factors"}, {.name = "lambda"}, {.name = "reg-exponent"}, {.name = "confidence"},         \
      {.name = "alpha"}, {.name = "epsilon"}, {.name = "unobserved-weight"}, {.name = "prior-mean"},                   \
      {.name = "half-life"}, {.name = "weights"}, {.name = "duplicates"}, {.name = "sweeps"}, {.name = "tolerance"},   \
      {.name = "objective-every"}, {.name = "solver"}, {.name = "nonnegative"}, {.name = "exchange"},                  \
      {.name = "heavy-rows"}, {.name = "memory"}, {.name = "link"}, {.name = "local-link"}, {.name = "core-flops"},    \
      {.name = "half-speed"}, {.name = "latency"}, {                                                                   \
    .name = "seed"                                                                                                     \
  }

/* All options of `palate train`; ends with {0}. */
extern const option_use TRAIN_TAKES[];

#endif
