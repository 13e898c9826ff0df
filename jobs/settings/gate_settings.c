#include "jobs/settings/gate_settings.h"

#include "jobs/cli/words.h"

status gate_settings_read(const options *o, gate_settings *out) {
  int word;
  status st = OK;
  TRY(option_choice(o, "gate", ON_OFF_WORDS, &word));
  out->compare = word == 0;
  TRY(option_number(o, "gate-tolerance", 0, 1, &out->tolerance));
  TRY(option_number(o, "gate-coverage", 0, 1, &out->coverage));
  TRY(option_number(o, "gate-served", 0, 1, &out->served));
  TRY(option_number(o, "gate-jump", 1, 1e9, &out->jump));
done:
  return st;
}
