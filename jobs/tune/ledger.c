#include "jobs/tune/ledger.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes the deciding figure from `model` of metrics.json. */
static void take_figures(const tuning *tuning, const json_t *metrics, attempt *a) {
  char interval[32];
  const json_t *where =
      metric_of_ratings(tuning->by) ? metrics : json_object_get(json_object_get(metrics, "at"), tuning->at);
  const json_t *value = json_object_get(where, metric_name(tuning->by));
  snprintf(interval, sizeof interval, "%s_ci", metric_name(tuning->by));
  const json_t *ends = json_object_get(where, interval);
  a->value = json_is_number(value) ? json_number_value(value) : NAN;
  a->low = json_number_value(json_array_get(ends, 0));
  a->high = json_number_value(json_array_get(ends, 1));
}

/* A key as text, the same for equal keys. NULL if there is no key or no memory. Free with free. */
static char *text_of(const json_t *key) {
  return key != NULL ? json_dumps(key, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
}

/* {key as text: [places in tuning->tries]}, several if the grid has a value twice. Free with json_decref. */
static status index_tries(const tuning *tuning, json_t **out) {
  status st = OK;
  *out = json_object();
  for (int i = 0; i < tuning->n && st == OK; i++) {
    json_t *key = tuning_key(tuning, &tuning->tries[i]);
    char *text = text_of(key);
    if (text != NULL && json_object_get(*out, text) == NULL)
      json_object_set_new(*out, text, json_array());
    if (text == NULL || json_array_append_new(json_object_get(*out, text), json_integer(i)) != 0)
      st = status_fail(NO_MEMORY, "no memory for the settings");
    free(text);
    json_decref(key);
  }
  return st;
}

/* Takes the figures of a line of the ledger, if its try is one of this search. */
static void take_line(tuning *tuning, const json_t *line, const json_t *index) {
  char *text = text_of(json_object_get(line, "key"));
  const json_t *places = text != NULL ? json_object_get(index, text) : NULL;
  const char *name = json_string_value(json_object_get(line, "snapshot"));
  free(text);
  for (size_t i = 0; i < json_array_size(places); i++) {
    attempt *a = &tuning->tries[json_integer_value(json_array_get(places, i))];
    take_figures(tuning, json_object_get(line, "model"), a);
    a->seconds = json_number_value(json_object_get(line, "seconds"));
    if (name != NULL && snapshot_is_id(name))
      snprintf(a->snapshot, sizeof a->snapshot, "%s", name);
  }
}

/* Takes the figures of tries that earlier runs made. Rank 0. */
static status read_ledger(tuning *tuning, const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return errno == ENOENT ? OK : status_fail(IO_FAILED, "cannot read %s: %s", path, strerror(errno));
  json_t *index = NULL;
  status st = index_tries(tuning, &index);
  char *text = NULL;
  size_t room = 0;
  for (ssize_t length; st == OK && (length = getline(&text, &room, file)) >= 0;) {
    json_t *line = json_loadb(text, (size_t)length, 0, NULL);
    take_line(tuning, line, index);
    json_decref(line);
  }
  if (st == OK && ferror(file))
    st = status_fail(IO_FAILED, "cannot read %s: %s", path, strerror(errno));
  json_decref(index);
  free(text);
  fclose(file);
  return st;
}

status ledger_open(tuning *tuning) {
  char path[SNAPSHOT_PATH_MAX];
  if ((size_t)snprintf(path, sizeof path, "%s/tune.jsonl", tuning->folder) >= sizeof path)
    return status_fail(USAGE, "--output: the path is too long");
  status st = read_ledger(tuning, path);
  return st == OK ? journal_open(path, &tuning->ledger) : st;
}

status ledger_write(tuning *tuning, attempt *a, const json_t *report, const char *rule) {
  json_t *model = json_object_get(report, "model"), *key = tuning_key(tuning, a),
         *settings = tuning_settings_json(tuning, a);
  status st = key != NULL && settings != NULL ? OK : status_fail(NO_MEMORY, "no memory for the ledger");
  take_figures(tuning, model, a);
  if (st == OK)
    st = journal_write(tuning->ledger,
                       json_pack("{s:s, s:O, s:s, s:f, s:s, s:O, s:O}", "event", "try", "settings", settings, "rule",
                                 rule, "seconds", a->seconds, "snapshot", a->snapshot, "model", model, "key", key));
  json_decref(key);
  json_decref(settings);
  return st;
}
