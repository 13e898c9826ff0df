#include "jobs/tune/tuning.h"

#include "eval/metrics/metrics.h"
#include "io/base/mem.h"
#include "jobs/cli/option_table.h"
#include "jobs/cli/words.h"
#include "jobs/settings/holdout.h"
#include "jobs/settings/train_options.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/steps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TRIES_MAX = 10000 };

/* Whether a is better than b; an unknown value is worse than any other. */
static bool better(const tuning *tuning, double a, double b) {
  if (isnan(a) || isnan(b))
    return !isnan(a);
  return metric_less_is_better(tuning->by) ? a < b : a > b;
}

const attempt *tuning_best(const tuning *tuning) {
  const attempt *best = &tuning->tries[0];
  for (int i = 1; i < tuning->n; i++)
    if (better(tuning, tuning->tries[i].value, best->value))
      best = &tuning->tries[i];
  return best;
}

const char *tuning_words(const tuning *tuning, const attempt *a, char *out, size_t size) {
  size_t at = 0;
  out[0] = '\0';
  for (int x = 0; x < tuning->g.n && at < size; x++)
    at += (size_t)snprintf(out + at, size - at, "%s%s %s", x > 0 ? ", " : "", tuning->g.axis[x].name,
                           grid_value(&tuning->g, a->setting, x));
  return out;
}

json_t *tuning_settings_json(const tuning *tuning, const attempt *a) {
  json_t *out = json_object();
  for (int x = 0; x < tuning->g.n; x++)
    json_object_set_new(out, tuning->g.axis[x].name, json_string(grid_value(&tuning->g, a->setting, x)));
  return out;
}

json_t *tuning_key(const tuning *tuning, const attempt *a) {
  json_t *key = resume_key(&a->resume, tuning->digest, "");
  if (key != NULL && (json_object_set_new(key, "sweeps", json_string(option_text(a->o, "sweeps"))) != 0 ||
                      json_object_set_new(key, "at", json_string(option_text(a->o, "at"))) != 0)) {
    json_decref(key);
    return NULL;
  }
  return key;
}

/* --- before anything runs --- */

bool tuning_may_vary(const char *name) {
  /* The seed draws the pairs to choose by; the others change bits and not what is learned. */
  static const char *const NOT[] = {"seed", "objective-every", "heavy-rows"};
  static const option_use USES[] = {TRAIN_OPTIONS, {0}};
  option_effect effect = option_changes(name);
  bool found = false;
  for (const option_use *u = USES; u->name != NULL; u++)
    found = found || strcmp(u->name, name) == 0;
  for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++)
    found = found && strcmp(NOT[i], name) != 0;
  return found && (effect == CHANGES_MODEL || effect == CHANGES_END);
}

/* Validation pairs: beside those that the rule holds out for the final test, if the rule can tell the two apart. */
static status set_validation(options *o) {
  char rule[SPLIT_TEXT_MAX + 16];
  const char *given = option_text(o, "holdout");
  bool apart = strncmp(given, "random:", 7) == 0 || strncmp(given, "last:", 5) == 0 || strncmp(given, "users:", 6) == 0;
  if (option_text(o, "test") != NULL || !apart)
    return OK;
  snprintf(rule, sizeof rule, "validation:%.*s", SPLIT_TEXT_MAX, given);
  return options_set(o, "holdout", rule);
}

static status check_axes(const tuning *tuning, const char *path) {
  for (int a = 0; a < tuning->g.n; a++)
    if (!tuning_may_vary(tuning->g.axis[a].name))
      return status_fail(USAGE, "%s:%d: `%s` is not an option that changes the model; see `palate train --help`", path,
                         tuning->g.axis[a].line, tuning->g.axis[a].name);
  return OK;
}

