#include "tests/ref/ref_metrics.h"

#include <math.h>

int ref_rank(int n_items, const double *score, const bool *seen, lid *list) {
  int n = 0;
  for (lid i = 0; i < n_items; i++)
    if (!seen[i]) {
      int place = n++;
      while (place > 0 && score[list[place - 1]] < score[i]) {
        list[place] = list[place - 1];
        place--;
      }
      list[place] = i;
    }
  return n;
}

static int hits_until(int rank, const lid *list, int n_list, const bool *is_test) {
  int hits = 0;
  for (int r = 0; r < rank && r < n_list; r++)
    hits += is_test[list[r]];
  return hits;
}

double ref_metric(metric m, int at, const lid *list, int n_list, int n_items, const bool *is_test) {
  int tests = 0;
  for (int i = 0; i < n_items; i++)
    tests += is_test[i];
  int hits = hits_until(at, list, n_list, is_test), most = tests < at ? tests : at;
  double sum = 0, ideal = 0;
  switch (m) {
  case METRIC_RECALL:
    return (double)hits / most;
  case METRIC_RECALL_TEST:
    return (double)hits / tests;
  case METRIC_PRECISION:
    return (double)hits / at;
  case METRIC_HIT_RATE:
    return hits > 0;
  case METRIC_NDCG:
    for (int r = 0; r < at && r < n_list; r++)
      if (is_test[list[r]])
        sum += 1 / log2(r + 2);
    for (int r = 0; r < most; r++)
      ideal += 1 / log2(r + 2);
    return sum / ideal;
  case METRIC_MAP:
    for (int r = 0; r < at && r < n_list; r++)
      if (is_test[list[r]])
        sum += (double)hits_until(r + 1, list, n_list, is_test) / (r + 1);
    return sum / most;
  default:
    for (int r = 0; r < at && r < n_list; r++)
      if (is_test[list[r]])
        return 1.0 / (r + 1);
    return 0;
  }
}

static void orders(metric m, int at, int n, lid *list, int fixed, const bool *is_test, double *sum, double *count) {
  if (fixed == n) {
    *sum += ref_metric(m, at, list, n, n, is_test);
    ++*count;
    return;
  }
  for (int i = fixed; i < n; i++) {
    lid swap = list[fixed];
    list[fixed] = list[i];
    list[i] = swap;
    orders(m, at, n, list, fixed + 1, is_test, sum, count);
    list[i] = list[fixed];
    list[fixed] = swap;
  }
}

double ref_metric_random(metric m, int at, int n, int n_test) {
  lid list[8] = {0};
  bool is_test[8] = {0};
  double sum = 0, count = 0;
  for (int i = 0; i < n; i++) {
    list[i] = i;
    is_test[i] = i < n_test;
  }
  orders(m, at, n, list, 0, is_test, &sum, &count);
  return sum / count;
}
