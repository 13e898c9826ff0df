#include "jobs/settings/refresh_settings.h"

#include "jobs/cli/words.h"
#include "jobs/settings/recorded.h"

status refresh_settings_read(const options *o, refresh_settings *out) {
  status st = OK;
  int word;
  *out = (refresh_settings){.dataset = options_argument(o, 0),
                            .snapshots = option_text(o, "output"),
                            .warm_start = option_text(o, "warm-start"),
                            .metrics_file = option_text(o, "metrics-file"),
                            .quiet = option_flag(o, "quiet")};
  TRY(option_choice(o, "refit", ON_OFF_WORDS, &word));
  out->refit = word == 0;
  TRY(train_settings_read(o, &out->train));
  TRY(group_settings_read(o, &out->groups));
  TRY(measure_settings_read(o, &out->measure));
  TRY(gate_settings_read(o, &out->gate));
  TRY(checkpoint_settings_read(o, &out->checkpoints));
  TRY(resume_settings_read(o, &out->resume));
  TRY(recorded_all(o, &out->all));
done:
  return st;
}

void refresh_settings_free(refresh_settings *s) {
  group_settings_free(&s->groups);
  resume_settings_free(&s->resume);
  json_decref(s->all);
  s->all = NULL;
}
