#include "eval/metrics/metrics.h"

#include "io/base/mem.h"
#include "train/rows/row_sort.h"

#include <math.h>
#include <stdio.h>

/* --- how each metric is made --- */

/* A metric of lists is a sum over ranks, divided by the most it can be (or by what its name says). */

/* The sum after a hit at `rank` (from 1), which is the list's hit number `hit` (from 1). */
typedef double after_hit(const metrics_plan *p, int rank, int hit, double sum);

/* What is known of a rank of a list in random order. */
typedef struct chances {
  double hit;   /* of a hit at this rank */
  double other; /* of a hit at another rank, given one at this rank */
  double first; /* of the first hit being at this rank */
  double none;  /* of no hit down to and including this rank */
} chances;

/* The expectation of the sum after `rank`, from that before it. */
typedef double after_rank(const metrics_plan *p, int rank, const chances *c, double sum);

/* What the sum at length n is divided by, for n_test test items. */
typedef double divisor(const metrics_plan *p, int n, off n_test);

static double count_hit(const metrics_plan *p, int rank, int hit, double sum) {
  (void)p, (void)rank, (void)hit;
  return sum + 1;
}
static double count_random(const metrics_plan *p, int rank, const chances *c, double sum) {
  (void)p, (void)rank;
  return sum + c->hit;
}

static double any_hit(const metrics_plan *p, int rank, int hit, double sum) {
  (void)p, (void)rank, (void)hit, (void)sum;
  return 1;
}
static double any_random(const metrics_plan *p, int rank, const chances *c, double sum) {
  (void)p, (void)rank, (void)sum;
  return 1 - c->none;
}

static double ndcg_hit(const metrics_plan *p, int rank, int hit, double sum) {
  (void)hit;
  return sum + p->discount[rank];
}
static double ndcg_random(const metrics_plan *p, int rank, const chances *c, double sum) {
  return sum + c->hit * p->discount[rank];
}

static double map_hit(const metrics_plan *p, int rank, int hit, double sum) {
  (void)p;
  return sum + (double)hit / rank;
}
static double map_random(const metrics_plan *p, int rank, const chances *c, double sum) {
  (void)p;
  return sum + c->hit * (1 + (rank - 1) * c->other) / rank;
}

static double mrr_hit(const metrics_plan *p, int rank, int hit, double sum) {
  (void)p;
  return hit == 1 ? 1.0 / rank : sum;
}
static double mrr_random(const metrics_plan *p, int rank, const chances *c, double sum) {
  (void)p;
  return sum + c->first / rank;
}

static double most_hits(const metrics_plan *p, int n, off n_test) {
  (void)p;
  return (double)(n_test < n ? n_test : n);
}
static double all_tests(const metrics_plan *p, int n, off n_test) {
  (void)p, (void)n;
  return (double)n_test;
}
static double length(const metrics_plan *p, int n, off n_test) {
  (void)p, (void)n_test;
  return n;
}
static double one(const metrics_plan *p, int n, off n_test) {
  (void)p, (void)n, (void)n_test;
  return 1;
}
static double ideal(const metrics_plan *p, int n, off n_test) {
  return p->ideal[n_test < n ? n_test : n];
}

/* --- the table --- */

typedef enum better { MORE, LESS } better;

/* Metrics of ratings are sums of errors, see eval/measure/figures.c: they have no functions here. */
static const struct {
  const char *name, *title;
  better better;
  after_hit *of_list;
  after_rank *of_random;
  divisor *out_of;
} TABLE[METRICS_ALL] = {
    [METRIC_RECALL] = {"recall", "Recall", MORE, count_hit, count_random, most_hits},
    [METRIC_RECALL_TEST] = {"recall_test", "Recall/|test|", MORE, count_hit, count_random, all_tests},
    [METRIC_PRECISION] = {"precision", "Precision", MORE, count_hit, count_random, length},
    [METRIC_HIT_RATE] = {"hit_rate", "HitRate", MORE, any_hit, any_random, one},
    [METRIC_NDCG] = {"ndcg", "NDCG", MORE, ndcg_hit, ndcg_random, ideal},
    [METRIC_MAP] = {"map", "MAP", MORE, map_hit, map_random, most_hits},
    [METRIC_MRR] = {"mrr", "MRR", MORE, mrr_hit, mrr_random, one},
    [METRIC_RMSE] = {.name = "rmse", .title = "RMSE", .better = LESS},
    [METRIC_MAE] = {.name = "mae", .title = "MAE", .better = LESS},
};

