/* palate tune: tries settings, each measured on pairs that neither it nor the final test has seen. */
#include "eval/measure/report.h"
#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/stop.h"
#include "io/schema/dataset.h"
#include "io/snapshot/publish.h"
#include "jobs/commands/commands.h"
#include "jobs/settings/train_options.h"
#include "jobs/steps/measure.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/steps.h"
#include "jobs/tune/grid.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char LEDGER[] = "tune.jsonl";
static const char BEST[] = "best.conf";
enum { BY_AUTO = 0, BY_NDCG = 5, BY_RMSE = 8, BY_MAE = 9, TRIES_MAX = 10000 };

/* One setting and what came of it. */
typedef struct attempt {
  int setting; /* of the grid */
  options *o;
  double value, low, high, seconds; /* value: NaN until it is known */
  char snapshot[SNAPSHOT_ID_MAX];   /* rank 0: its name; "" where it is not there: the best one's alone is kept */
} attempt;

/* What the steps share. */
typedef struct tuning {
  comm *c;
  const options *o;
  const char *dataset, *folder;
  edge_clock clock;
  grid g;
  int n;
  attempt *tries;      /* [n] */
  char by[16], at[16]; /* the deciding figure as metrics.json has it */
  char name[32];       /* … as a person reads it */
  char digest[65];
  publish_lock *lock; /* rank 0 */
  journal *ledger;    /* rank 0 */
} tuning;

static bool less_is_better(const tuning *t) {
  return strcmp(t->by, "rmse") == 0 || strcmp(t->by, "mae") == 0;
}

/* Whether a is better than b; what is not known is worse than anything. */
static bool better(const tuning *t, double a, double b) {
  if (isnan(a) || isnan(b))
    return !isnan(a);
  return less_is_better(t) ? a < b : a > b;
}

/* --- before anything runs --- */

/* Pairs to choose by: beside those that the rule keeps for the final measure, where it can tell them apart. */
static status set_validation(options *o) {
  char rule[SPLIT_TEXT_MAX + 16];
  const char *given = option_text(o, "holdout");
  bool apart = strncmp(given, "random:", 7) == 0 || strncmp(given, "last:", 5) == 0 || strncmp(given, "users:", 6) == 0;
  if (option_text(o, "test") != NULL || !apart)
    return OK;
  snprintf(rule, sizeof rule, "validation:%.*s", SPLIT_TEXT_MAX, given);
  return options_set(o, "holdout", rule);
}

static bool is_training_option(const char *name) {
  static const char *const NOT[] = {"seed", "memory",     "exchange",   "objective-every", "heavy-rows",
                                    "link", "local-link", "core-flops", "half-speed",      "latency"};
  static const option_use USES[] = {TRAIN_OPTIONS, {0}};
  bool found = false;
  for (const option_use *u = USES; u->name != NULL; u++)
    found = found || strcmp(u->name, name) == 0;
  for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++)
    found = found && strcmp(NOT[i], name) != 0;
  return found;
}

static status check_axes(const tuning *t, const char *path) {
  for (int a = 0; a < t->g.n; a++)
    if (!is_training_option(t->g.axis[a].name))
      return status_fail(USAGE, "%s:%d: `%s` is no option that makes another model; see `palate train --help`", path,
                         t->g.axis[a].line, t->g.axis[a].name);
  return OK;
}

/* The options of a setting. Wrong values are found before the first try begins. */
static status make_attempt(tuning *t, attempt *a) {
  train_options read;
  holdout h;
  status st = OK;
  a->value = a->low = a->high = a->seconds = NAN;
  TRY(options_copy(t->o, &a->o));
  for (int x = 0; x < t->g.n; x++)
    TRY(options_set(a->o, t->g.axis[x].name, grid_value(&t->g, a->setting, x)));
  TRY(set_validation(a->o));
  TRY(train_options_read(a->o, &read));
  TRY(holdout_read(a->o, SPLIT_TO_TRAIN, NULL, 0, &h));
  if (holdout_none(&h))
    TRY(status_fail(USAGE, "with --holdout none nothing is left to choose settings by"));
done:
  return st;
}

