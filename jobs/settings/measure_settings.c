#include "jobs/settings/measure_settings.h"

status measure_settings_read(const options *o, measure_settings *out) {
  status st = OK;
  *out = (measure_settings){0};
  TRY(option_counts(o, "at", METRICS_AT_MAX, out->at, &out->n_at));
  if (option_text(o, "memory") != NULL)
    TRY(option_size(o, "memory", &out->memory));
  TRY(holdout_settings_read(o, &out->holdout));
done:
  return st;
}
