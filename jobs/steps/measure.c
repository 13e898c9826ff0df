#include "jobs/steps/measure.h"
#include "io/schema/model.h"

#include "eval/measure/report.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/base/version.h"
#include "io/snapshot/checkpoint.h"
#include "io/snapshot/seal.h"
#include "io/snapshot/snapshot.h"
#include "jobs/cli/words.h"
#include "jobs/steps/model_dataset.h"
#include "jobs/steps/resume.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A snapshot that is being measured. */
typedef struct subject {
  model *m;
  row_map map;
  foldin *fold;
  scorer *score;
} subject;

static void subject_free(subject *s) {
  scorer_free(s->score);
  foldin_free(s->fold);
  row_map_free(&s->map);
  model_close(s->m);
}

/* What the model's attributes say of how it was trained. */
typedef struct training {
  char *rule;
  int64_t seed;
  duplicates merge;
  double low, high;
} training;

static status read_training(model *m, training *out) {
  status st = OK;
  char *merge = NULL;
  h5_file *f = model_file(m);
  mem_free(out->rule);
  *out = (training){.rule = NULL};
  TRY(h5_attr_text(f, "/", "holdout", &out->rule));
  TRY(h5_attr_i64(f, "/", "seed", &out->seed));
  TRY(h5_attr_text(f, "/", "duplicates", &merge));
  int place = word_find(DUPLICATES_WORDS, merge);
  if (place < 0)
    TRY(status_fail(BAD_DATA, "%s: attribute duplicates has the unknown value `%s`", h5_path(f), merge));
  out->merge = (duplicates)place;
  if (model_is_explicit(m)) {
    TRY(h5_attr_f64(f, "/", "scale_min", &out->low));
    TRY(h5_attr_f64(f, "/", "scale_max", &out->high));
  }
done:
  mem_free(merge);
  return st;
}

/* All that measure() holds. */
typedef struct measuring {
  comm *c;
  const measure_settings *settings;
  const char *const *dirs;
  const char *file[EVALUATE_MODELS]; /* of each */
  int n;                             /* snapshots */
  subject subject[EVALUATE_MODELS];
  training how; /* the first was trained */
  holdout held_out;
  dataset *data;
  part users;
  csr train, test;
  uint8_t *fold_user; /* [our users] */
  json_t *key;
} measuring;

/* --- what is measured, and on what --- */

/* Opens the first model, and finds the rule. */
static status open_first(measuring *m) {
  status st = OK;
  model **first = &m->subject[0].m;
  TRY(model_open_file(m->dirs[0], m->file[0], first));
  TRY(read_training(*first, &m->how));
  TRY(holdout_to_measure(&m->settings->holdout, m->how.rule, (uint64_t)m->how.seed, &m->held_out));
done:
  return st;
}

/* Opens the models and finds the rule; nothing big is read. Local. */
static status open_models(measuring *m) {
  status st = OK;
  subject *s = m->subject;
  TRY(open_first(m));
  if (strcmp(m->file[0], MEASURED_FILE) == 0 && !holdout_is_of(&m->held_out, s[0].m)) {
    model_close(s[0].m);
    s[0].m = NULL;
    m->file[0] = MODEL_FILE;
    TRY(open_first(m));
  }
  for (int i = 1; i < m->n; i++)
    TRY(model_open_file(m->dirs[i], m->file[i], &s[i].m));
  if (holdout_none(&m->held_out))
    TRY(status_fail(USAGE, "%s was trained on everything, so nothing is left to measure on; %s", m->dirs[0],
                    h5_attr_has(model_file(s[0].m), "/", "refit")
                        ? "its figures are in metrics.json, and `palate prune` removed the model they were measured on"
                        : "train with --holdout, or give --holdout here to measure on what the model has seen"));
  if (m->n == 2 && model_is_explicit(s[0].m) != model_is_explicit(s[1].m))
    TRY(status_fail(BAD_DATA, "%s and %s have different losses and cannot be compared", m->dirs[0], m->dirs[1]));
done:
  return st;
}

static status open_subject(comm *c, const char *dir, dataset *d, const part *users, int64_t memory, subject *s) {
  status st = OK;
  gid known_users, known_items;
  TRY(row_map_make(c, d, s->m, users, &s->map, &known_users, &known_items));
  if (known_users < dataset_users(d) || known_items < dataset_items(d))
    log_info("%s knows %lld of %lld users and %lld of %lld items of the dataset", dir, (long long)known_users,
             (long long)dataset_users(d), (long long)known_items, (long long)dataset_items(d));
  TRY(foldin_create(c, s->m, &s->fold));
  TRY(comm_agree(c, scorer_create(isa_in_use(), s->m, &s->map, memory / 2, &s->score)));
done:
  return st;
}

