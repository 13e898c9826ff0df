/* If these fail, the figures by which models are chosen and published are not what their names say. */
#include "eval/metrics/metrics.h"
#include "eval/metrics/tally.h"
#include "io/base/mem.h"
#include "tests/ref/ref_metrics.h"
#include "tests/support/suite.h"
#include "train/math/rng.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const int AT[] = {1, 2, 5, 10, 50};
enum { N_AT = 5, ITEMS_N = 40 };

/* Held against the definitions, with ties, short lists, and more test items than ranks. */
START_TEST(metrics_are_their_definitions) {
  metrics_plan plan;
  ck_assert_int_eq(metrics_plan_create(N_AT, AT, &plan), OK);
  for (uint64_t user = 0; user < 400; user++) {
    double score[ITEMS_N], got[N_AT * METRICS];
    bool seen[ITEMS_N], is_test[ITEMS_N];
    lid list[ITEMS_N], test[ITEMS_N];
    off n_test = 0;
    double density = rng_uniform(1, 1, user, 99);
    for (lid i = 0; i < ITEMS_N; i++) {
      score[i] = floor(rng_uniform(1, 2, user, (uint64_t)i) * 8);
      is_test[i] = rng_uniform(1, 3, user, (uint64_t)i) < density || i == 7;
      seen[i] = !is_test[i] && rng_uniform(1, 4, user, (uint64_t)i) < 0.4;
      if (is_test[i])
        test[n_test++] = i;
    }
    int n = ref_rank(ITEMS_N, score, seen, list);
    metrics_of_list(&plan, list, n < 50 ? n : 50, test, n_test, got);
    for (int a = 0; a < N_AT; a++)
      for (int m = 0; m < METRICS; m++)
        ck_assert_double_le(fabs(got[a * METRICS + m] - ref_metric((metric)m, AT[a], list, n, ITEMS_N, is_test)), 1e-9);
  }
  metrics_plan_free(&plan);
}
END_TEST

/* Held against the mean over every order there is. */
START_TEST(random_is_the_mean_of_all_orders) {
  metrics_plan plan;
  ck_assert_int_eq(metrics_plan_create(N_AT, AT, &plan), OK);
  for (int n = 1; n <= 6; n++)
    for (int tests = 1; tests <= n; tests++) {
      double got[N_AT * METRICS];
      metrics_of_random(&plan, n, tests, got);
      for (int a = 0; a < N_AT; a++)
        for (int m = 0; m < METRICS; m++)
          ck_assert_double_le(fabs(got[a * METRICS + m] - ref_metric_random((metric)m, AT[a], n, tests)), 1e-9);
    }
  metrics_plan_free(&plan);
}
END_TEST

static double sample(int user, int column) {
  return column == 0 ? rng_uniform(9, 1, (uint64_t)user, 0) : 3 * rng_uniform(9, 2, (uint64_t)user, 0) - 1;
}

static tally *tally_of(int users, int step, int threads) {
  static const double bound[2] = {1, 2};
  tally *t;
  omp_set_num_threads(threads);
  ck_assert_int_eq(tally_create(4, 2, 2, bound, users, &t), OK);
  for (int first = 0; first < users; first += step) {
    gid user[1000];
    double values[2000];
    int n = users - first < step ? users - first : step;
    for (int i = 0; i < n; i++) {
      /* The odd ones first: the order of users must not matter. */
      user[i] = step == 1000 && i < n / 2 ? first + n - 1 - i : first + (step == 1000 ? i - n / 2 : i);
      for (int c = 0; c < 2; c++)
        values[2 * i + c] = sample((int)user[i], c);
    }
    ck_assert_int_eq(tally_add(t, n, user, values), OK);
  }
  return t;
}

/* The same bits however users are grouped, ordered and shared over threads. */
START_TEST(tallies_do_not_depend_on_order) {
  off n, m;
  tally *a = tally_of(3000, 1000, 1), *b = tally_of(3000, 97, 2);
  int64_t *x = tally_sums(a, &n), *y = tally_sums(b, &m);
  ck_assert_int_eq(n, m);
  ck_assert_int_eq(memcmp(x, y, sizeof *x * (size_t)n), 0);
  ck_assert_int_eq(tally_users(a), 3000);
  double sum = 0;
  for (int u = 0; u < 3000; u++)
    sum += sample(u, 1);
  ck_assert_double_le(fabs(tally_sum(a, 1) - sum), 1e-9);
  tally_free(a);
  tally_free(b);
}
END_TEST

/* The interval is that of the normal approximation, to what the number of replicates allows. */
START_TEST(intervals_have_the_right_width) {
  enum { USERS_N = 3000 };
  off n;
  tally *t = tally_of(USERS_N, 500, 2);
  tally_sums(t, &n);
  for (int c = 0; c < 2; c++) {
    double values[TALLY_REPLICATES], mean = tally_sum(t, c) / USERS_N, square = 0, low, high;
    for (int u = 0; u < USERS_N; u++)
      square += pow(sample(u, c) - mean, 2);
    double half = 1.96 * sqrt(square / USERS_N / USERS_N);
    for (int b = 0; b < TALLY_REPLICATES; b++) {
      ck_assert_double_le(fabs(tally_replicate_users(t, b) - USERS_N), 6 * sqrt(USERS_N));
      values[b] = tally_replicate_sum(t, c, b) / tally_replicate_users(t, b);
    }
    tally_interval(values, &low, &high);
    ck_assert_double_le(fabs(low - (mean - half)), 0.2 * half);
    ck_assert_double_le(fabs(high - (mean + half)), 0.2 * half);
  }
  tally_free(t);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, metrics_are_their_definitions);
  tcase_add_test(tc, random_is_the_mean_of_all_orders);
  tcase_add_test(tc, tallies_do_not_depend_on_order);
  tcase_add_test(tc, intervals_have_the_right_width);
}

int main(void) {
  return suite_run("metrics", add);
}