/* Which figure decides: the same for all settings. */
static status choose_measure(tuning *t) {
  int by, at[METRICS_AT_MAX], n_at, ratings = 0;
  status st = OK;
  TRY(option_choice(t->o, "by", TUNE_BY_WORDS, &by));
  TRY(option_counts(t->o, "at", METRICS_AT_MAX, at, &n_at));
  for (int i = 0; i < t->n; i++)
    ratings += strcmp(option_text(t->tries[i].o, "loss"), "explicit") == 0;
  if (by == BY_AUTO)
    by = ratings == t->n ? BY_RMSE : BY_NDCG;
  if ((by == BY_RMSE || by == BY_MAE) && ratings < t->n)
    TRY(status_fail(USAGE, "--by %s needs --loss explicit in every setting", option_text(t->o, "by")));
  word_at(TUNE_BY_WORDS, by, t->by, sizeof t->by);
  snprintf(t->at, sizeof t->at, "%d", at[0]);
  snprintf(t->name, sizeof t->name, less_is_better(t) ? "%s" : "%s@%d", t->by, at[0]);
done:
  return st;
}

static status prepare(tuning *t) {
  const char *path = option_text(t->o, "grid");
  int64_t most = TRIES_MAX, seed;
  int *chosen = NULL;
  status st = OK;
  if (path == NULL)
    TRY(status_fail(USAGE, "give the settings to try: --grid FILE, with lines such as `lambda = 0.003, 0.01, 0.03`"));
  TRY(grid_read(path, &t->g));
  TRY(check_axes(t, path));
  TRY(option_count(t->o, "seed", 0, INT64_MAX, &seed));
  if (option_text(t->o, "tries") != NULL)
    TRY(option_count(t->o, "tries", 1, TRIES_MAX, &most));
  else if (t->g.settings > TRIES_MAX)
    TRY(status_fail(USAGE, "%s has %d settings; --tries N tries N of them, at most %d", path, t->g.settings,
                    TRIES_MAX));
  TRY(MEM_ALLOC(chosen, most, "settings"));
  t->n = grid_choose(&t->g, (int)most, (uint64_t)seed, chosen);
  TRY(MEM_ZALLOC(t->tries, t->n, "settings"));
  for (int i = 0; i < t->n; i++) {
    t->tries[i].setting = chosen[i];
    TRY(make_attempt(t, &t->tries[i]));
  }
  TRY(choose_measure(t));
done:
  mem_free(chosen);
  return st;
}

static status look_at_data(tuning *t) {
  dataset *d = NULL;
  holdout h;
  status st = OK;
  TRY(comm_agree(t->c, holdout_read(t->tries[0].o, SPLIT_TO_TRAIN, NULL, 0, &h)));
  TRY(dataset_open(t->c, t->dataset, &d));
  TRY(comm_agree(t->c, holdout_check(&h, d)));
  snprintf(t->digest, sizeof t->digest, "%s", dataset_digest(d));
done:
  dataset_close(d);
  return st;
}

/* The values of the grid that make a setting; NULL where memory is out. Free with json_decref. */
static json_t *settings_json(const tuning *t, const attempt *a) {
  json_t *out = json_object();
  for (int x = 0; x < t->g.n; x++)
    json_object_set_new(out, t->g.axis[x].name, json_string(grid_value(&t->g, a->setting, x)));
  return out;
}

/* --- the ledger: a line for each try, so that none is made twice --- */

/* What a try is, for the ledger: all that its figures follow from. NULL where memory is out. */
static json_t *key_of(const tuning *t, const attempt *a) {
  json_t *key = resume_key(a->o, t->digest, "");
  if (key != NULL && (json_object_set_new(key, "sweeps", json_string(option_text(a->o, "sweeps"))) != 0 ||
                      json_object_set_new(key, "at", json_string(option_text(a->o, "at"))) != 0)) {
    json_decref(key);
    return NULL;
  }
  return key;
}

