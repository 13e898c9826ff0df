#include "jobs/settings/recorded.h"

#include "io/base/log.h"
#include "jobs/cli/option_table.h"

enum { TEXT_MAX = 8192 };

static void take(void *object, const char *name, const char *value) {
  char safe[TEXT_MAX];
  json_object_set_new(object, name,
                      value != NULL ? json_string(text_printable(value, safe, sizeof safe)) : json_null());
}

static status make(json_t **out) {
  *out = json_object();
  return *out != NULL ? OK : status_fail(NO_MEMORY, "no memory for the settings");
}

status recorded_all(const options *o, json_t **out) {
  status st = make(out);
  if (st == OK)
    options_each(o, take, *out);
  return st;
}

status recorded_model(const options *o, json_t **out) {
  status st = make(out);
  for (int i = 0; st == OK && i < option_table_size(); i++) {
    const option_spec *row = option_table_row(i);
    if (row->changes == CHANGES_MODEL)
      take(*out, row->name, option_text(o, row->name));
  }
  return st;
}

status recorded_groups(const options *o, const option_use *list, json_t **out) {
  status st = make(out);
  for (const option_use *u = list; st == OK && u->name != NULL; u++) {
    option_effect changes = option_changes(u->name);
    if (changes >= CHANGES_GROUPS && changes <= CHANGES_MODEL)
      take(*out, u->name, option_text(o, u->name));
  }
  return st;
}
