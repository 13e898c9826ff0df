/* When to write checkpoints and when to stop, read from the options. */
#ifndef PALATE_JOBS_SETTINGS_CHECKPOINT_SETTINGS_H
#define PALATE_JOBS_SETTINGS_CHECKPOINT_SETTINGS_H

#include "io/ranks/run_clock.h"
#include "jobs/cli/options.h"

/* The options that checkpoint_settings_read reads. */
/* clang-format off */
#define CHECKPOINT_OPTIONS {.name = "checkpoint-every"}, {.name = "time-limit"}
/* clang-format on */

typedef struct checkpoint_settings {
  int every_steps;      /* 0: by time */
  double every_seconds; /* 0: never */
  double limit;         /* seconds of the run; 0: none */
} checkpoint_settings;

/* USAGE names the option that is wrong. Local. */
status checkpoint_settings_read(const options *o, checkpoint_settings *out);

/* The clock of a run that began at `started` (seconds_now()). Local. */
run_clock checkpoint_clock(const checkpoint_settings *s, double started);

#endif
