#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/pulse.h"
#include "io/schema/dataset.h"
#include "io/snapshot/checkpoint.h"
#include "io/snapshot/snapshot.h"
#include "jobs/settings/holdout.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/steps.h"
#include "jobs/steps/warm.h"
#include "jobs/steps/write_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A model that is being trained. */
typedef struct training {
  comm *c;
  const train_settings *settings;
  const char *dir;   /* of the snapshot */
  const char *file;  /* that is written in it */
  const char *kind;  /* "sweep", or "refit": of its checkpoints and of its lines in the journal */
  const char *step;  /* what a sweep is called in messages */
  const char *refit; /* the hold-out of the model that is refit; NULL: not a refit */
  run_clock *clock;
  journal *journal;
  double start;
  dataset *data;
  holdout held_out;
  part users;
  csr pairs;
  als *als;
  progress bar;
  double *objective; /* [sweeps of the settings], NaN: not computed */
  int done;          /* sweeps */
  double waiting, exchange;
  double balance; /* sum over `measured` sweeps */
  int measured;
} training;

/* --- checkpoints --- */

enum { TABLES = 4, REFIT_SWEEPS = 3 };

/* The factors and biases of both sides; a model without biases keeps none. */
static checkpoint checkpoint_of(const training *t, checkpoint_table *tables) {
  static const char *const NAMES[TABLES] = {"user factors", "user biases", "item factors", "item biases"};
  als *a = t->als;
  int rank = t->c->rank;
  for (int s = 0; s < 2; s++) {
    const part *rows = als_part(a, (side)s);
    gid first = rows->first[rank], count = part_count(rows, rank);
    real *bias = als_bias(a, (side)s);
    bool biased = bias != NULL;
    int64_t factors = t->settings->als.factors * (int64_t)sizeof(real), ld = als_ld(a) * (int64_t)sizeof(real);
    int64_t one = biased ? (int64_t)sizeof(real) : 0;
    tables[2 * s] = (checkpoint_table){NAMES[2 * s], rows->n, first, count, factors, ld, als_factors(a, (side)s)};
    tables[2 * s + 1] =
        (checkpoint_table){NAMES[2 * s + 1], biased ? rows->n : 0, first, biased ? count : 0, one, one, bias};
  }
  return (checkpoint){.kind = t->kind, .n_tables = TABLES, .tables = tables};
}

static status save(const training *t) {
  json_t *list = NULL, *state = NULL;
  if (t->c->rank == 0) {
    list = json_array();
    for (int i = 0; i < t->done; i++)
      json_array_append_new(list, isnan(t->objective[i]) ? json_null() : json_real(t->objective[i]));
    state = json_pack("{s:o}", "objective", list);
  }
  checkpoint_table tables[TABLES];
  checkpoint p = checkpoint_of(t, tables);
  double start = seconds_now();
  status st = checkpoint_write(t->c, t->dir, t->done, state, &p);
  json_decref(state);
  if (st == OK)
    log_info("checkpoint of %s %d in %.2f s", t->step, t->done, seconds_now() - start);
  return st;
}

/* Puts the snapshot's newest checkpoint, if there is one, in the place of the first factors. */
static status restore(training *t) {
  json_t *state = NULL;
  int sweep = 0;
  checkpoint_table tables[TABLES];
  checkpoint p = checkpoint_of(t, tables);
  status st = checkpoint_read(t->c, t->dir, t->settings->als.sweeps, &p, &sweep, &state);
  if (st != OK || sweep == 0)
    return st;
  const json_t *list = json_object_get(state, "objective");
  double last = NAN;
  for (int i = 0; i < sweep; i++) {
    const json_t *value = json_array_get(list, (size_t)i);
    t->objective[i] = json_is_number(value) ? json_number_value(value) : NAN;
    if (!isnan(t->objective[i]))
      last = t->objective[i];
  }
  json_decref(state);
  t->done = sweep;
  als_set_progress(t->als, sweep, last);
  log_info("resuming after %s %d", t->step, sweep);
  return comm_agree(t->c, journal_write(t->journal, json_pack("{s:s, s:i}", "event", "resume", t->kind, sweep)));
}

/* --- sweeps --- */

