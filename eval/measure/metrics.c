#include "eval/measure/metrics.h"

#include "io/base/mem.h"
#include "train/rows/row_sort.h"

#include <math.h>

static const char *const NAMES[METRICS] = {"recall", "recall_test", "precision", "hit_rate", "ndcg", "map", "mrr"};

const char *metric_name(metric m) {
  return NAMES[m];
}

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

/* What has been gathered up to some rank. */
typedef struct running {
  double hits, any, gain, precisions, reciprocal;
} running;

static void write_at(const metrics_plan *p, int n, off n_test, const running *s, double *out) {
  off most = n_test < n ? n_test : n;
  out[METRIC_RECALL] = s->hits / (double)most;
  out[METRIC_RECALL_TEST] = s->hits / (double)n_test;
  out[METRIC_PRECISION] = s->hits / n;
  out[METRIC_HIT_RATE] = s->any;
  out[METRIC_NDCG] = s->gain / p->ideal[most];
  out[METRIC_MAP] = s->precisions / (double)most;
  out[METRIC_MRR] = s->reciprocal;
}

void metrics_of_list(const metrics_plan *p, const lid *list, off n_list, const lid *test, off n_test, double *out) {
  running s = {0};
  int r = 0;
  for (int a = 0; a < p->n_at; a++) {
    for (; r < p->at[a] && r < n_list; r++)
      if (row_contains(test, n_test, list[r])) {
        s.hits++;
        s.any = 1;
        s.gain += p->discount[r + 1];
        s.precisions += s.hits / (r + 1);
        if (s.hits == 1)
          s.reciprocal = 1.0 / (r + 1);
      }
    write_at(p, p->at[a], n_test, &s, out + a * METRICS);
  }
}

void metrics_of_random(const metrics_plan *p, off n_candidates, off n_test, double *out) {
  running s = {0};
  double c = (double)n_candidates, t = (double)n_test, share = t / c, none = 1; /* none: no hit so far */
  double other = c > 1 ? (t - 1) / (c - 1) : 0; /* chance that one rank is a hit where another is */
  int r = 0;
  for (int a = 0; a < p->n_at; a++) {
    for (; r < p->at[a] && r < n_candidates; r++) {
      double first = none * t / (c - r); /* the first hit is here */
      s.hits += share;
      s.gain += share * p->discount[r + 1];
      s.precisions += share * (1 + r * other) / (r + 1);
      s.reciprocal += first / (r + 1);
      none = fmax(none - first, 0);
      s.any = 1 - none;
    }
    write_at(p, p->at[a], n_test, &s, out + a * METRICS);
  }
}
