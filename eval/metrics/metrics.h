/* The table of metrics, and one user's ranking metrics: from the list the user was shown and the items held out.
 *
 * With T test items, a hit is a test item in the list, and for each length N:
 *   recall       hits / min(N, T)     (Liang et al. 2018)
 *   recall_test  hits / T
 *   precision    hits / N
 *   hit_rate     1 if there is a hit
 *   ndcg         Σ over hits at rank r of 1 / log2(r + 1), over the same for min(N, T) hits at the top
 *   map          Σ over hits at rank r of precision@r, over min(N, T)
 *   mrr          1 / rank of the first hit, 0 if there is none
 * All lie in 0 … 1. No metric is sampled (Krichene & Rendle 2020). */
#ifndef PALATE_EVAL_METRICS_METRICS_H
#define PALATE_EVAL_METRICS_METRICS_H

#include "io/base/status.h"
#include "io/base/types.h"

/* Metrics of lists, in the order of metrics.json; then metrics of predicted ratings, for explicit models only. */
typedef enum metric {
  METRIC_RECALL,
  METRIC_RECALL_TEST,
  METRIC_PRECISION,
  METRIC_HIT_RATE,
  METRIC_NDCG,
  METRIC_MAP,
  METRIC_MRR,
  METRICS, /* how many metrics of lists */
  METRIC_RMSE = METRICS,
  METRIC_MAE,
  METRICS_ALL
} metric;

enum { METRICS_AT_MAX = 16, METRIC_LABEL_MAX = 32, METRIC_CHOICES_MAX = 256 };

/* --- the table: local, of any metric --- */

/* "recall", "recall_test", … as metrics.json and --by spell it. */
const char *metric_name(metric m);

/* "Recall", "Recall/|test|", … as the table of an evaluation prints it. */
const char *metric_title(metric m);

bool metric_less_is_better(metric m);

/* "ndcg@10", or "rmse", which needs no length. Returns out. */
const char *metric_label(metric m, int length, char out[METRIC_LABEL_MAX]);

/* All names in the enum's order, separated by "|". Returns out. */
const char *metric_choices(char out[METRIC_CHOICES_MAX]);

/* True for metrics of predicted ratings. */
static inline bool metric_of_ratings(metric m) {
  return m >= METRICS;
}

/* The metric that decides unless another is asked for. */
static inline metric metric_deciding(bool explicit_loss) {
  return explicit_loss ? METRIC_RMSE : METRIC_NDCG;
}

/* --- one user's metrics of lists --- */

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

/* out (n_at, METRICS): the exact expectation for a list in random order; n_test of the n_candidates are test items.
 * Local. */
void metrics_of_random(const metrics_plan *p, off n_candidates, off n_test, double *out);

#endif