static void show_sweep(training *t, const als_report *r, double seconds) {
  char loss[64] = "";
  int sweeps = t->settings->als.sweeps;
  if (t->c->rank != 0)
    return;
  if (r->has_objective && r->rmse > 0)
    snprintf(loss, sizeof loss, ", objective %.6g, training RMSE %.4f", r->objective, r->rmse);
  else if (r->has_objective)
    snprintf(loss, sizeof loss, ", objective %.8g", r->objective);
  if (t->bar.drawn || r->sweep == sweeps)
    progress_end(&t->bar);
  log_info("%s %2d/%d  %.3f s%s", t->step, r->sweep, sweeps, seconds, loss);
  progress_step(&t->bar, r->sweep, "%s %d", t->step, r->sweep);
}

static status write_sweep(const training *t, const als_report *r, double seconds) {
  json_t *line = json_pack(
      "{s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "event", t->kind, "sweep", r->sweep, "seconds",
      seconds, "seconds_users", r->seconds_users, "seconds_items", r->seconds_items, "seconds_objective",
      r->seconds_objective, "seconds_exchange", r->seconds_exchange, "seconds_waiting", r->seconds_waiting, "balance",
      r->balance, "bytes_sent", (json_int_t)r->bytes_sent, "bytes_between_hosts", (json_int_t)r->bytes_between_hosts);
  if (r->has_objective)
    json_object_set_new(line, "objective", json_real(r->objective));
  if (r->has_objective && r->rmse > 0)
    json_object_set_new(line, "rmse", json_real(r->rmse));
  return comm_agree(t->c, journal_write(t->journal, line));
}

/* After a sweep: reports it, writes a checkpoint if one is due, and leaves with STOPPED if it is time. */
static status watch_sweep(void *context, als *a, const als_report *r) {
  (void)a;
  training *t = context;
  double seconds = r->seconds_users + r->seconds_items;
  t->objective[r->sweep - 1] = r->has_objective ? r->objective : NAN;
  t->done = r->sweep;
  t->waiting += r->seconds_waiting;
  t->exchange += r->seconds_exchange;
  t->balance += r->balance;
  t->measured++;
  pulse_phase(t->c, "%s %d", t->step, r->sweep + 1);
  show_sweep(t, r, seconds);
  status st = write_sweep(t, r, seconds);
  if (st != OK || r->last)
    return st;
  run_clock_choice choice = run_clock_step(t->c, t->clock, r->sweep, seconds + r->seconds_objective);
  if (choice != CLOCK_CONTINUE)
    st = save(t);
  if (st == OK && choice == CLOCK_STOP) {
    char when[64];
    snprintf(when, sizeof when, "after %s %d of %d, with a checkpoint", t->step, r->sweep, t->settings->als.sweeps);
    st = run_clock_stopped(when, t->dir);
  }
  return st;
}

/* --- the parts of the step --- */

