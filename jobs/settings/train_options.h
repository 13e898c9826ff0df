/* What the options say of training, for every command that trains or plans to. */
#ifndef PALATE_JOBS_SETTINGS_TRAIN_OPTIONS_H
#define PALATE_JOBS_SETTINGS_TRAIN_OPTIONS_H

#include "jobs/cli/options.h"
#include "jobs/cli/words.h"
#include "train/als/als.h"
#include "train/rows/row_sort.h"

/* The names that train_options_read() reads, for a command's `takes`. */
#define TRAIN_OPTIONS                                                                                                  \
  {.name = "loss"}, {.name = "factors"}, {.name = "lambda"}, {.name = "reg-exponent"}, {.name = "confidence"},         \
      {.name = "alpha"}, {.name = "epsilon"}, {.name = "unobserved-weight"}, {.name = "weights"},                      \
      {.name = "duplicates"}, {.name = "sweeps"}, {.name = "tolerance"}, {.name = "objective-every"},                  \
      {.name = "solver"}, {.name = "nonnegative"}, {.name = "exchange"}, {.name = "heavy-rows"}, {.name = "memory"},   \
      {.name = "link"}, {.name = "local-link"}, {.name = "core-flops"}, {.name = "half-speed"}, {.name = "latency"}, { \
    .name = "seed"                                                                                                     \
  }

typedef struct train_options {
  als_settings als;
  duplicates merge;
  int loss, confidence, weights, solver, exchange; /* places in the word lists */
} train_options;

/* --link, --local-link, --core-flops, --half-speed and --latency; `threads` of a rank. USAGE. Local. */
status train_options_machine(const options *o, int threads, machine *out);

/* USAGE names the option that is wrong. Local. */
status train_options_read(const options *o, train_options *t);

/* --duplicates, or its default: last for the explicit loss, sum for the implicit one. */
status train_options_duplicates(const options *o, bool explicit_loss, duplicates *out);

#endif
