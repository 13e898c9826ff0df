#include "eval/measure/report.h"

#include <string.h>

/* --- metrics.json --- */

static void put_figure(json_t *to, const char *name, const figure *f, bool interval) {
  char key[64];
  json_object_set_new(to, name, json_real(f->value));
  if (!interval)
    return;
  snprintf(key, sizeof key, "%s_ci", name);
  json_object_set_new(to, key, json_pack("[f,f]", f->low, f->high));
}

static json_t *scores_json(const evaluation *e, const scores *s, bool lists) {
  json_t *out = json_object(), *at = json_object();
  for (int m = METRICS; e->explicit_loss && m < METRICS_ALL; m++)
    put_figure(out, metric_name((metric)m), scores_figure(s, (metric)m, 0), s->intervals);
  for (int a = 0; a < e->n_at; a++) {
    json_t *here = json_object();
    char key[16];
    for (int m = 0; m < METRICS; m++)
      put_figure(here, metric_name((metric)m), scores_figure(s, (metric)m, a), s->intervals);
    snprintf(key, sizeof key, "%d", e->at[a]);
    json_object_set_new(at, key, here);
  }
  json_object_set_new(out, "at", at);
  if (lists)
    json_object_set_new(out, "lists",
                        json_pack("{s:i, s:f, s:f, s:f, s:f}", "at", e->at[0], "coverage", s->coverage, "gini", s->gini,
                                  "novelty", s->novelty, "diversity", s->diversity));
  return out;
}

static json_t *slices_json(const evaluation *e) {
  json_t *out = json_array();
  for (int i = 0; i < e->n_slices; i++) {
    const slice *s = &e->slices[i];
    json_t *model = json_object(), *popular = json_object();
    for (int m = 0; m < METRICS; m++) {
      json_object_set_new(model, metric_name((metric)m), json_real(s->model[m]));
      json_object_set_new(popular, metric_name((metric)m), json_real(s->popular[m]));
    }
    if (e->explicit_loss)
      json_object_set_new(model, metric_name(METRIC_RMSE), json_real(s->rmse));
    json_array_append_new(out, json_pack("{s:s, s:I, s:i, s:o, s:o}", "name", s->name, "users", (json_int_t)s->users,
                                         "at", e->at[0], "model", model, "most_popular", popular));
  }
  return out;
}

json_t *report_json(const evaluation *e, const char *rule, uint64_t seed) {
  json_t *out = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "rule", rule, "seed", (json_int_t)seed, "users",
                          (json_int_t)e->users, "users_without_test", (json_int_t)e->users_without_test, "test_pairs",
                          (json_int_t)e->test_pairs, "users_folded_in", (json_int_t)e->folded_in);
  if (out == NULL)
    return NULL;
  json_object_set_new(out, "model", scores_json(e, &e->model[0], true));
  json_object_set_new(out, "most_popular", scores_json(e, &e->popular, true));
  json_object_set_new(out, "random", scores_json(e, &e->random, false));
  json_object_set_new(out, "difference_most_popular", scores_json(e, &e->over_popular, false));
  if (e->n_models == 2) {
    json_object_set_new(out, "parent", scores_json(e, &e->model[1], false));
    json_object_set_new(out, "difference", scores_json(e, &e->difference, false));
  }
  json_object_set_new(out, "slices", slices_json(e));
  return out;
}

/* --- the table --- */

/* "NDCG@10", or "RMSE". Returns out. */
static const char *title_at(const evaluation *e, metric m, int a, char out[48]) {
  snprintf(out, 48, metric_of_ratings(m) ? "%s" : "%s@%d", metric_title(m), e->at[a]);
  return out;
}

static void print_metric(FILE *to, const evaluation *e, metric m, int a) {
  char name[48];
  const figure *model = scores_figure(&e->model[0], m, a);
  fprintf(to, "  %-16s %9.4f  %7.4f – %-7.4f", title_at(e, m, a, name), model->value, model->low, model->high);
  if (e->n_models == 2)
    fprintf(to, " %9.4f", scores_figure(&e->model[1], m, a)->value);
  fprintf(to, " %13.4f %9.4f\n", scores_figure(&e->popular, m, a)->value, scores_figure(&e->random, m, a)->value);
}

static void print_head(FILE *to, const evaluation *e, const char *rule) {
  fprintf(to, "Hold-out %s: %lld test pairs of %lld users; %lld users without a test pair are left out", rule,
          (long long)e->test_pairs, (long long)e->users, (long long)e->users_without_test);
  if (e->folded_in > 0)
    fprintf(to, "; %lld users folded in", (long long)e->folded_in);
  fprintf(to, ".\n\n  %-16s %9s  %17s", "", "model", "95 % interval");
  if (e->n_models == 2)
    fprintf(to, " %9s", "parent");
  fprintf(to, " %13s %9s\n", "most popular", "random");
}

/* Metrics of ratings, then NDCG, then the others in the table's order. */
static void print_metrics(FILE *to, const evaluation *e) {
  for (int m = METRICS; e->explicit_loss && m < METRICS_ALL; m++)
    print_metric(to, e, (metric)m, 0);
  for (int a = 0; a < e->n_at; a++)
    print_metric(to, e, METRIC_NDCG, a);
  for (int m = 0; m < METRICS; m++)
    for (int a = 0; m != METRIC_NDCG && a < e->n_at; a++)
      print_metric(to, e, (metric)m, a);
}

/* The model less most popular, by the metric that decides. */
static void print_over_popular(FILE *to, const evaluation *e) {
  metric by = metric_deciding(e->explicit_loss);
  char name[48];
  const figure *d = scores_figure(&e->over_popular, by, 0);
  fprintf(to, "\n  %s minus that of most popular: %+.4f, 95 %% interval %+.4f to %+.4f\n", title_at(e, by, 0, name),
          d->value, d->low, d->high);
}

static void print_lists(FILE *to, const scores *model, const scores *popular) {
  fprintf(to, "\n  %-28s %9s %13s\n", "Lists of the first length", "model", "most popular");
  fprintf(to, "  %-28s %8.1f%% %12.1f%%\n", "items shown to anyone", 100 * model->coverage, 100 * popular->coverage);
  fprintf(to, "  %-28s %9.3f %13.3f\n", "Gini of exposure", model->gini, popular->gini);
  fprintf(to, "  %-28s %9.2f %13.2f\n", "novelty (bits)", model->novelty, popular->novelty);
  fprintf(to, "  %-28s %9.3f %13.3f\n", "diversity (1 - cosine)", model->diversity, popular->diversity);
}

static void print_slices(FILE *to, const evaluation *e) {
  fprintf(to, "\n  %-36s %9s  %9s %13s\n", "Slices", "users", "NDCG", "most popular");
  for (int i = 0; i < e->n_slices; i++)
    fprintf(to, "  %-36s %9lld  %9.4f %13.4f\n", e->slices[i].name, (long long)e->slices[i].users,
            e->slices[i].model[METRIC_NDCG], e->slices[i].popular[METRIC_NDCG]);
}

void report_table(const evaluation *e, const char *rule, FILE *to) {
  print_head(to, e, rule);
  print_metrics(to, e);
  print_over_popular(to, e);
  print_lists(to, &e->model[0], &e->popular);
  print_slices(to, e);
  if (e->explicit_loss)
    fprintf(to, "\nFor RMSE and MAE `most popular` predicts an item's mean rating, `random` the mean of all.\n");
}
