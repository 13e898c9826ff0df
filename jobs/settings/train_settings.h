/* Settings of training, read from the options. */
#ifndef PALATE_JOBS_SETTINGS_TRAIN_SETTINGS_H
#define PALATE_JOBS_SETTINGS_TRAIN_SETTINGS_H

#include "jobs/settings/holdout_settings.h"
#include "train/als/als.h"
#include "train/rows/recency.h"
#include "train/rows/row_sort.h"

typedef struct train_settings {
  als_settings als;
  duplicates merge;
  int loss, confidence, weights, solver, exchange; /* places in the lists of jobs/cli/words.h */
  holdout_settings holdout;
  recency_settings recency;
  const char *half_life; /* of --half-life, as given, or "none". Borrowed */
} train_settings;

/* Reads TRAIN_OPTIONS (train_options.h) and HOLDOUT_OPTIONS. USAGE names the option that is wrong. Local. */
status train_settings_read(const options *o, train_settings *out);

/* --link, --local-link, --core-flops, --half-speed and --latency; `threads` of a rank. USAGE. Local. */
status train_settings_machine(const options *o, int threads, machine *out);

/* --duplicates, or its default: last for the explicit loss, sum for the implicit one. USAGE. Local. */
status train_settings_duplicates(const options *o, bool explicit_loss, duplicates *out);

#endif
