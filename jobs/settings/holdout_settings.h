/* Settings of the hold-out: --holdout, --test and --seed, read from the options. */
#ifndef PALATE_JOBS_SETTINGS_HOLDOUT_SETTINGS_H
#define PALATE_JOBS_SETTINGS_HOLDOUT_SETTINGS_H

#include "jobs/cli/options.h"

/* The options it reads, for a command's `takes`. */
/* clang-format off */
#define HOLDOUT_OPTIONS {.name = "holdout"}, {.name = "test"}, {.name = "seed"}
/* clang-format on */

/* Texts are borrowed from the options. */
typedef struct holdout_settings {
  const char *rule; /* of --holdout, or its default */
  bool rule_given;
  const char *test; /* the dataset of --test, or NULL */
  uint64_t seed;
  bool seed_given;
} holdout_settings;

/* USAGE if both a rule and a dataset are given. What the rule says is read by holdout_to_train and holdout_to_measure
 * (holdout.h). Local; every rank gets the same result. */
status holdout_settings_read(const options *o, holdout_settings *out);

#endif
