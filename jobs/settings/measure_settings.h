/* Settings of measuring a model, read from the options. */
#ifndef PALATE_JOBS_SETTINGS_MEASURE_SETTINGS_H
#define PALATE_JOBS_SETTINGS_MEASURE_SETTINGS_H

#include "eval/metrics/metrics.h"
#include "jobs/settings/holdout_settings.h"

/* The options that measure_settings_read reads. */
/* clang-format off */
#define MEASURE_OPTIONS HOLDOUT_OPTIONS, {.name = "at"}, {.name = "memory"}
/* clang-format on */

typedef struct measure_settings {
  int n_at, at[METRICS_AT_MAX]; /* list lengths, ascending */
  int64_t memory;               /* bytes a rank may take; 0: no bound */
  holdout_settings holdout;
} measure_settings;

/* USAGE names the option that is wrong. Local. */
status measure_settings_read(const options *o, measure_settings *out);

#endif
