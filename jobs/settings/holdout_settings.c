#include "jobs/settings/holdout_settings.h"

status holdout_settings_read(const options *o, holdout_settings *out) {
  int64_t seed;
  status st = option_count(o, "seed", 0, INT64_MAX, &seed);
  if (st != OK)
    return st;
  *out = (holdout_settings){.rule = option_text(o, "holdout"),
                            .rule_given = option_given(o, "holdout"),
                            .test = option_text(o, "test"),
                            .seed = (uint64_t)seed,
                            .seed_given = option_given(o, "seed")};
  if (out->test != NULL && out->rule_given)
    return status_fail(USAGE, "give --holdout or --test, not both");
  return OK;
}
