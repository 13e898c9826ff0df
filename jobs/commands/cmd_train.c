/* palate train: ALS over ranks; leaves an unsealed snapshot and says its path. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/pulse.h"
#include "io/ranks/stop.h"
#include "io/schema/dataset.h"
#include "io/snapshot/checkpoint.h"
#include "io/snapshot/snapshot.h"
#include "jobs/commands/commands.h"
#include "jobs/settings/holdout.h"
#include "jobs/settings/train_options.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/steps.h"
#include "jobs/steps/warm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const option_use TAKES[] = {{.name = "output", .fallback = "snapshots"},
                                   TRAIN_OPTIONS,
                                   {.name = "holdout"},
                                   {.name = "test"},
                                   {.name = "warm-start"},
                                   RESUME_OPTIONS,
                                   {.name = "stall-timeout"},
                                   {.name = "threads"},
                                   {0}};

static const char DETAILS[] =
    "Examples:\n"
    "  palate train ratings.h5 --loss explicit --factors 32 --lambda 0.1\n"
    "  mpirun -n 2 palate train plays.h5 --factors 128 --holdout random:0.1 -o snapshots\n\n"
    "--loss implicit: events of a pair are added up. A sum of 0 (bought 2, sent 2 back) is no like and is not trained "
    "on; "
    "a sum below 0 is a dislike. The log says how many there are. --loss explicit: the last rating of a pair counts, "
    "by "
    "time, then by the order of the sources; a rating of 0 is a rating.\n\n"
    "The path of the new snapshot is printed on standard output. It is not sealed: `palate cluster`, `palate evaluate` "
    "and `palate publish` go on with it, and `palate refresh` does all of it in one go.";

/* --- progress, journal, and the objectives for the model's attributes --- */

typedef struct watch {
  comm *c;
  journal *j;
  progress bar;
  double *objective; /* [sweeps], NaN where it was not computed */
  int sweeps, done;
  int factors;
  const char *dir;
  edge_clock *clock;
  double waiting, exchange;
  double balance; /* sum over `measured` sweeps */
  int measured;
} watch;

/* --- checkpoints --- */

enum { TABLES = 4 };

/* The factors and biases of both sides; a model without biases keeps none. */
static checkpoint checkpoint_of(als *a, int factors, int rank, checkpoint_table *tables) {
  static const char *const NAMES[TABLES] = {"user factors", "user biases", "item factors", "item biases"};
  for (int s = 0; s < 2; s++) {
    const part *rows = als_part(a, (side)s);
    gid first = rows->first[rank], count = part_count(rows, rank);
    int64_t ld = als_ld(a) * (int64_t)sizeof(real), one = als_bias(a, (side)s) != NULL ? (int64_t)sizeof(real) : 0;
    tables[2 * s] = (checkpoint_table){
        NAMES[2 * s], rows->n, first, count, factors * (int64_t)sizeof(real), ld, als_factors(a, (side)s)};
    tables[2 * s + 1] =
        (checkpoint_table){NAMES[2 * s + 1], rows->n, first, one > 0 ? count : 0, one, one, als_bias(a, (side)s)};
    if (one == 0)
      tables[2 * s + 1].n = 0;
  }
  return (checkpoint){.kind = "sweep", .n_tables = TABLES, .tables = tables};
}

static status save(watch *w, als *a) {
  json_t *list = NULL, *state = NULL;
  if (w->c->rank == 0) {
    list = json_array();
    for (int i = 0; i < w->done; i++)
      json_array_append_new(list, isnan(w->objective[i]) ? json_null() : json_real(w->objective[i]));
    state = json_pack("{s:o}", "objective", list);
  }
  checkpoint_table tables[TABLES];
  checkpoint p = checkpoint_of(a, w->factors, w->c->rank, tables);
  double start = seconds_now();
  status st = checkpoint_write(w->c, w->dir, w->done, state, &p);
  json_decref(state);
  if (st == OK)
    log_info("checkpoint of sweep %d in %.2f s", w->done, seconds_now() - start);
  return st;
}