/* Returns true if an earlier run with these very settings wrote the model (jobs/steps/resume.h). */
static bool is_trained(comm *c, const char *dir, const char *file) {
  char path[SNAPSHOT_PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/%s", dir, file);
  int64_t trained = c->rank == 0 && access(path, F_OK) == 0;
  comm_broadcast(c, &trained, sizeof trained, 0);
  return trained != 0;
}

/* How the ranks share the work. Collective. */
static void log_layout(comm *c, const als *a) {
  double cost = als_cost(a), most = cost;
  int64_t sum = (int64_t)cost;
  comm_max_f64(c, &most, 1);
  comm_sum_i64(c, &sum, 1);
  if (c->size == 1)
    return;
  log_info("work: %.3g GFLOP a sweep, largest over mean rank %.3f; %d heavy items, rows in %d and %d batches",
           (double)sum / 1e9, most * c->size / (double)sum, als_heavy_items(a), als_batches(a, USERS),
           als_batches(a, ITEMS));
}

/* What the loss takes from the data. */
static void log_loss(const training *t) {
  const loss *l = als_loss(t->als);
  off blank = dataset_users(t->data) - als_active(t->als, USERS);
  if (t->settings->als.unobserved_auto)
    log_info("unobserved weight %.4g: 10 x %lld pairs / (%lld users x %lld items with pairs), at most 1", l->unobserved,
             (long long)als_pairs(t->als), (long long)als_active(t->als, USERS), (long long)als_active(t->als, ITEMS));
  if (t->settings->als.lambda_auto)
    log_info("lambda %.4g: 0.06 / cube root of %.4g pairs a user", l->lambda,
             (double)als_pairs(t->als) / (double)als_active(t->als, USERS));
  if (t->settings->recency.half_life > 0)
    log_info(
        "half-life %g days: a pair weighs 0.02 + 0.98 x 2^(-age / half-life), age to the last training event of %s",
        t->settings->recency.half_life, t->settings->recency.since == RECENCY_GLOBAL ? "the data" : "its user");
  if (blank > 0 && als_prior(t->als) != NULL)
    log_info("%lld users have no training pairs: they are recommended what the mean user likes", (long long)blank);
  else if (blank > 0)
    log_info("%lld users have no training pairs: the model cannot tell what they like%s", (long long)blank,
             l->explicit_loss ? "" : " (--prior-mean 0)");
}

/* USAGE if ages are wanted and d has no times. */
static status check_times(const train_settings *settings, const dataset *d) {
  if (settings->recency.half_life > 0 && !dataset_has_time(d))
    return status_fail(USAGE,
                       "--half-life %s needs times, and %s has none: ingest it with --time-column, or leave "
                       "--half-life out",
                       settings->half_life, dataset_path(d));
  return OK;
}

static status load(training *t, const char *dataset_file) {
  comm *c = t->c;
  const als_settings *s = &t->settings->als;
  status st = OK;
  pulse_phase(c, "loading the data");
  TRY(comm_agree(c, holdout_to_train(&t->settings->holdout, &t->held_out)));
  TRY(dataset_open(c, dataset_file, &t->data));
  TRY(comm_agree(c, check_times(t->settings, t->data)));
  t->start = seconds_now();
  TRY(interactions_cut_users(c, t->data, s->factors, c->size, &t->users));
  TRY(holdout_load(c, &t->held_out, t->data, &t->users, t->settings->merge, &t->settings->recency, &t->pairs, NULL));
  TRY(als_create(c, s, &t->users, dataset_items(t->data), &t->pairs, &t->als));
  log_info(
      "training on %lld pairs of %lld users and %lld items: %d factors, %d rank%s on %d host%s, %s/%s exchange; loaded "
      "in %.1f s",
      (long long)als_pairs(t->als), (long long)dataset_users(t->data), (long long)dataset_items(t->data), s->factors,
      c->size, c->size == 1 ? "" : "s", c->hosts, c->hosts == 1 ? "" : "s",
      exchange_mode_name(als_exchange(t->als, ITEMS)), exchange_mode_name(als_exchange(t->als, USERS)),
      seconds_now() - t->start);
  log_loss(t);
  if (als_zeros(t->als) + als_dislikes(t->als) > 0)
    log_info("left out: %lld pairs of value 0, which are not likes (if 0 means seen, ingest with --value-column none); "
             "%lld pairs below 0 are dislikes",
             (long long)als_zeros(t->als), (long long)als_dislikes(t->als));
  log_layout(c, t->als);
  TRY(comm_agree(c, MEM_ZALLOC(t->objective, s->sweeps, "objectives")));
done:
  return st;
}

static status sweep(training *t) {
  comm *c = t->c;
  progress_begin(&t->bar, "sweeps", t->settings->als.sweeps);
  pulse_phase(c, "%s %d", t->step, t->done + 1);
  run_clock_phase(t->clock);
  status st = als_run(t->als, watch_sweep, t);
  progress_end(&t->bar);
  if (st == OK && c->size > 1)
    log_info("factor rows travelled for %.2f s, of which %.2f s were not hidden behind solving; time spent solving, "
             "largest over mean rank: %.3f",
             t->exchange, t->waiting, t->measured > 0 ? t->balance / t->measured : 1);
  return st;
}

static status finish(training *t) {
  comm *c = t->c;
  trained_model m = {t->als, t->settings, &t->held_out, t->data, t->objective, t->done, t->file, t->refit};
  pulse_phase(c, "writing the model");
  status st = write_model(c, &m, t->dir);
  if (st != OK)
    return st;
  if (c->rank == 0)
    checkpoint_remove(t->dir, t->kind);
  t->clock->advanced = true;
  int64_t peak = mem_peak_resident();
  comm_max_i64(c, &peak, 1);
  return comm_agree(c, journal_write(t->journal, json_pack("{s:s, s:s, s:f, s:I}", "event", "phase", "name",
                                                           t->refit != NULL ? "refit" : "train", "seconds",
                                                           seconds_now() - t->start, "memory", (json_int_t)peak)));
}

/* Says how many more sweeps there are, and how long they will take if this run has swept already. */
static void log_refit(const training *t) {
  char when[64] = "";
  int sweeps = t->settings->als.sweeps;
  if (t->clock->longest > 0)
    snprintf(when, sizeof when, ", in at most about %.2g s", t->clock->longest * sweeps);
  log_info("refit: %d sweeps on all events, those of --holdout %s too, from the measured model%s", sweeps, t->refit,
           when);
}

/* From the data to the file, with the factors of WARM/FROM first (WARM "": a cold start; FROM NULL: the one that suits
 * the hold-out). */
static status train(training *t, const char *dataset_file, const char *warm, const char *from) {
  const train_settings *s = t->settings;
  status st = OK;
  if (is_trained(t->c, t->dir, t->file)) {
    log_info("%s/%s is already trained", t->dir, t->file);
    return OK;
  }
  if (t->refit != NULL)
    log_refit(t);
  mem_cap(s->als.memory); /* what cannot be bounded fails with a message, not by the kernel's hand */
  TRY(load(t, dataset_file));
  TRY(restore(t));
  if (from == NULL)
    from = warm_file(t->c, warm, &t->held_out);
  if (t->done == 0 && warm[0] != '\0')
    TRY(warm_start(t->c, warm, from, t->data, &t->held_out, t->als, s->als.factors, s->als.loss.explicit_loss));
  TRY(sweep(t));
  TRY(finish(t));
done:
  holdout_free(&t->held_out);
  mem_cap(0);
  als_free(t->als);
  csr_free(&t->pairs);
  part_free(&t->users);
  dataset_close(t->data);
  mem_free(t->objective);
  return st;
}

status job_train(comm *c, const train_settings *settings, const char *dataset_file, const char *dir, const char *file,
                 const char *warm, run_clock *clock, journal *j) {
  training t = {.c = c,
                .settings = settings,
                .dir = dir,
                .file = file,
                .kind = "sweep",
                .step = "sweep",
                .clock = clock,
                .journal = j};
  return train(&t, dataset_file, warm, NULL);
}

status job_refit(comm *c, const train_settings *settings, const char *dataset_file, const char *dir, run_clock *clock,
                 journal *j) {
  train_settings all = *settings;
  holdout measured;
  status st = OK;
  TRY(comm_agree(c, holdout_to_train(&settings->holdout, &measured)));
  all.holdout = (holdout_settings){.rule = "none", .seed = settings->holdout.seed};
  all.als.sweeps = settings->als.sweeps < REFIT_SWEEPS ? settings->als.sweeps : REFIT_SWEEPS;
  training t = {.c = c,
                .settings = &all,
                .dir = dir,
                .file = MODEL_FILE,
                .kind = "refit",
                .step = "refit sweep",
                .refit = holdout_text(&measured),
                .clock = clock,
                .journal = j};
  TRY(train(&t, dataset_file, dir, MEASURED_FILE));
done:
  return st;
}

/* --- with the snapshot to work in --- */

status train_check_data(comm *c, const train_settings *settings, const char *dataset_file, char *digest) {
  holdout h;
  dataset *d = NULL;
  status st = OK;
  TRY(comm_agree(c, holdout_to_train(&settings->holdout, &h)));
  TRY(dataset_open(c, dataset_file, &d));
  TRY(comm_agree(c, holdout_check(&h, d)));
  TRY(comm_agree(c, check_times(settings, d)));
  snprintf(digest, TRAIN_DIGEST_MAX, "%s", dataset_digest(d));
done:
  dataset_close(d);
  return st;
}

status train_snapshot(comm *c, const train_settings *settings, const resume_settings *resuming, const char *warm_start,
                      const char *dataset_file, const char *snapshots, run_clock *clock, char *dir) {
  status st = OK;
  journal *j = NULL; /* rank 0 */
  resume *claim = NULL;
  char digest[TRAIN_DIGEST_MAX], warm[SNAPSHOT_PATH_MAX], path[SNAPSHOT_PATH_MAX + 16];
  TRY(train_check_data(c, settings, dataset_file, digest));
  TRY(warm_find(c, warm_start, snapshots, warm));
  TRY(resume_begin(c, resuming, snapshots, digest, snapshot_id(warm), dir, &claim));
  snprintf(path, sizeof path, "%s/train.jsonl", dir);
  TRY(comm_agree(c, c->rank == 0 ? journal_open(path, &j) : OK));
  TRY(job_train(c, settings, dataset_file, dir, MODEL_FILE, warm, clock, j));
  if (c->rank == 0)
    resume_done(dir);
done:
  journal_close(j);
  resume_end(claim);
  return st;
}
