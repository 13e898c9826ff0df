#include "jobs/settings/holdout.h"

#include "eval/holdout/given_pairs.h"
#include "io/base/log.h"
#include "io/base/mem.h"

#include <stdio.h>
#include <string.h>

static const char GIVEN[] = "test:";
enum { GIVEN_LENGTH = sizeof GIVEN - 1 };

/* A rule as a model's attribute has it: "random:0.1", or "test:PATH". */
static status parse(const char *text, uint64_t seed, split_use use, holdout *out) {
  bool given = strncmp(text, GIVEN, GIVEN_LENGTH) == 0;
  *out = (holdout){.test = NULL};
  if ((size_t)snprintf(out->text, sizeof out->text, "%s", text) >= sizeof out->text)
    return status_fail(USAGE, "the hold-out rule is too long: %.200s…", text);
  if (given)
    out->test = out->text + GIVEN_LENGTH;
  status st = split_parse(given ? "none" : out->text, seed, &out->rule);
  out->rule.use = use;
  return st;
}

/* The rule that the options give, for parse(). */
static status rule_of(const holdout_settings *s, char *out) {
  int n = s->test != NULL ? snprintf(out, HOLDOUT_TEXT_MAX, "%s%s", GIVEN, s->test)
                          : snprintf(out, HOLDOUT_TEXT_MAX, "%s", s->rule);
  return n < HOLDOUT_TEXT_MAX ? OK : status_fail(USAGE, "--%s is too long", s->test != NULL ? "test" : "holdout");
}

status holdout_to_train(const holdout_settings *s, holdout *out) {
  char text[HOLDOUT_TEXT_MAX];
  status st = rule_of(s, text);
  return st == OK ? parse(text, s->seed, SPLIT_TO_TRAIN, out) : st;
}

status holdout_to_measure(const holdout_settings *s, const char *model_rule, uint64_t model_seed, holdout *out) {
  char text[HOLDOUT_TEXT_MAX];
  bool given = s->rule_given || s->test != NULL;
  uint64_t seed = s->seed_given ? s->seed : model_seed;
  status st = OK;
  if (given)
    TRY(rule_of(s, text));
  TRY(parse(given ? text : model_rule, seed, SPLIT_TO_MEASURE, out));
done:
  return st;
}

status holdout_of_model(model *m, holdout *out) {
  h5_file *f = model_file(m);
  status st = OK;
  char *text = NULL;
  int64_t seed = 0;
  bool recorded = h5_attr_has(f, "/", "holdout") && h5_attr_has(f, "/", "seed");
  if (recorded) {
    TRY(h5_attr_text(f, "/", "holdout", &text));
    TRY(h5_attr_i64(f, "/", "seed", &seed));
  }
  TRY(parse(recorded ? text : "none", (uint64_t)seed, SPLIT_TO_TRAIN, out));
  out->by_row = !holdout_key_is_of(out, m);
done:
  mem_free(text);
  return st;
}

bool holdout_none(const holdout *h) {
  return h->rule.kind == SPLIT_NONE && h->test == NULL;
}

static status load_given(comm *c, const holdout *h, dataset *d, const part *users, duplicates merge,
                         const recency_settings *recency, csr *train, csr *test) {
  given_pairs given = {0};
  status st = given_load(c, d, h->test, users, merge, &given);
  if (st == OK)
    st = interactions_load(c, d, users, merge, given_mark, &given, recency, train, NULL);
  if (st == OK && test != NULL) {
    *test = given.rows;
    given.rows = (csr){0};
  }
  given_free(&given);
  return st;
}

status holdout_check(const holdout *h, const dataset *d) {
  if (split_needs_time(&h->rule) && !dataset_has_time(d))
    return status_fail(USAGE, "--holdout %s needs times, and %s has none; use random:F", h->rule.text, dataset_path(d));
  return OK;
}