/* Makes the options of a setting and checks them, so that a wrong value is found before the first try. */
static status make_attempt(tuning *tuning, attempt *a) {
  holdout h;
  status st = OK;
  a->value = a->low = a->high = a->seconds = NAN;
  TRY(options_copy(tuning->o, &a->o));
  for (int x = 0; x < tuning->g.n; x++)
    TRY(options_set(a->o, tuning->g.axis[x].name, grid_value(&tuning->g, a->setting, x)));
  TRY(set_validation(a->o));
  TRY(train_settings_read(a->o, &a->train));
  TRY(measure_settings_read(a->o, &a->measure));
  TRY(resume_settings_read(a->o, &a->resume));
  TRY(holdout_to_train(&a->train.holdout, &h));
  if (holdout_none(&h))
    TRY(status_fail(USAGE, "--holdout none leaves no pairs to choose settings by"));
done:
  return st;
}

/* The figure that decides: the same for all settings. */
static status choose_measure(tuning *tuning) {
  int by, at[METRICS_AT_MAX], n_at, ratings = 0;
  char words[METRIC_CHOICES_MAX + 8] = "auto|";
  status st = OK;
  metric_choices(words + strlen(words));
  TRY(option_choice(tuning->o, "by", words, &by));
  TRY(option_counts(tuning->o, "at", METRICS_AT_MAX, at, &n_at));
  for (int i = 0; i < tuning->n; i++)
    ratings += strcmp(option_text(tuning->tries[i].o, "loss"), "explicit") == 0;
  tuning->by = by == 0 ? metric_deciding(ratings == tuning->n) : (metric)(by - 1);
  if (metric_of_ratings(tuning->by) && ratings < tuning->n)
    TRY(status_fail(USAGE, "--by %s needs --loss explicit in every setting", option_text(tuning->o, "by")));
  snprintf(tuning->at, sizeof tuning->at, "%d", at[0]);
  metric_label(tuning->by, at[0], tuning->name);
done:
  return st;
}

status tuning_prepare(tuning *tuning) {
  const char *path = option_text(tuning->o, "grid");
  int64_t most = TRIES_MAX, seed;
  int *chosen = NULL;
  status st = OK;
  if (path == NULL)
    TRY(status_fail(USAGE,
                    "--grid FILE is missing: the settings to try, in lines such as `lambda = 0.003, 0.01, 0.03`"));
  TRY(grid_read(path, &tuning->g));
  TRY(check_axes(tuning, path));
  TRY(option_count(tuning->o, "seed", 0, INT64_MAX, &seed));
  if (option_text(tuning->o, "tries") != NULL)
    TRY(option_count(tuning->o, "tries", 1, TRIES_MAX, &most));
  else if (tuning->g.settings > TRIES_MAX)
    TRY(status_fail(USAGE, "%s has %d settings; --tries N tries N of them (at most %d)", path, tuning->g.settings,
                    TRIES_MAX));
  TRY(MEM_ALLOC(chosen, most, "settings"));
  tuning->n = grid_choose(&tuning->g, (int)most, (uint64_t)seed, chosen);
  TRY(MEM_ZALLOC(tuning->tries, tuning->n, "settings"));
  for (int i = 0; i < tuning->n; i++) {
    tuning->tries[i].setting = chosen[i];
    TRY(make_attempt(tuning, &tuning->tries[i]));
  }
  TRY(choose_measure(tuning));
done:
  mem_free(chosen);
  return st;
}

void tuning_free(tuning *tuning) {
  for (int i = 0; tuning->tries != NULL && i < tuning->n; i++) {
    resume_settings_free(&tuning->tries[i].resume);
    options_free(tuning->tries[i].o);
  }
  mem_free(tuning->tries);
  grid_free(&tuning->g);
}

status tuning_check_data(tuning *tuning) {
  int i = 0; /* the first that wants times; all have one hold-out */
  while (i + 1 < tuning->n && tuning->tries[i].train.recency.half_life == 0)
    i++;
  return train_check_data(tuning->c, &tuning->tries[i].train, tuning->dataset, tuning->digest);
}
