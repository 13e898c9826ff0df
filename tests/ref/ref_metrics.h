/* Ranking metrics the slow way: every item is scored and sorted, and each figure is computed from its definition. */
#ifndef PALATE_TESTS_REF_REF_METRICS_H
#define PALATE_TESTS_REF_REF_METRICS_H

#include "eval/metrics/metrics.h"

/* list[n_items]: the items by falling score, ties by lower row, without those with seen[i]; returns how many. */
int ref_rank(int n_items, const double *score, const bool *seen, lid *list);

/* One metric at one N of such a list; is_test[n_items]. */
double ref_metric(metric m, int at, const lid *list, int n_list, int n_items, const bool *is_test);

/* The mean of the metric over all n! orders of n items of which the first n_test are test items; n <= 7. */
double ref_metric_random(metric m, int at, int n, int n_test);

#endif
