#include "jobs/steps/gate.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/model.h"
#include "io/snapshot/snapshot.h"
#include "jobs/steps/advice.h"
#include "jobs/steps/model_dataset.h"

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

/* Returns true if the interval shows the new model worse than the parent by more than the tolerance. */
static bool judge_parent(judgement *j, const gate_settings *settings, const measured *m) {
  const evaluation *e = &m->figures;
  metric by = metric_deciding(e->explicit_loss);
  char name[METRIC_LABEL_MAX];
  metric_label(by, e->at[0], name);
  const figure *mine = scores_figure(&e->model[0], by, 0), *parent = scores_figure(&e->model[1], by, 0);
  const figure *d = scores_figure(&e->difference, by, 0);
  const seen_pairs *seen = &m->seen[1];
  double allowed = settings->tolerance * fabs(parent->value);
  bool worse = metric_less_is_better(by) ? d->low > allowed : d->high < -allowed;
  json_object_set_new(j->all, "parent_value", json_real(parent->value));
  json_object_set_new(j->all, "difference", json_real(d->value));
  json_object_set_new(j->all, "difference_ci", json_pack("[f,f]", d->low, d->high));
  json_object_set_new(j->all, "tolerance", json_real(allowed));
  if (worse)
    object_to(j, "%s is %.4f, and %.4f with the published model: the difference lies between %.4f and %.4f", name,
              mine->value, parent->value, d->low, d->high);
  if (worse && seen->seen > 0)
    object_to(
        j,
        "the published model %s %lld of the %lld test pairs in training, so the comparison is not fair; --gate off "
        "once takes the step",
        seen->counted ? "has seen" : "may have seen up to", (long long)seen->seen, (long long)e->test_pairs);
  return worse;
}

/* Returns true if this is the first model, and the interval shows it worse than most popular. */
static bool judge_popular(judgement *j, const gate_settings *settings, bool first, const evaluation *e) {
  metric by = metric_deciding(e->explicit_loss);
  char name[METRIC_LABEL_MAX];
  const figure *mine = scores_figure(&e->model[0], by, 0), *popular = scores_figure(&e->popular, by, 0);
  const figure *d = scores_figure(&e->over_popular, by, 0);
  bool refuse = first && settings->compare && advice_over_popular(e) < 0;
  json_object_set_new(j->all, "popular_value", json_real(popular->value));
  json_object_set_new(j->all, "difference_popular", json_real(d->value));
  json_object_set_new(j->all, "difference_popular_ci", json_pack("[f,f]", d->low, d->high));
  if (refuse)
    object_to(j,
              "the model is worse than most popular: %s is %.4f, and %.4f with most popular, the difference "
              "lies between %.4f and %.4f",
              metric_label(by, e->at[0], name), mine->value, popular->value, d->low, d->high);
  return refuse;
}

/* Judges the deciding metric. Returns true if it says that the model is worse. */
static bool judge_metric(judgement *j, const gate_settings *settings, bool first, const measured *m) {
  const evaluation *e = &m->figures;
  metric by = metric_deciding(e->explicit_loss);
  char name[METRIC_LABEL_MAX];
  double value = scores_figure(&e->model[0], by, 0)->value;
  json_object_set_new(j->all, "metric", json_string(metric_label(by, e->at[0], name)));
  json_object_set_new(j->all, "value", json_real(value));
  if (!isfinite(value))
    object_to(j, "%s of the new model is not a number", name);
  bool worse = judge_popular(j, settings, first, e);
  return (e->n_models == 2 && judge_parent(j, settings, m)) || worse;
}

/* Opens the model that readers would get, and those that did not see the hold-out. The caller closes them all. */
static status open_models(comm *c, const char *dir, const char *parent, model **served, model **now, model **before) {
  const char *file = measured_file(c, dir), *file_before = parent != NULL ? measured_file(c, parent) : NULL;
  status st = model_open(dir, served);
  if (st == OK)
    st = model_open_file(dir, file, now);
  if (st == OK && parent != NULL)
    st = model_open_file(parent, file_before, before);
  return comm_agree(c, st);
}

status gate_judge(comm *c, const gate_settings *settings, const char *dir, const char *parent, bool first,
                  const measured *m, json_t **verdict, bool *passed) {
  model *served = NULL, *now = NULL, *before = NULL;
  judgement j = {json_array(), json_object()};
  int64_t users_served = 0, items_served = 0;
  status st = OK;
  *verdict = NULL;
  *passed = false;
  TRY(open_models(c, dir, parent, &served, &now, &before));
  TRY(count_served(c, served, USERS, &users_served));
  TRY(count_served(c, served, ITEMS, &items_served));
  double share = model_rows(served, USERS) > 0 ? (double)users_served / (double)model_rows(served, USERS) : 0;
  json_object_set_new(j.all, "served", json_real(share));
  /* Ratings that are all alike leave nothing to learn beyond their mean: a fact about the data, not a broken model. */
  bool level = users_served == 0 && model_is_explicit(served) && pairs_of(served) > 0;
  if (level)
    log_warn("the ratings do not differ: everyone is predicted their mean, %.4g; --loss implicit learns from who chose "
             "what",
             model_mean(served));
  if (!level && !(share >= settings->served))
    object_to(&j, "only %.3g of the members have events to learn from (--gate-served %g)", share, settings->served);
  if (m != NULL)
    judge_coverage(&j, settings, &m->figures, model_rows(now, ITEMS));
  if (before != NULL)
    judge_growth(&j, settings, now, before);
  bool beyond_limits = json_array_size(j.reasons) > 0;
  bool worse = m != NULL && judge_metric(&j, settings, first, m);
  beyond_limits = beyond_limits || (!worse && json_array_size(j.reasons) > 0);
  *passed = !worse && !beyond_limits;
  const char *word = worse ? "worse" : beyond_limits ? "limits" : parent == NULL ? "first" : "passed";
  json_object_set_new(j.all, "verdict", json_string(word));
  json_object_set(j.all, "reasons", j.reasons);
  *verdict = json_incref(j.all);
done:
  json_decref(j.reasons);
  json_decref(j.all);
  model_close(served);
  model_close(now);
  model_close(before);
  return st;
}