/* Puts the newest checkpoint of the snapshot, if there is one, in the place of the first factors. */
static status restore(watch *w, als *a) {
  json_t *state = NULL;
  int sweep = 0;
  checkpoint_table tables[TABLES];
  checkpoint p = checkpoint_of(a, w->factors, w->c->rank, tables);
  status st = checkpoint_read(w->c, w->dir, w->sweeps, &p, &sweep, &state);
  if (st != OK || sweep == 0)
    return st;
  const json_t *list = json_object_get(state, "objective");
  double last = NAN;
  for (int i = 0; i < sweep; i++) {
    const json_t *value = json_array_get(list, (size_t)i);
    w->objective[i] = json_is_number(value) ? json_number_value(value) : NAN;
    if (!isnan(w->objective[i]))
      last = w->objective[i];
  }
  json_decref(state);
  w->done = sweep;
  als_set_progress(a, sweep, last);
  log_info("going on after sweep %d", sweep);
  return comm_agree(w->c, journal_write(w->j, json_pack("{s:s, s:i}", "event", "resume", "sweep", sweep)));
}

static status watch_sweep(void *context, als *a, const als_report *r) {
  watch *w = context;
  w->objective[r->sweep - 1] = r->has_objective ? r->objective : NAN;
  w->done = r->sweep;
  pulse_phase(w->c, "sweep %d", r->sweep + 1);
  char loss[64] = "";
  if (r->has_objective && r->rmse > 0)
    snprintf(loss, sizeof loss, ", objective %.6g, training RMSE %.4f", r->objective, r->rmse);
  else if (r->has_objective)
    snprintf(loss, sizeof loss, ", objective %.8g", r->objective);
  double seconds = r->seconds_users + r->seconds_items;
  w->waiting += r->seconds_waiting;
  w->balance += r->balance;
  w->measured++;
  w->exchange += r->seconds_exchange;
  if (w->c->rank == 0) {
    if (w->bar.drawn || r->sweep == w->sweeps)
      progress_end(&w->bar);
    log_info("sweep %2d/%d  %.3f s%s", r->sweep, w->sweeps, seconds, loss);
    progress_step(&w->bar, r->sweep, "sweep %d", r->sweep);
  }
  json_t *line = json_pack(
      "{s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "event", "sweep", "sweep", r->sweep, "seconds",
      seconds, "seconds_users", r->seconds_users, "seconds_items", r->seconds_items, "seconds_objective",
      r->seconds_objective, "seconds_exchange", r->seconds_exchange, "seconds_waiting", r->seconds_waiting, "balance",
      r->balance, "bytes_sent", (json_int_t)r->bytes_sent, "bytes_between_hosts", (json_int_t)r->bytes_between_hosts);
  if (r->has_objective)
    json_object_set_new(line, "objective", json_real(r->objective));
  if (r->has_objective && r->rmse > 0)
    json_object_set_new(line, "rmse", json_real(r->rmse));
  status st = comm_agree(w->c, journal_write(w->j, line));
  if (st != OK || r->last)
    return st;
  edge_choice choice = edge_choose(w->c, w->clock, r->sweep, seconds + r->seconds_objective);
  if (choice != EDGE_GO_ON)
    st = save(w, a);
  if (st == OK && choice == EDGE_STOP) {
    char when[64];
    snprintf(when, sizeof when, "after sweep %d of %d, with a checkpoint", r->sweep, w->sweeps);
    st = edge_stopped(when, w->dir);
  }
  return st;
}

/* --- writing the model --- */

enum { ATTRIBUTES_MAX = 40 };

typedef struct attribute_list {
  h5_attribute list[ATTRIBUTES_MAX];
  int64_t whole[ATTRIBUTES_MAX];
  double number[ATTRIBUTES_MAX];
  char word[ATTRIBUTES_MAX][32];
  int n;
} attribute_list;

