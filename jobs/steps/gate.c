#include "jobs/steps/gate.h"

#include "io/base/mem.h"
#include "io/snapshot/snapshot.h"
#include "jobs/cli/words.h"
#include "jobs/settings/holdout.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

status gate_read(const options *o, gate_limits *out) {
  int off_chosen;
  status st = OK;
  TRY(option_choice(o, "gate", ON_OFF_WORDS, &off_chosen));
  out->compare = off_chosen == 0;
  TRY(option_number(o, "gate-tolerance", 0, 1, &out->tolerance));
  TRY(option_number(o, "gate-coverage", 0, 1, &out->coverage));
  TRY(option_number(o, "gate-served", 0, 1, &out->served));
  TRY(option_number(o, "gate-jump", 1, 1e9, &out->jump));
done:
  return st;
}

/* What is remembered while judging. */
typedef struct judgement {
  json_t *reasons, *all;
} judgement;

static void object_to(judgement *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void object_to(judgement *j, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  json_array_append_new(j->reasons, json_string(text));
}

/* The number of users of our share with any factor that is not zero; reading checks that all are finite. */
static status count_served(comm *c, model *m, side s, int64_t *served) {
  enum { BATCH = 1 << 14 };
  int k = model_factors(m);
  gid n = model_rows(m, s), first = n * c->rank / c->size, end = n * (c->rank + 1) / c->size;
  real *rows = NULL;
  *served = 0;
  status st = MEM_ALLOC(rows, (off)BATCH * k, "factors to check");
  for (gid at = first; st == OK && at < end; at += BATCH) {
    gid count = end - at < BATCH ? end - at : BATCH;
    st = model_read_factors(m, s, at, count, rows, k);
    for (gid i = 0; st == OK && i < count; i++) {
      bool any = false;
      for (int f = 0; f < k; f++)
        any |= rows[i * k + f] != 0;
      *served += any;
    }
  }
  mem_free(rows);
  st = comm_agree(c, st);
  if (st == OK)
    comm_sum_i64(c, served, 1);
  return st;
}

static int64_t pairs_of(model *m) {
  int64_t pairs = 0;
  if (h5_attr_has(model_file(m), "/", "pairs") && h5_attr_i64(model_file(m), "/", "pairs", &pairs) != OK)
    pairs = 0;
  return pairs;
}

/* A store does not double overnight; a broken feed does halve it. */
static void judge_growth(judgement *j, const gate_limits *limits, model *now, model *before) {
  const char *const names[] = {"users", "items", "pairs"};
  const int64_t new_size[] = {model_rows(now, USERS), model_rows(now, ITEMS), pairs_of(now)};
  const int64_t old_size[] = {model_rows(before, USERS), model_rows(before, ITEMS), pairs_of(before)};
  json_t *growth = json_object();
  for (int i = 0; i < 3; i++) {
    if (old_size[i] < 1)
      continue;
    double factor = (double)new_size[i] / (double)old_size[i];
    json_object_set_new(growth, names[i], json_real(factor));
    if (factor > limits->jump || factor < 1 / limits->jump)
      object_to(j, "the data jumped: %lld %s, where the published model has %lld (--gate-jump %g)",
                (long long)new_size[i], names[i], (long long)old_size[i], limits->jump);
  }
  json_object_set_new(j->all, "growth", growth);
}

static void judge_coverage(judgement *j, const gate_limits *limits, const evaluation *e, int64_t items) {
  /* Few users with short lists cannot show a whole catalogue. */
  double room = items > 0 ? fmin(1, (double)e->users * e->at[0] / (double)items) : 1;
  double coverage = e->model[0].coverage / room;
  json_object_set_new(j->all, "coverage", json_real(coverage));
  if (!(coverage >= limits->coverage))
    object_to(j, "only %.3g of the items that fit are recommended to anyone (--gate-coverage %g)", coverage,
              limits->coverage);
}

/* A model that was trained on other pairs has seen some of what is held out now: another rule or seed, or lots that
 * were keyed in another way. */
static bool same_holdout(model *a, model *b) {
  char *rule[2] = {NULL, NULL}, *key[2] = {NULL, NULL};
  int64_t seed[2] = {0, 0};
  model *const both[2] = {a, b};
  bool same = true;
  for (int i = 0; i < 2; i++) {
    h5_file *f = model_file(both[i]);
    if (h5_attr_has(f, "/", "holdout"))
      same = same && h5_attr_text(f, "/", "holdout", &rule[i]) == OK;
    if (h5_attr_has(f, "/", HOLDOUT_KEY))
      same = same && h5_attr_text(f, "/", HOLDOUT_KEY, &key[i]) == OK;
    if (h5_attr_has(f, "/", "seed"))
      same = same && h5_attr_i64(f, "/", "seed", &seed[i]) == OK;
  }
  same = same && seed[0] == seed[1] && (rule[0] == NULL) == (rule[1] == NULL) &&
         (rule[0] == NULL || strcmp(rule[0], rule[1]) == 0) && (key[0] == NULL) == (key[1] == NULL);
  for (int i = 0; i < 2; i++) {
    mem_free(rule[i]);
    mem_free(key[i]);
  }
  return same;
}

/* Whether the interval shows the new one worse than the parent by more than the tolerance. */
static bool judge_metric(judgement *j, const gate_limits *limits, const evaluation *e) {
  bool lower_is_better = e->explicit_loss;
  char name[32] = "rmse";
  if (!lower_is_better)
    snprintf(name, sizeof name, "ndcg@%d", e->at[0]);
  const figure *mine = lower_is_better ? &e->model[0].rmse : &e->model[0].at[0][METRIC_NDCG];
  json_object_set_new(j->all, "metric", json_string(name));
  json_object_set_new(j->all, "value", json_real(mine->value));
  if (!isfinite(mine->value))
    object_to(j, "%s of the new model is not a number", name);
  if (e->n_models < 2)
    return false;
  const figure *parent = lower_is_better ? &e->model[1].rmse : &e->model[1].at[0][METRIC_NDCG];
  const figure *d = lower_is_better ? &e->difference.rmse : &e->difference.at[0][METRIC_NDCG];
  double allowed = limits->tolerance * fabs(parent->value);
  bool worse = lower_is_better ? d->low > allowed : d->high < -allowed;
  json_object_set_new(j->all, "parent_value", json_real(parent->value));
  json_object_set_new(j->all, "difference", json_real(d->value));
  json_object_set_new(j->all, "difference_ci", json_pack("[f,f]", d->low, d->high));
  json_object_set_new(j->all, "tolerance", json_real(allowed));
  if (worse)
    object_to(j, "%s is %.4f, and %.4f with the published model: the difference lies between %.4f and %.4f", name,
              mine->value, parent->value, d->low, d->high);
  return worse;
}

status gate_judge(comm *c, const gate_limits *limits, const char *dir, const char *parent, const evaluation *e,
                  json_t **verdict, bool *passed) {
  model *now = NULL, *before = NULL;
  judgement j = {json_array(), json_object()};
  int64_t served = 0, items_served = 0;
  status st = model_open(dir, &now);
  *verdict = NULL;
  *passed = false;
  if (st == OK && parent != NULL)
    st = model_open(parent, &before);
  TRY(comm_agree(c, st));
  TRY(count_served(c, now, USERS, &served));
  TRY(count_served(c, now, ITEMS, &items_served));
  double share = model_rows(now, USERS) > 0 ? (double)served / (double)model_rows(now, USERS) : 0;
  json_object_set_new(j.all, "served", json_real(share));
  if (!(share >= limits->served))
    object_to(&j, "only %.3g of the members have factors (--gate-served %g)", share, limits->served);
  if (e != NULL)
    judge_coverage(&j, limits, e, model_rows(now, ITEMS));
  if (before != NULL)
    judge_growth(&j, limits, now, before);
  bool beyond_limits = json_array_size(j.reasons) > 0;
  bool worse = e != NULL && judge_metric(&j, limits, e);
  if (worse && before != NULL && !same_holdout(now, before))
    object_to(&j,
              "the published model was trained with another --holdout or --seed, so it has seen some of what it was "
              "measured on; --gate off once takes the step");
  beyond_limits = beyond_limits || (!worse && json_array_size(j.reasons) > 0);
  *passed = !worse && !beyond_limits;
  const char *word = worse ? "worse" : beyond_limits ? "limits" : parent == NULL ? "first" : "passed";
  json_object_set_new(j.all, "verdict", json_string(word));
  json_object_set(j.all, "reasons", j.reasons);
  *verdict = json_incref(j.all);
done:
  json_decref(j.reasons);
  json_decref(j.all);
  model_close(now);
  model_close(before);
  return st;
}