/* Reads the data, and makes each model score its rows. */
static status load(measuring *m, const char *dataset_file) {
  comm *c = m->c;
  status st = OK;
  double start = seconds_now();
  TRY(dataset_open(c, dataset_file, &m->data));
  TRY(interactions_cut_users(c, m->data, model_factors(m->subject[0].m), c->size, &m->users));
  TRY(holdout_load(c, &m->held_out, m->data, &m->users, m->how.merge, NULL, &m->train, &m->test));
  for (int i = 0; i < m->n; i++)
    TRY(open_subject(c, m->dirs[i], m->data, &m->users, m->settings->memory / m->n, &m->subject[i]));
  log_debug("loaded in %.2f s", seconds_now() - start);
  gid first = m->users.first[c->rank], count = part_count(&m->users, c->rank);
  TRY(comm_agree(c, MEM_ZALLOC(m->fold_user, count, "test members")));
  for (gid u = 0; u < count; u++)
    m->fold_user[u] = split_is_member(&m->held_out.rule, first + u);
done:
  return st;
}

/* Warns of a model that was trained on test pairs. */
static void tell_seen(const measuring *m, int i, const seen_pairs *seen, int64_t tests) {
  const char *bound = seen->counted ? "has seen" : "may have seen up to";
  if (seen->seen > 0)
    log_warn("%s/%s %s %lld of %lld test pairs in training%s: it looks better than it is", m->dirs[i], m->file[i],
             bound, (long long)seen->seen, (long long)tests, seen->counted ? "" : ", on data that is not at hand");
}

/* Counts the test pairs that the models were trained on. */
static status count_seen(measuring *m, measured *out) {
  status st = OK;
  bool likes = !model_is_explicit(m->subject[0].m);
  int64_t tests = 0;
  for (off t = 0; t < csr_nnz(&m->test); t++)
    tests += !likes || m->test.val[t] >= 0;
  comm_sum_i64(m->c, &tests, 1);
  for (int i = 0; i < m->n; i++) {
    const subject *s = &m->subject[i];
    out->file[i] = m->file[i];
    TRY(seen_pairs_count(m->c, m->data, &m->users, m->how.merge, &m->held_out, s->score, &s->map, &m->test, likes,
                         &out->seen[i]));
    tell_seen(m, i, &out->seen[i], tests);
  }
done:
  return st;
}

/* What advice needs to know of the first model's training; 0 where an older model does not say. Local. */
static void read_settings(const measuring *m, measured *out) {
  h5_file *f = model_file(m->subject[0].m);
  out->users = model_rows(m->subject[0].m, USERS);
  if (!h5_attr_has(f, "/", "lambda") || h5_attr_f64(f, "/", "lambda", &out->lambda) != OK)
    out->lambda = 0;
  if (!h5_attr_has(f, "/", "unobserved_weight") ||
      h5_attr_f64(f, "/", "unobserved_weight", &out->unobserved_weight) != OK)
    out->unobserved_weight = 0;
  if (!h5_attr_has(f, "/", "pairs") || h5_attr_i64(f, "/", "pairs", &out->pairs) != OK)
    out->pairs = 0;
}

/* The key of checkpoints. */
static status make_key(measuring *m) {
  status st = OK;
  const holdout *h = &m->held_out;
  const measure_settings *s = m->settings;
  dataset *test = NULL;
  json_t *at = json_array(), *snapshots = json_array();
  char text[HOLDOUT_TEXT_MAX];
  if (h->test != NULL)
    TRY(dataset_open(m->c, h->test, &test));
  for (int i = 0; i < s->n_at; i++)
    json_array_append_new(at, json_integer(s->at[i]));
  for (int i = 0; i < m->n; i++)
    json_array_append_new(snapshots, json_string(snapshot_id(m->dirs[i])));
  m->key = json_pack("{s:s, s:s, s:s, s:s, s:I, s:O, s:O}", "palate", PALATE_VERSION, "dataset_sha256",
                     dataset_digest(m->data), "test_sha256", test != NULL ? dataset_digest(test) : "", "holdout",
                     text_printable(holdout_text(h), text, sizeof text), "seed", (json_int_t)h->rule.seed, "at", at,
                     "snapshots", snapshots);
  TRY(comm_agree(m->c, m->key != NULL ? OK : status_fail(NO_MEMORY, "no memory for the settings")));
done:
  json_decref(at);
  json_decref(snapshots);
  dataset_close(test);
  return st;
}

