#include "jobs/steps/measure.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/checkpoint.h"
#include "io/snapshot/snapshot.h"
#include "jobs/cli/words.h"

#include <stdio.h>
#include <string.h>

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
  TRY(h5_attr_text(f, "/", "holdout", &out->rule));
  TRY(h5_attr_i64(f, "/", "seed", &out->seed));
  TRY(h5_attr_text(f, "/", "duplicates", &merge));
  int i = word_find(DUPLICATES_WORDS, merge);
  if (i < 0) {
    st = status_fail(BAD_DATA, "%s: attribute duplicates has the unknown value `%s`", h5_path(f), merge);
    goto done;
  }
  out->merge = (duplicates)i;
  if (model_is_explicit(m)) {
    TRY(h5_attr_f64(f, "/", "scale_min", &out->low));
    TRY(h5_attr_f64(f, "/", "scale_max", &out->high));
  }
done:
  mem_free(merge);
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

/* What is measured, and on what. */
static status make_key(comm *c, const holdout *h, const dataset *d, const char *const *dirs, const evaluate_input *in,
                       json_t **out) {
  status st = OK;
  dataset *test = NULL;
  json_t *at = json_array(), *snapshots = json_array();
  char text[HOLDOUT_TEXT_MAX];
  if (h->test != NULL)
    TRY(dataset_open(c, h->test, &test));
  for (int i = 0; i < in->n_at; i++)
    json_array_append_new(at, json_integer(in->at[i]));
  for (int i = 0; i < in->n_models; i++)
    json_array_append_new(snapshots, json_string(snapshot_id(dirs[i])));
  *out = json_pack("{s:s, s:s, s:s, s:s, s:I, s:O, s:O}", "palate", PALATE_VERSION, "dataset_sha256", dataset_digest(d),
                   "test_sha256", test != NULL ? dataset_digest(test) : "", "holdout",
                   text_printable(holdout_text(h), text, sizeof text), "seed", (json_int_t)h->rule.seed, "at", at,
                   "snapshots", snapshots);
  TRY(comm_agree(c, *out != NULL ? OK : status_fail(NO_MEMORY, "no memory for the settings")));
done:
  json_decref(at);
  json_decref(snapshots);
  dataset_close(test);
  return st;
}

void measure_done(const char *keep) {
  checkpoint_remove(keep, EVALUATE_KIND);
}

status measure(comm *c, const options *o, const char *dataset_file, const char *const *dirs, int n, const char *keep,
               edge_clock *clock, evaluation *out, char *rule, uint64_t *seed) {
  status st = OK;
  subject s[EVALUATE_MODELS] = {{0}};
  training how = {0};
  holdout h = {0};
  dataset *d = NULL;
  part users = {0};
  csr train = {0}, test = {0};
  uint8_t *fold_user = NULL;
  json_t *key = NULL;
  evaluate_input in = {.n_models = n};
  int64_t memory = 0;
  st = option_counts(o, "at", METRICS_AT_MAX, in.at, &in.n_at);
  if (st == OK && option_text(o, "memory") != NULL)
    st = option_size(o, "memory", &memory);
  for (int i = 0; st == OK && i < n; i++)
    st = model_open(dirs[i], &s[i].m);
  if (st == OK)
    st = read_training(s[0].m, &how);
  if (st == OK)
    st = holdout_read(o, SPLIT_TO_MEASURE, how.rule, (uint64_t)how.seed, &h);
  if (st == OK && holdout_none(&h))
    st = status_fail(USAGE,
                     "%s was trained on everything, so nothing is left to measure on; train with --holdout, or "
                     "give --holdout here to measure on what the model has seen",
                     dirs[0]);
  if (st == OK && n == 2 && model_is_explicit(s[0].m) != model_is_explicit(s[1].m))
    st = status_fail(BAD_DATA, "%s and %s have different losses and cannot be compared", dirs[0], dirs[1]);
  TRY(comm_agree(c, st));
  if (split_draws(&h.rule) && strcmp(holdout_text(&h), how.rule) == 0 && !holdout_key_is_of(&h, s[0].m))
    log_warn("%s was trained by an earlier version, which drew the hold-out by rows: it has seen test pairs, and looks "
             "better than it is",
             dirs[0]);
  double start = seconds_now();
  TRY(dataset_open(c, dataset_file, &d));
  TRY(interactions_cut_users(c, d, model_factors(s[0].m), c->size, &users));
  TRY(holdout_load(c, &h, d, &users, how.merge, &train, &test));
  for (int i = 0; i < n; i++)
    TRY(open_subject(c, dirs[i], d, &users, memory / n, &s[i]));
  log_debug("loaded in %.2f s", seconds_now() - start);
  gid first = users.first[c->rank], count = part_count(&users, c->rank);
  TRY(comm_agree(c, MEM_ZALLOC(fold_user, count, "test members")));
  for (gid u = 0; u < count; u++)
    fold_user[u] = split_is_member(&h.rule, first + u);
  for (int i = 0; i < n; i++) {
    in.model[i] = s[i].score;
    in.map[i] = &s[i].map;
    in.fold[i] = s[i].fold;
  }
  in.n_users = dataset_users(d);
  in.first_user = first;
  in.n_items = (lid)dataset_items(d);
  in.train = &train;
  in.test = &test;
  in.fold_user = fold_user;
  in.explicit_loss = model_is_explicit(s[0].m);
  in.low = how.low;
  in.high = how.high;
  in.seed = h.rule.seed;
  in.memory = memory / 2;
  TRY(make_key(c, &h, d, dirs, &in, &key));
  edge_keep kept = {keep, key, clock};
  in.keep = &kept;
  edge_phase(clock);
  TRY(evaluate(c, &in, out));
  size_t length = strlen(holdout_text(&h)); /* the end of a long path says more than its beginning */
  if (length < SPLIT_TEXT_MAX)
    snprintf(rule, SPLIT_TEXT_MAX, "%s", holdout_text(&h));
  else
    snprintf(rule, SPLIT_TEXT_MAX, "test:…%s", holdout_text(&h) + length - (SPLIT_TEXT_MAX - 16));
  *seed = h.rule.seed;
done:
  json_decref(key);
  for (int i = 0; i < n; i++)
    subject_free(&s[i]);
  holdout_free(&h);
  mem_free(how.rule);
  mem_free(fold_user);
  csr_free(&train);
  csr_free(&test);
  part_free(&users);
  dataset_close(d);
  return st;
}
