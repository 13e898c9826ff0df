#include "jobs/settings/checkpoint_settings.h"

#include "io/base/log.h"

#include <string.h>

status checkpoint_settings_read(const options *o, checkpoint_settings *out) {
  const char *every = option_text(o, "checkpoint-every");
  status st = OK;
  *out = (checkpoint_settings){0};
  if (every != NULL && every[strspn(every, "0123456789")] == '\0') {
    int64_t steps;
    TRY(option_count(o, "checkpoint-every", 0, 1000000, &steps));
    out->every_steps = (int)steps;
  } else if (every != NULL)
    TRY(option_seconds(o, "checkpoint-every", &out->every_seconds));
  if (option_text(o, "time-limit") != NULL)
    TRY(option_seconds(o, "time-limit", &out->limit));
done:
  return st;
}

run_clock checkpoint_clock(const checkpoint_settings *s, double started) {
  return (run_clock){.every_steps = s->every_steps,
                     .every_seconds = s->every_seconds,
                     .limit = s->limit,
                     .started = started,
                     .last = seconds_now()};
}
