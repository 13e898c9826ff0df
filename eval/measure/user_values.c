#include "eval/measure/user_values.h"

#include <math.h>

/* Adds the errors of a prediction to the sums of squared and of absolute errors. */
static void add_error(const evaluate_settings *in, double guess, double value, double sums[2]) {
  double error = clip_rating(in, guess) - value;
  sums[0] += error * error;
  sums[1] += fabs(error);
}

/* Copies a list to its `shown` places of k->top, padded with -1. */
static void keep_top(lid *top, const lid *list, lid length, int shown) {
  for (lid r = 0; r < shown; r++)
    top[r] = r < length ? list[r] : -1;
}

void user_values_of_model(batch *k, const bench *b, int model, lid u, const lid *list, lid length) {
  const csr *test = b->in->test;
  off first = test->ptr[k->user[u]], n_test = test->ptr[k->user[u] + 1] - first;
  double *out = k->values + (off)u * b->at.columns + b->at.model[model], *errors = out + b->at.cells;
  int shown = b->in->at[0];
  metrics_of_list(&b->plan, list, length, test->col + first, n_test, out);
  errors[0] = errors[1] = 0;
  for (off e = 0; b->in->explicit_loss && e < n_test; e++)
    add_error(b->in, k->guess[k->test_at[u] + e], test->val[first + e], errors);
  if (model == 0)
    keep_top(k->top + (off)u * FACTS_LISTS * shown, list, length, shown);
}

void user_values_of_baselines(batch *k, const bench *b, lid u, lid *list) {
  const evaluate_settings *in = b->in;
  const csr *test = in->test, *train = in->train;
  off first = test->ptr[k->user[u]], n_test = test->ptr[k->user[u] + 1] - first, n_seen = k->to[u] - k->from[u];
  double *out = k->values + (off)u * b->at.columns;
  int shown = in->at[0];
  lid length = popular_list(&b->pop, train->col + k->from[u], n_seen, metrics_longest(&b->plan), list);
  out[b->at.pairs] = (double)n_test;
  metrics_of_list(&b->plan, list, length, test->col + first, n_test, out + b->at.popular);
  metrics_of_random(&b->plan, in->n_items - n_seen, n_test, out + b->at.random);
  keep_top(k->top + ((off)u * FACTS_LISTS + 1) * shown, list, length, shown);
}

static double novelty(const batch *k, const bench *b, const lid *list, lid n) {
  double sum = 0, users = (double)b->in->n_users + 1;
  for (lid r = 0; r < n; r++)
    sum -= log2(((double)facts_of(&k->known, list[r])->count + 1) / users);
  return n > 0 ? sum / n : 0;
}

/* Mean of 1 - cosine over the pairs of a list, from the length of the sum of its unit vectors. */
static double variety(const batch *k, const bench *b, const lid *list, lid n, double *sum) {
  scorer *s = b->in->model[0];
  int factors = model_factors(scorer_model(s));
  double units = 0, length = 0, pairs = (double)n * (n - 1);
  if (b->factors == NULL || n < 2)
    return 0;
  for (int p = 0; p < factors; p++)
    sum[p] = 0;
  for (lid r = 0; r < n; r++) {
    lid item = scorer_item_told(s, facts_of(&k->known, list[r])->told);
    if (item < 0)
      continue;
    const real *y = b->factors + (off)item * factors;
    double square = 0;
    for (int p = 0; p < factors; p++)
      square += (double)y[p] * y[p];
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    units += square > 0;
    for (int p = 0; p < factors; p++)
      sum[p] += scale * (double)y[p];
  }
  for (int p = 0; p < factors; p++)
    length += sum[p] * sum[p];
  return fmin(fmax(1 - (length - units) / pairs, 0), 2);
}

void user_values_of_facts(batch *k, const bench *b, lid u, double *sum) {
  const evaluate_settings *in = b->in;
  const csr *test = in->test;
  off first = test->ptr[k->user[u]], end = test->ptr[k->user[u] + 1];
  double *out = k->values + (off)u * b->at.columns;
  for (int w = 0; w < FACTS_LISTS; w++) {
    lid length;
    const lid *top = batch_top(k, b, u, w, &length);
    out[b->at.novelty[w]] = novelty(k, b, top, length);
    out[b->at.variety[w]] = variety(k, b, top, length, sum);
  }
  double *popular_errors = out + b->at.popular + b->at.cells, *random_errors = out + b->at.random + b->at.cells;
  popular_errors[0] = popular_errors[1] = random_errors[0] = random_errors[1] = 0;
  for (off e = first; in->explicit_loss && e < end; e++) {
    add_error(in, facts_of(&k->known, test->col[e])->mean, test->val[e], popular_errors);
    add_error(in, b->pop.overall, test->val[e], random_errors);
  }
}