/* --- measuring --- */

static status run_evaluate(measuring *m, const char *keep, run_clock *clock, evaluation *out) {
  checkpoint_place kept = {keep, m->key, clock};
  evaluate_settings in = {.n_models = m->n,
                          .n_users = dataset_users(m->data),
                          .first_user = m->users.first[m->c->rank],
                          .n_items = (lid)dataset_items(m->data),
                          .train = &m->train,
                          .test = &m->test,
                          .fold_user = m->fold_user,
                          .explicit_loss = model_is_explicit(m->subject[0].m),
                          .low = m->how.low,
                          .high = m->how.high,
                          .n_at = m->settings->n_at,
                          .seed = m->held_out.rule.seed,
                          .memory = m->settings->memory / 2,
                          .keep = &kept};
  memcpy(in.at, m->settings->at, sizeof in.at);
  for (int i = 0; i < m->n; i++) {
    in.model[i] = m->subject[i].score;
    in.map[i] = &m->subject[i].map;
    in.fold[i] = m->subject[i].fold;
  }
  run_clock_phase(clock);
  return evaluate(m->c, &in, out);
}

/* The end of a long path says more than its beginning. */
static void take_rule(const holdout *h, char *rule) {
  size_t length = strlen(holdout_text(h));
  if (length < SPLIT_TEXT_MAX)
    snprintf(rule, SPLIT_TEXT_MAX, "%s", holdout_text(h));
  else
    snprintf(rule, SPLIT_TEXT_MAX, "test:…%s", holdout_text(h) + length - (SPLIT_TEXT_MAX - 16));
}

static void free_measuring(measuring *m) {
  json_decref(m->key);
  for (int i = 0; i < m->n; i++)
    subject_free(&m->subject[i]);
  holdout_free(&m->held_out);
  mem_free(m->how.rule);
  mem_free(m->fold_user);
  csr_free(&m->train);
  csr_free(&m->test);
  part_free(&m->users);
  dataset_close(m->data);
}

status measure(comm *c, const measure_settings *settings, const char *dataset_file, const char *const *dirs, int n,
               const char *keep, run_clock *clock, measured *out) {
  measuring m = {.c = c, .settings = settings, .dirs = dirs, .n = n};
  status st = OK;
  for (int i = 0; i < n; i++)
    m.file[i] = measured_file(c, dirs[i]);
  TRY(comm_agree(c, open_models(&m)));
  TRY(load(&m, dataset_file));
  TRY(make_key(&m));
  TRY(count_seen(&m, out));
  read_settings(&m, out);
  TRY(run_evaluate(&m, keep, clock, &out->figures));
  take_rule(&m.held_out, out->rule);
  out->seed = m.held_out.rule.seed;
done:
  free_measuring(&m);
  return st;
}

/* --- what comes of it --- */

status measured_json(const measured *m, json_t **out) {
  const seen_pairs *seen = &m->seen[0];
  *out = report_json(&m->figures, m->rule, m->seed);
  if (*out == NULL)
    return status_fail(NO_MEMORY, "no memory for the report");
  json_object_set_new(*out, "model_file", json_string(m->file[0]));
  json_object_set_new(*out, "test_pairs_seen", seen->counted ? json_integer(seen->seen) : json_null());
  return OK;
}

status measured_write(const measured *m, const char *dir) {
  json_t *report;
  status st = measured_json(m, &report);
  if (st == OK)
    st = snapshot_write_json(dir, "metrics.json", report);
  json_decref(report);
  return st;
}

void measure_done(const char *keep) {
  checkpoint_remove(keep, EVALUATE_KIND);
}

status measure_snapshot(comm *c, const measure_settings *settings, const char *dataset_file, const char *dir,
                        run_clock *clock, measured *out) {
  int claimed = -1; /* rank 0 */
  int64_t keeps = c->rank == 0 && !seal_is_there(dir) && access(dir, W_OK) == 0 && resume_claim(dir, &claimed);
  comm_broadcast(c, &keeps, sizeof keeps, 0);
  status st = measure(c, settings, dataset_file, &dir, 1, keeps ? dir : NULL, clock, out);
  if (st == OK && c->rank == 0 && !seal_is_there(dir))
    st = measured_write(out, dir);
  if (st == OK && c->rank == 0 && keeps)
    measure_done(dir);
  if (claimed >= 0)
    close(claimed);
  return comm_agree(c, st);
}