static void put(attribute_list *a, const char *name, h5_type type, off count, const void *value) {
  a->list[a->n++] = (h5_attribute){.path = "/", .name = name, .type = type, .count = count, .value = value};
}
static void put_whole(attribute_list *a, const char *name, int64_t value) {
  a->whole[a->n] = value;
  put(a, name, H5_I64, 0, &a->whole[a->n]);
}
static void put_number(attribute_list *a, const char *name, double value) {
  a->number[a->n] = value;
  put(a, name, H5_F64, 0, &a->number[a->n]);
}
static void put_text(attribute_list *a, const char *name, const char *value) {
  put(a, name, H5_TEXT, 0, value);
}
/* The i-th of "one|two|three". */
static void put_word(attribute_list *a, const char *name, const char *words, int i) {
  put_text(a, name, word_at(words, i, a->word[a->n], sizeof a->word[0]));
}

/* The path as it can be used from any folder; as it is where that cannot be found out. out has `size` places. */
static const char *absolute_path(const char *path, char *out, size_t size) {
  if (path[0] == '/' || getcwd(out, size) == NULL)
    return path;
  size_t n = strlen(out);
  return (size_t)snprintf(out + n, size - n, "/%s", path) < size - n ? out : path;
}

static status write_model(comm *c, als *a, const train_options *t, const holdout *h, dataset *d, const watch *w,
                          const char *dir) {
  status st = OK;
  attribute_list *at = NULL;
  char path[SNAPSHOT_PATH_MAX];
  model_part p = {.n_users = dataset_users(d), .n_items = dataset_items(d), .factors = t->als.factors, .ld = als_ld(a)};
  p.first_user = als_part(a, USERS)->first[c->rank];
  p.user_count = part_count(als_part(a, USERS), c->rank);
  p.first_item = als_part(a, ITEMS)->first[c->rank];
  p.item_count = part_count(als_part(a, ITEMS), c->rank);
  p.user_factors = als_factors(a, USERS);
  p.item_factors = als_factors(a, ITEMS);
  p.user_bias = als_bias(a, USERS);
  p.item_bias = als_bias(a, ITEMS);
  st = MEM_ZALLOC(at, 1, "model attributes");
  if (st == OK)
    st = dataset_read_ids(d, USERS, p.first_user, p.user_count, &p.user_ids);
  if (st == OK)
    st = dataset_read_ids(d, ITEMS, p.first_item, p.item_count, &p.item_ids);
  if (st == OK)
    st = dataset_read_titles(d, p.first_item, p.item_count, &p.titles);
  if (st == OK)
    st = dataset_read_tags(d, p.first_item, p.item_count, &p.tags);
  TRY(comm_agree(c, st));
  const loss *l = &t->als.loss;
  double low, high;
  als_value_range(a, &low, &high);
  put_word(at, "loss", LOSS_WORDS, t->loss);
  put_whole(at, "factors", t->als.factors);
  put_number(at, "lambda", l->lambda);
  put_number(at, "reg_exponent", l->nu);
  if (l->explicit_loss) {
    put_number(at, "mean", als_mean(a));
    put_number(at, "scale_min", low);
    put_number(at, "scale_max", high);
  } else {
    put_word(at, "confidence", CONFIDENCE_WORDS, t->confidence);
    put_number(at, "alpha", l->alpha);
    put_number(at, "epsilon", l->epsilon);
    put_number(at, "unobserved_weight", loss_alpha0(l));
    put_word(at, "weights", WEIGHTS_WORDS, t->weights);
    put_whole(at, "zero_pairs", als_zeros(a));
    put_whole(at, "dislikes", als_dislikes(a));
  }
  put_word(at, "duplicates", DUPLICATES_WORDS, (int)t->merge);
  put_word(at, "solver", SOLVER_WORDS, t->solver);
  put_whole(at, "nonnegative", t->als.nonnegative);
  put_whole(at, "seed", (int64_t)t->als.seed);
  put_number(at, "tolerance", t->als.tolerance);
  put_whole(at, "sweeps", als_sweeps_done(a));
  put_text(at, "holdout", holdout_text(h));
  put_text(at, HOLDOUT_KEY, holdout_key(h));
  put_whole(at, "pairs", als_pairs(a));
  put(at, "objective", H5_F64, w->done, w->objective);
  put_text(at, "dataset", absolute_path(dataset_path(d), path, sizeof path));
  put_text(at, "dataset_sha256", dataset_digest(d));
  p.attributes = at->list;
  p.n_attributes = at->n;
  TRY(model_write(c, dir, &p));
done:
  strings_free(&p.user_ids);
  strings_free(&p.item_ids);
  strings_free(&p.titles);
  strings_free(&p.tags);
  mem_free(at);
  return st;
}

