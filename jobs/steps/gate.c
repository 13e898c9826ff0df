#include "jobs/steps/gate.h"

#include "io/base/mem.h"
#include "io/schema/model.h"
#include "io/snapshot/snapshot.h"
#include "jobs/settings/holdout.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The reasons against the model, and the verdict. */
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

/* The rows of a side that were learned from events, over all ranks; reading checks that all are finite. */
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
    for (gid i = 0; st == OK && i < count; i++)
      *served += !model_is_unseen(m, rows + i * k);
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

/* A shop does not double overnight; a broken feed halves it. */
static void judge_growth(judgement *j, const gate_settings *settings, model *now, model *before) {
  const char *const names[] = {"users", "items", "pairs"};
  const int64_t new_size[] = {model_rows(now, USERS), model_rows(now, ITEMS), pairs_of(now)};
  const int64_t old_size[] = {model_rows(before, USERS), model_rows(before, ITEMS), pairs_of(before)};
  json_t *growth = json_object();
  for (int i = 0; i < 3; i++) {
    if (old_size[i] < 1)
      continue;
    double factor = (double)new_size[i] / (double)old_size[i];
    json_object_set_new(growth, names[i], json_real(factor));
    if (factor > settings->jump || factor < 1 / settings->jump)
      object_to(j, "the data jumped: %lld %s; the published model has %lld (--gate-jump %g)", (long long)new_size[i],
                names[i], (long long)old_size[i], settings->jump);
  }
  json_object_set_new(j->all, "growth", growth);
}

static void judge_coverage(judgement *j, const gate_settings *settings, const evaluation *e, int64_t items) {
  /* Few users with short lists cannot show a whole catalogue. */
  double reachable = items > 0 ? fmin(1, (double)e->users * e->at[0] / (double)items) : 1;
  double coverage = e->model[0].coverage / reachable;
  json_object_set_new(j->all, "coverage", json_real(coverage));
  if (!(coverage >= settings->coverage))
    object_to(j, "only %.3g of the items that fit are recommended to anyone (--gate-coverage %g)", coverage,
              settings->coverage);
}

/* Returns false if the models were trained with another rule or seed, or draws keyed in another way: the older one has
 * then seen some of what is held out now. */
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

/* Returns true if the interval shows the new model worse than the parent by more than the tolerance. */
static bool judge_metric(judgement *j, const gate_settings *settings, const evaluation *e) {
  metric by = metric_deciding(e->explicit_loss);
  char name[METRIC_LABEL_MAX];
  metric_label(by, e->at[0], name);
  const figure *mine = scores_figure(&e->model[0], by, 0);
  json_object_set_new(j->all, "metric", json_string(name));
  json_object_set_new(j->all, "value", json_real(mine->value));
  if (!isfinite(mine->value))
    object_to(j, "%s of the new model is not a number", name);
  if (e->n_models < 2)
    return false;
  const figure *parent = scores_figure(&e->model[1], by, 0), *d = scores_figure(&e->difference, by, 0);
  double allowed = settings->tolerance * fabs(parent->value);
  bool worse = metric_less_is_better(by) ? d->low > allowed : d->high < -allowed;
  json_object_set_new(j->all, "parent_value", json_real(parent->value));
  json_object_set_new(j->all, "difference", json_real(d->value));
  json_object_set_new(j->all, "difference_ci", json_pack("[f,f]", d->low, d->high));
  json_object_set_new(j->all, "tolerance", json_real(allowed));
  if (worse)
    object_to(j, "%s is %.4f, and %.4f with the published model: the difference lies between %.4f and %.4f", name,
              mine->value, parent->value, d->low, d->high);
  return worse;
}

status gate_judge(comm *c, const gate_settings *settings, const char *dir, const char *parent, const evaluation *e,
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
  if (!(share >= settings->served))
    object_to(&j, "only %.3g of the members have events to learn from (--gate-served %g)", share, settings->served);
  if (e != NULL)
    judge_coverage(&j, settings, e, model_rows(now, ITEMS));
  if (before != NULL)
    judge_growth(&j, settings, now, before);
  bool beyond_limits = json_array_size(j.reasons) > 0;
  bool worse = e != NULL && judge_metric(&j, settings, e);
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