/* Takes the deciding figure from metrics as metrics.json's "model" has them. */
static void take_figures(const tuning *t, const json_t *metrics, attempt *a) {
  char interval[32];
  const json_t *where = less_is_better(t) ? metrics : json_object_get(json_object_get(metrics, "at"), t->at);
  const json_t *value = json_object_get(where, t->by);
  snprintf(interval, sizeof interval, "%s_ci", t->by);
  const json_t *ends = json_object_get(where, interval);
  a->value = json_is_number(value) ? json_number_value(value) : NAN;
  a->low = json_number_value(json_array_get(ends, 0));
  a->high = json_number_value(json_array_get(ends, 1));
}

/* A key as text, the same for equal keys. NULL where memory is out, or there is no key. Free with free. */
static char *text_of(const json_t *key) {
  return key != NULL ? json_dumps(key, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
}

/* {key as text: [places in the list of tries]}; a grid may name a value twice. Free with json_decref. */
static status index_tries(const tuning *t, json_t **out) {
  status st = OK;
  *out = json_object();
  for (int i = 0; i < t->n && st == OK; i++) {
    json_t *key = key_of(t, &t->tries[i]);
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

/* Takes what a line of the ledger says of the try that it is about, if that is in the list. */
static void take_line(tuning *t, const json_t *line, const json_t *index) {
  char *text = text_of(json_object_get(line, "key"));
  const json_t *places = text != NULL ? json_object_get(index, text) : NULL;
  const char *name = json_string_value(json_object_get(line, "snapshot"));
  free(text);
  for (size_t i = 0; i < json_array_size(places); i++) {
    attempt *a = &t->tries[json_integer_value(json_array_get(places, i))];
    take_figures(t, json_object_get(line, "model"), a);
    a->seconds = json_number_value(json_object_get(line, "seconds"));
    if (name != NULL && snapshot_is_id(name))
      snprintf(a->snapshot, sizeof a->snapshot, "%s", name);
  }
}

/* The tries of this list that earlier runs made. A line that was cut off by a kill is no try. Rank 0. */
static status read_ledger(tuning *t, const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return errno == ENOENT ? OK : status_fail(IO_FAILED, "cannot read %s: %s", path, strerror(errno));
  json_t *index = NULL;
  status st = index_tries(t, &index);
  char *text = NULL;
  size_t room = 0;
  for (ssize_t length; st == OK && (length = getline(&text, &room, file)) >= 0;) {
    json_t *line = json_loadb(text, (size_t)length, 0, NULL);
    take_line(t, line, index);
    json_decref(line);
  }
  if (st == OK && ferror(file))
    st = status_fail(IO_FAILED, "cannot read %s: %s", path, strerror(errno));
  json_decref(index);
  free(text);
  fclose(file);
  return st;
}

static const attempt *best_of(const tuning *t) {
  const attempt *best = &t->tries[0];
  for (int i = 1; i < t->n; i++)
    if (better(t, t->tries[i].value, best->value))
      best = &t->tries[i];
  return best;
}

/* The snapshots of the tries that are known, but for the best, go: a search would fill the disk. Rank 0. */
static status keep_the_best(tuning *t) {
  const attempt *best = best_of(t);
  char dir[SNAPSHOT_PATH_MAX + SNAPSHOT_ID_MAX];
  for (int i = 0; i < t->n; i++) {
    attempt *a = &t->tries[i];
    snprintf(dir, sizeof dir, "%s/%s", t->folder, a->snapshot);
    if (a->snapshot[0] == '\0' || strcmp(a->snapshot, best->snapshot) == 0)
      continue;
    status st = access(dir, F_OK) == 0 ? publish_remove(dir) : OK;
    if (st != OK)
      return st;
    a->snapshot[0] = '\0';
  }
  return OK;
}

/* Opens the folder for this run alone. Rank 0. */
static status open_folder(tuning *t) {
  char path[SNAPSHOT_PATH_MAX];
  status st = OK;
  if ((size_t)snprintf(path, sizeof path, "%s/%s", t->folder, LEDGER) >= sizeof path)
    return status_fail(USAGE, "--output: the path is too long");
  TRY(snapshot_make_folder(t->folder));
  TRY(publish_lock_take(t->folder, "palate tune", &t->lock));
  TRY(read_ledger(t, path));
  TRY(keep_the_best(t));
  TRY(journal_open(path, &t->ledger));
done:
  return st;
}

/* --- the tries --- */

/* "factors 64, lambda 0.01" */
static const char *words_of(const tuning *t, const attempt *a, char *out, size_t size) {
  size_t at = 0;
  out[0] = '\0';
  for (int x = 0; x < t->g.n && at < size; x++)
    at += (size_t)snprintf(out + at, size - at, "%s%s %s", x > 0 ? ", " : "", t->g.axis[x].name,
                           grid_value(&t->g, a->setting, x));
  return out;
}

/* Notes the figures of a try whose snapshot is in dir. Rank 0. */
static status settle(tuning *t, attempt *a, const evaluation *e, const char *rule, uint64_t seed, const char *dir) {
  status st = OK;
  json_t *report = report_json(e, rule, seed), *key = key_of(t, a), *settings = settings_json(t, a);
  if (report == NULL || key == NULL)
    TRY(status_fail(NO_MEMORY, "no memory for the report"));
  take_figures(t, json_object_get(report, "model"), a);
  snprintf(a->snapshot, sizeof a->snapshot, "%s", snapshot_id(dir));
  TRY(snapshot_write_json(dir, "metrics.json", report));
  TRY(journal_write(t->ledger, json_pack("{s:s, s:O, s:s, s:f, s:s, s:O, s:O}", "event", "try", "settings", settings,
                                         "rule", rule, "seconds", a->seconds, "snapshot", a->snapshot, "model",
                                         json_object_get(report, "model"), "key", key)));
  resume_done(dir);
  measure_done(dir);
  TRY(keep_the_best(t));
done:
  json_decref(report);
  json_decref(key);
  json_decref(settings);
  return st;
}

/* Trains and measures one setting; goes on where an earlier run was stopped in it. */
static status make_try(tuning *t, attempt *a) {
  char dir[SNAPSHOT_PATH_MAX], path[SNAPSHOT_PATH_MAX + 32], rule[SPLIT_TEXT_MAX];
  const char *dirs[1] = {dir};
  uint64_t seed;
  resume *going = NULL;
  journal *j = NULL; /* rank 0 */
  evaluation *e = NULL;
  double start = seconds_now();
  /* What the steps say of themselves is of use to one who looks closely only. */
  log_level level = log_set_level(option_flag(t->o, "verbose") ? LOG_DEBUG : LOG_QUIET);
  status st = OK;
  TRY(comm_agree(t->c, MEM_ZALLOC(e, 1, "an evaluation")));
  TRY(resume_begin(t->c, a->o, t->folder, t->digest, "", dir, &going));
  snprintf(path, sizeof path, "%s/train.jsonl", dir);
  TRY(comm_agree(t->c, t->c->rank == 0 ? journal_open(path, &j) : OK));
  TRY(job_train(t->c, a->o, t->dataset, dir, "", &t->clock, j));
  TRY(measure(t->c, a->o, t->dataset, dirs, 1, dir, &t->clock, e, rule, &seed));
  a->seconds = seconds_now() - start;
  TRY(comm_agree(t->c, t->c->rank == 0 ? settle(t, a, e, rule, seed, dir) : OK));
done:
  log_set_level(level);
  journal_close(j);
  resume_end(going);
  mem_free(e);
  return st;
}

static status make_tries(tuning *t) {
  progress bar;
  char words[1024];
  status st = OK;
  progress_begin(&bar, "tries", t->n);
  for (int i = 0; st == OK && i < t->n; i++) {
    attempt *a = &t->tries[i];
    int64_t known = !isnan(a->value);
    comm_broadcast(t->c, &known, sizeof known, 0);
    if (!known && edge_late(t->c, &t->clock)) {
      snprintf(words, sizeof words, "before try %d of %d", i + 1, t->n);
      st = edge_stopped(words, t->folder);
    } else if (!known)
      st = make_try(t, a);
    if (st != OK || t->c->rank != 0)
      continue;
    if (bar.drawn)
      progress_end(&bar);
    log_info("try %d/%d  %s: %s %.4f (%.4f – %.4f), %.1f s%s", i + 1, t->n, words_of(t, a, words, sizeof words),
             t->name, a->value, a->low, a->high, a->seconds, known ? ", from an earlier run" : "");
    progress_step(&bar, i + 1, "%s", "");
  }
  progress_end(&bar);
  return st;
}

/* --- what came of it: rank 0 --- */

typedef struct ranked {
  double badness; /* ascends from the best */
  const attempt *a;
} ranked;

static int best_first(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->badness != y->badness)
    return x->badness < y->badness ? -1 : 1;
  return (x->a->setting > y->a->setting) - (x->a->setting < y->a->setting);
}

static int width_of(const tuning *t, int axis) {
  size_t most = strlen(t->g.axis[axis].name);
  for (int i = 0; i < t->g.axis[axis].n; i++)
    most = strlen(t->g.axis[axis].value[i]) > most ? strlen(t->g.axis[axis].value[i]) : most;
  return (int)most + 2;
}

static void show_table(const tuning *t, const ranked *order) {
  char safe[512];
  printf("   # %12s      95 %% interval   seconds", t->name);
  for (int x = 0; x < t->g.n; x++)
    printf("%*s", width_of(t, x), t->g.axis[x].name);
  putchar('\n');
  for (int i = 0; i < t->n; i++) {
    const attempt *a = order[i].a;
    printf("%4d %12.4f   %7.4f – %-7.4f %9.1f", i + 1, a->value, a->low, a->high, a->seconds);
    for (int x = 0; x < t->g.n; x++)
      printf("%*s", width_of(t, x), text_printable(grid_value(&t->g, a->setting, x), safe, sizeof safe));
    putchar('\n');
  }
}

static status show_json(const tuning *t, const ranked *order) {
  json_t *all = json_array();
  for (int i = 0; i < t->n; i++) {
    const attempt *a = order[i].a;
    json_array_append_new(all, json_pack("{s:i, s:f, s:[f,f], s:f, s:o}", "rank", i + 1, t->by, a->value, "interval",
                                         a->low, a->high, "seconds", a->seconds, "settings", settings_json(t, a)));
  }
  json_t *out = json_pack("{s:s, s:s, s:s, s:o}", "by", t->name, "rule", option_text(order[0].a->o, "holdout"),
                          "snapshot", order[0].a->snapshot, "tries", all);
  if (out == NULL)
    return status_fail(NO_MEMORY, "no memory for the result");
  json_dumpf(out, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
  putchar('\n');
  json_decref(out);
  return OK;
}

/* The settings of the best try that are not the defaults, for --config. */
static status write_best(const tuning *t, const attempt *best) {
  char path[SNAPSHOT_PATH_MAX], text[8192];
  size_t n = (size_t)snprintf(text, sizeof text, "# %s %.4f, the best of %d settings by palate tune\n", t->name,
                              best->value, t->n);
  for (const option_use *u = CMD_TRAIN.takes; u->name != NULL; u++)
    if (n < sizeof text && is_training_option(u->name) && option_given(best->o, u->name))
      n += (size_t)snprintf(text + n, sizeof text - n, "%s = %s\n", u->name, option_text(best->o, u->name));
  if (n >= sizeof text || (size_t)snprintf(path, sizeof path, "%s/%s", t->folder, BEST) >= sizeof path)
    return status_fail(USAGE, "the settings are too long to be written down");
  return disk_replace(path, text, (int64_t)n);
}

static status show(const tuning *t) {
  ranked *order = NULL;
  status st = OK;
  TRY(MEM_ALLOC(order, t->n, "the result"));
  for (int i = 0; i < t->n; i++)
    order[i] = (ranked){less_is_better(t) ? t->tries[i].value : -t->tries[i].value, &t->tries[i]};
  qsort(order, (size_t)t->n, sizeof *order, best_first);
  TRY(write_best(t, order[0].a));
  if (option_flag(t->o, "json"))
    TRY(show_json(t, order));
  else
    show_table(t, order);
  log_info("the best model is kept in %s/%s, its settings in %s/%s. Next:  palate refresh %s --config %s/%s", t->folder,
           order[0].a->snapshot, t->folder, BEST, t->dataset, t->folder, BEST);
done:
  mem_free(order);
  return st;
}

static status run(comm *c, const options *o) {
  tuning t = {.c = c, .o = o, .dataset = options_argument(o, 0), .folder = option_text(o, "output")};
  status st = OK;
  TRY(comm_agree(c, prepare(&t)));
  TRY(look_at_data(&t));
  stop_install();
  TRY(comm_agree(c, resume_clock_start(o, stop_since(), &t.clock)));
  TRY(comm_agree(c, c->rank == 0 ? open_folder(&t) : OK));
  log_info("%d settings of %d, chosen by %s on --holdout %s", t.n, t.g.settings, t.name,
           option_text(t.tries[0].o, "test") != NULL ? "the pairs of --test" : option_text(t.tries[0].o, "holdout"));
  TRY(make_tries(&t));
  TRY(comm_agree(c, c->rank == 0 ? show(&t) : OK));
done:
  journal_close(t.ledger);
  publish_unlock(t.lock);
  for (int i = 0; t.tries != NULL && i < t.n; i++)
    options_free(t.tries[i].o);
  mem_free(t.tries);
  grid_free(&t.g);
  return st;
}

static const option_use TAKES[] = {
    {.name = "grid"},
    {.name = "tries"},
    {.name = "by"},
    {.name = "output", .fallback = "tuning", .help = "folder for the tries and the best model"},
    {.name = "holdout", .fallback = "random:0.1"},
    {.name = "test"},
    {.name = "json"},
    {.name = "seed"},
    {.name = "warm-start", .hidden = true},
    {0}};

static const command *const STEPS[] = {&CMD_TRAIN, &CMD_EVALUATE, NULL};

const command CMD_TUNE = {
    .name = "tune",
    .arguments = "DATASET",
    .summary = "try settings and rank them by how well their models predict",
    .details =
        "Every line of the grid is an option of `palate train` with the values to try:\n\n"
        "  factors = 32, 64, 128\n"
        "  lambda = 0.003, 0.01, 0.03\n"
        "  unobserved-weight = 0.05, 0.1\n\n"
        "  palate tune plays.h5 --grid grid.txt\n"
        "  mpirun -n 8 palate tune plays.h5 --grid grid.txt --tries 20 --by recall --at 50\n"
        "  palate refresh plays.h5 --config tuning/best.conf\n\n"
        "Settings are chosen on validation pairs: with --holdout random:F, last:N or users:F what the rule holds out "
        "is "
        "left out altogether, and as much again is held out of the rest. So the pairs on which `palate refresh` with "
        "the same rule and seed measures the chosen model have had no part in the choice. With before:TIME and --test "
        "the pairs are those you name.\n\n"
        "Each try is a line of tune.jsonl in the output folder; the same command makes only the tries that are missing "
        "there, and goes on within the one that was stopped (status 75). The folder keeps the model of the best try.",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = true,
    .takes = TAKES,
    .also = STEPS,
    .run = run};