/* What the ranks share out, where there are several. */
static void log_layout(comm *c, const als *a) {
  double cost = als_cost(a), most = cost;
  int64_t sum = (int64_t)cost;
  comm_max_f64(c, &most, 1);
  comm_sum_i64(c, &sum, 1);
  if (c->size == 1)
    return;
  log_info("work: %.3g GFLOP a sweep, largest over mean rank %.3f; %d heavy items, rows in %d and %d batches",
           (double)sum / 1e9, most * c->size / (double)sum, als_spread_items(a), als_batches(a, USERS),
           als_batches(a, ITEMS));
}

status job_train(comm *c, const options *o, const char *dataset_file, const char *dir, const char *warm,
                 edge_clock *clock, journal *j) {
  status st = OK;
  train_options t;
  holdout h = {0};
  dataset *d = NULL;
  part users = {0};
  csr train = {0};
  als *a = NULL;
  watch w = {.c = c, .j = j, .dir = dir, .clock = clock};
  char model_path[SNAPSHOT_PATH_MAX + 16];
  snprintf(model_path, sizeof model_path, "%s/model.h5", dir);
  int64_t trained = c->rank == 0 && access(model_path, F_OK) == 0;
  comm_broadcast(c, &trained, sizeof trained, 0);
  if (trained) { /* by an earlier run with these very settings, see jobs/steps/resume.h */
    log_info("%s is trained already", dir);
    return OK;
  }
  TRY(comm_agree(c, train_options_read(o, &t)));
  TRY(comm_agree(c, holdout_read(o, SPLIT_TO_TRAIN, NULL, 0, &h)));
  mem_cap(t.als.memory); /* what cannot be bounded fails with a message, not by the kernel's hand */
  pulse_phase(c, "loading the data");
  TRY(dataset_open(c, dataset_file, &d));
  double start = seconds_now();
  TRY(interactions_cut_users(c, d, t.als.factors, c->size, &users));
  TRY(holdout_load(c, &h, d, &users, t.merge, &train, NULL));
  TRY(als_create(c, &t.als, &users, dataset_items(d), &train, &a));
  double loaded = seconds_now();
  log_info(
      "training on %lld pairs of %lld users and %lld items: %d factors, %d rank%s on %d host%s, %s/%s exchange; loaded "
      "in %.1f s",
      (long long)als_pairs(a), (long long)dataset_users(d), (long long)dataset_items(d), t.als.factors, c->size,
      c->size == 1 ? "" : "s", c->hosts, c->hosts == 1 ? "" : "s", exchange_mode_name(als_exchange(a, ITEMS)),
      exchange_mode_name(als_exchange(a, USERS)), loaded - start);
  if (als_zeros(a) + als_dislikes(a) > 0)
    log_info(
        "further, %lld pairs of value 0 are not trained on, as they are no likes (if 0 stands for `seen`, ingest with "
        "--value-column none); %lld pairs below 0 are dislikes",
        (long long)als_zeros(a), (long long)als_dislikes(a));
  log_layout(c, a);
  w.sweeps = t.als.sweeps;
  w.factors = t.als.factors;
  TRY(comm_agree(c, MEM_ZALLOC(w.objective, t.als.sweeps, "objectives")));
  TRY(restore(&w, a));
  if (w.done == 0 && warm[0] != '\0')
    TRY(warm_start(c, warm, d, &h, a, t.als.factors, t.als.loss.explicit_loss));
  progress_begin(&w.bar, "sweeps", t.als.sweeps);
  pulse_phase(c, "sweep %d", w.done + 1);
  edge_phase(clock);
  st = als_run(a, watch_sweep, &w);
  progress_end(&w.bar);
  if (st != OK)
    goto done;
  if (c->size > 1)
    log_info("rows were under way for %.2f s; all but %.2f s of that was hidden behind solving; time spent solving, "
             "largest over mean rank: %.3f",
             w.exchange, w.waiting, w.measured > 0 ? w.balance / w.measured : 1);
  pulse_phase(c, "writing the model");
  TRY(write_model(c, a, &t, &h, d, &w, dir));
  if (c->rank == 0)
    checkpoint_remove(dir, "sweep");
  clock->advanced = true;
  int64_t peak = mem_peak_resident();
  comm_max_i64(c, &peak, 1);
  TRY(comm_agree(c, journal_write(j, json_pack("{s:s, s:s, s:f, s:I}", "event", "phase", "name", "train", "seconds",
                                               seconds_now() - start, "memory", (json_int_t)peak))));
done:
  holdout_free(&h);
  mem_cap(0);
  als_free(a);
  csr_free(&train);
  part_free(&users);
  dataset_close(d);
  mem_free(w.objective);
  return st;
}

