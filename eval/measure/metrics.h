/* One user's ranking metrics, from the list the user was shown and the items held out.
 *
 * With T test items, a hit is a test item in the list, and for each length N:
 *   recall       hits / min(N, T)     (Liang et al. 2018)
 *   recall_test  hits / T
 *   precision    hits / N
 *   hit_rate     1 where there is a hit
 *   ndcg         Σ over hits at rank r of 1 / log2(r + 1), over the same for min(N, T) hits at the top
 *   map          Σ over hits at rank r of precision@r, over min(N, T)
 *   mrr          1 / rank of the first hit, 0 where there is none
 * All lie in 0 … 1. No metric is sampled (Krichene & Rendle 2020). */
#ifndef PALATE_EVAL_MEASURE_METRICS_H
#define PALATE_EVAL_MEASURE_METRICS_H

#include "io/base/status.h"
#include "io/base/types.h"

typedef enum metric {
  METRIC_RECALL,
  METRIC_RECALL_TEST,
  METRIC_PRECISION,
  METRIC_HIT_RATE,
  METRIC_NDCG,
  METRIC_MAP,
  METRIC_MRR,
  METRICS
} metric;

enum { METRICS_AT_MAX = 16 };

/* "recall", "recall_test", … as metrics.json spells them. */
const char *metric_name(metric m);

/* The lengths at which lists are measured, and the discounts of their ranks. */
typedef struct metrics_plan {
  int n_at, at[METRICS_AT_MAX]; /* ascending */
  double *discount;             /* [longest + 1]: discount[r] of rank r from 1 */
  double *ideal;                /* [longest + 1]: the sum of the first r discounts */
} metrics_plan;

/* NO_MEMORY. Free with metrics_plan_free. Local. */
status metrics_plan_create(int n_at, const int *at, metrics_plan *out);
void metrics_plan_free(metrics_plan *p);
int metrics_longest(const metrics_plan *p);

/* out (n_at, METRICS) for a list of n_list items, best first, which may be shorter than N; test[n_test] ascends,
 * n_test >= 1. Local. */
void metrics_of_list(const metrics_plan *p, const lid *list, off n_list, const lid *test, off n_test, double *out);

/* What a list in random order is expected to get, exactly: n_test of the n_candidates are test items. Local. */
void metrics_of_random(const metrics_plan *p, off n_candidates, off n_test, double *out);

#endif