const char *metric_name(metric m) {
  return TABLE[m].name;
}

const char *metric_title(metric m) {
  return TABLE[m].title;
}

bool metric_less_is_better(metric m) {
  return TABLE[m].better == LESS;
}

const char *metric_label(metric m, int n, char out[METRIC_LABEL_MAX]) {
  snprintf(out, METRIC_LABEL_MAX, metric_of_ratings(m) ? "%s" : "%s@%d", TABLE[m].name, n);
  return out;
}

const char *metric_choices(char out[METRIC_CHOICES_MAX]) {
  int at = 0;
  for (int m = 0; m < METRICS_ALL && at < METRIC_CHOICES_MAX; m++)
    at += snprintf(out + at, (size_t)(METRIC_CHOICES_MAX - at), "%s%s", m > 0 ? "|" : "", TABLE[m].name);
  return out;
}

/* --- one user --- */

int metrics_longest(const metrics_plan *p) {
  return p->at[p->n_at - 1];
}

status metrics_plan_create(int n_at, const int *at, metrics_plan *out) {
  status st = OK;
  *out = (metrics_plan){.n_at = n_at};
  for (int i = 0; i < n_at; i++)
    out->at[i] = at[i];
  int longest = metrics_longest(out);
  TRY(MEM_ALLOC(out->discount, (off)longest + 1, "discounts"));
  TRY(MEM_ALLOC(out->ideal, (off)longest + 1, "discounts"));
  out->discount[0] = out->ideal[0] = 0;
  for (int r = 1; r <= longest; r++) {
    out->discount[r] = 1 / log2(r + 1.0);
    out->ideal[r] = out->ideal[r - 1] + out->discount[r];
  }
done:
  if (st != OK)
    metrics_plan_free(out);
  return st;
}

void metrics_plan_free(metrics_plan *p) {
  mem_free(p->discount);
  mem_free(p->ideal);
  *p = (metrics_plan){0};
}

static void divide(const metrics_plan *p, int n, off n_test, const double sum[METRICS], double *out) {
  for (int m = 0; m < METRICS; m++)
    out[m] = sum[m] / TABLE[m].out_of(p, n, n_test);
}

void metrics_of_list(const metrics_plan *p, const lid *list, off n_list, const lid *test, off n_test, double *out) {
  double sum[METRICS] = {0};
  int r = 0, hits = 0;
  for (int a = 0; a < p->n_at; a++) {
    for (; r < p->at[a] && r < n_list; r++) {
      if (!row_contains(test, n_test, list[r]))
        continue;
      hits++;
      for (int m = 0; m < METRICS; m++)
        sum[m] = TABLE[m].of_list(p, r + 1, hits, sum[m]);
    }
    divide(p, p->at[a], n_test, sum, out + a * METRICS);
  }
}

void metrics_of_random(const metrics_plan *p, off n_candidates, off n_test, double *out) {
  double sum[METRICS] = {0}, all = (double)n_candidates, tests = (double)n_test;
  chances c = {.hit = tests / all, .other = all > 1 ? (tests - 1) / (all - 1) : 0, .none = 1};
  int r = 0;
  for (int a = 0; a < p->n_at; a++) {
    for (; r < p->at[a] && r < n_candidates; r++) {
      c.first = c.none * tests / (all - r);
      c.none = fmax(c.none - c.first, 0);
      for (int m = 0; m < METRICS; m++)
        sum[m] = TABLE[m].of_random(p, r + 1, &c, sum[m]);
    }
    divide(p, p->at[a], n_test, sum, out + a * METRICS);
  }
}