static status run(comm *c, const options *o) {
  status st = OK;
  journal *j = NULL;
  resume *going = NULL;
  edge_clock clock;
  char dir[SNAPSHOT_PATH_MAX], warm[SNAPSHOT_PATH_MAX], path[SNAPSHOT_PATH_MAX + 16];
  double start = seconds_now();
  const char *data = options_argument(o, 0);
  /* Options and data are looked at before a directory is made for the result. */
  train_options t;
  holdout h;
  dataset *d = NULL;
  TRY(comm_agree(c, train_options_read(o, &t)));
  TRY(comm_agree(c, holdout_read(o, SPLIT_TO_TRAIN, NULL, 0, &h)));
  TRY(dataset_open(c, data, &d));
  char digest[65];
  snprintf(digest, sizeof digest, "%s", dataset_digest(d));
  dataset_close(d);
  stop_install();
  TRY(comm_agree(c, resume_clock_start(o, stop_since(), &clock)));
  TRY(warm_find(c, o, option_text(o, "output"), warm));
  TRY(resume_begin(c, o, option_text(o, "output"), digest, snapshot_id(warm), dir, &going));
  snprintf(path, sizeof path, "%s/train.jsonl", dir);
  TRY(comm_agree(c, c->rank == 0 ? journal_open(path, &j) : OK));
  TRY(job_train(c, o, data, dir, warm, &clock, j));
  int64_t peak = mem_peak_resident();
  comm_max_i64(c, &peak, 1);
  if (c->rank == 0) {
    resume_done(dir);
    printf("%s\n", dir);
    log_info("trained in %.1f s, at most %lld MB a rank. Next:  palate cluster %s;  palate evaluate %s %s",
             seconds_now() - start, (long long)(peak >> 20), dir, dir, data);
  }
done:
  journal_close(j);
  resume_end(going);
  return st;
}

const command CMD_TRAIN = {.name = "train",
                           .arguments = "DATASET",
                           .summary = "learn factors by alternating least squares",
                           .details = DETAILS,
                           .min_arguments = 1,
                           .max_arguments = 1,
                           .mpi = true,
                           .takes = TAKES,
                           .run = run};
