/* What the options say of training, for every command that trains or plans to. */
#ifndef PALATE_JOBS_SETTINGS_TRAIN_OPTIONS_H
#define PALATE_JOBS_SETTINGS_TRAIN_OPTIONS_H

#include "jobs/cli/options.h"
#include "train/als/als.h"
#include "train/rows/row_sort.h"

/* The names that train_options_read() reads, for a command's `takes`. */
#define TRAIN_OPTIONS                                                                                                  \
  {"loss", NULL}, {"factors", NULL}, {"lambda", NULL}, {"reg-exponent", NULL}, {"confidence", NULL}, {"alpha", NULL},  \
      {"epsilon", NULL}, {"unobserved-weight", NULL}, {"weights", NULL}, {"duplicates", NULL}, {"sweeps", NULL},       \
      {"tolerance", NULL}, {"objective-every", NULL}, {"solver", NULL}, {"nonnegative", NULL}, {"exchange", NULL},     \
      {"heavy-rows", NULL}, {"memory", NULL}, {"link", NULL}, {"local-link", NULL}, {"core-flops", NULL},              \
      {"half-speed", NULL}, {"latency", NULL}, {                                                                       \
    "seed", NULL                                                                                                       \
  }

/* The words of options that choose, for option_choice() and for writing the choice down. */
extern const char LOSS_WORDS[], CONFIDENCE_WORDS[], WEIGHTS_WORDS[], DUPLICATES_WORDS[], SOLVER_WORDS[],
    EXCHANGE_WORDS[];

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