/* Reads the ids of a side once, which checks their checksums; hashes them if `hash` is not NULL. */
static status read_keys(dataset *d, side s, gid first, gid count, uint64_t *hash) {
  enum { SLAB = 1 << 16 };
  status st = OK;
  for (gid at = 0; st == OK && at < count; at += SLAB) {
    gid n = count - at < SLAB ? count - at : SLAB;
    strings ids = {0};
    st = dataset_read_ids(d, s, first + at, n, &ids);
    for (gid i = 0; st == OK && hash != NULL && i < n; i++)
      hash[at + i] = split_hash(ids.bytes + i * ids.width, ids.width);
    strings_free(&ids);
  }
  return st;
}

status holdout_keys(const comm *c, holdout *h, dataset *d, gid first, gid count) {
  static const char *const PATH[2] = {"/users/id", "/items/id"};
  status st = OK;
  if (!split_draws(&h->rule) || h->by_row)
    return OK;
  for (int s = 0; s < 2; s++) {
    split_keys *keys = &h->rule.keys[s];
    gid n = dataset_items(d), from = s == USERS ? first : 0, many = s == USERS ? count : n;
    const void *map = NULL;
    h5_column column;
    mem_free(h->hash[s]);
    h->hash[s] = NULL;
    TRY(h5_find(dataset_file(d), PATH[s], &column));
    TRY(h5_map(dataset_file(d), PATH[s], H5_TEXT, &map));
    if (map == NULL)
      TRY(MEM_ALLOC(h->hash[s], many, "keys of the hold-out"));
    *keys = (split_keys){map, column.width, h->hash[s], from};
    if (map != NULL && s == ITEMS) {
      from = n * c->rank / c->size;
      many = n * (c->rank + 1) / c->size - from;
    }
    TRY(read_keys(d, (side)s, from, many, h->hash[s]));
  }
done:
  return st;
}

void holdout_free(holdout *h) {
  for (int s = 0; s < 2; s++) {
    mem_free(h->hash[s]);
    h->hash[s] = NULL;
    h->rule.keys[s] = (split_keys){0};
  }
}

bool holdout_is_of(const holdout *h, model *m) {
  h5_file *f = model_file(m);
  char *rule = NULL;
  int64_t seed = -1;
  bool same = h5_attr_text(f, "/", "holdout", &rule) == OK && strcmp(rule, holdout_text(h)) == 0;
  if (same && split_draws(&h->rule))
    same = h5_attr_i64(f, "/", "seed", &seed) == OK && (uint64_t)seed == h->rule.seed && holdout_key_is_of(h, m);
  mem_free(rule);
  return same;
}

const char *holdout_key(const holdout *h) {
  return h->rule.kind == SPLIT_LAST ? "id among equal times" : "id";
}

bool holdout_key_is_of(const holdout *h, model *m) {
  char *key = NULL;
  bool same = h5_attr_has(model_file(m), "/", HOLDOUT_KEY) &&
              h5_attr_text(model_file(m), "/", HOLDOUT_KEY, &key) == OK && strcmp(key, holdout_key(h)) == 0;
  mem_free(key);
  return same;
}

/* How often the cut of last:N fell among equal times. Collective. */
static void log_ties(comm *c, const holdout *h, gid n_users) {
  int64_t tied = h->tied;
  comm_sum_i64(c, &tied, 1);
  if (tied > 0)
    log_info("--holdout %s: for %lld of %lld users (%.1f %%) the cut falls among items of the same time, and the seed "
             "decides which are held out",
             h->rule.text, (long long)tied, (long long)n_users, 100.0 * (double)tied / (double)n_users);
}

status holdout_load(comm *c, holdout *h, dataset *d, const part *users, duplicates merge,
                    const recency_settings *recency, csr *train, csr *test) {
  if (h->test != NULL)
    return load_given(c, h, d, users, merge, recency, train, test);
  status st = holdout_check(h, d);
  if (st != OK)
    return st;
  TRY(comm_agree(c, holdout_keys(c, h, d, users->first[c->rank], part_count(users, c->rank))));
  h->tied = 0;
  h->rule.tied = &h->tied;
  st = interactions_load(c, d, users, merge, split_mark, &h->rule, recency, train, test);
  h->rule.tied = NULL;
  if (st == OK)
    log_ties(c, h, users->n);
done:
  return st;
}

const char *holdout_text(const holdout *h) {
  return h->text;
}
