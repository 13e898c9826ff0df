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

void user_values_of_model(batch *batch, const measurement *m, int model, lid u, const lid *list, lid length) {
  const csr *test = m->in->test;
  off first = test->ptr[batch->user[u]], n_test = test->ptr[batch->user[u] + 1] - first;
  double *out = batch->values + (off)u * m->at.columns + m->at.model[model], *errors = out + m->at.cells;
  int shown = m->in->at[0];
  metrics_of_list(&m->plan, list, length, test->col + first, n_test, out);
  errors[0] = errors[1] = 0;
  for (off e = 0; m->in->explicit_loss && e < n_test; e++)
    add_error(m->in, batch->guess[batch->test_at[u] + e], test->val[first + e], errors);
  if (model == 0)
    keep_top(batch->top + (off)u * FACTS_LISTS * shown, list, length, shown);
}

void user_values_of_baselines(batch *batch, const measurement *m, lid u, lid *list) {
  const evaluate_settings *in = m->in;
  const csr *test = in->test, *train = in->train;
  off first = test->ptr[batch->user[u]], n_test = test->ptr[batch->user[u] + 1] - first,
      n_seen = batch->to[u] - batch->from[u];
  double *out = batch->values + (off)u * m->at.columns;
  int shown = in->at[0];
  lid length = popular_list(&m->pop, train->col + batch->from[u], n_seen, metrics_longest(&m->plan), list);
  out[m->at.pairs] = (double)n_test;
  metrics_of_list(&m->plan, list, length, test->col + first, n_test, out + m->at.popular);
  metrics_of_random(&m->plan, in->n_items - n_seen, n_test, out + m->at.random);
  keep_top(batch->top + ((off)u * FACTS_LISTS + 1) * shown, list, length, shown);
}

static double novelty(const batch *batch, const measurement *m, const lid *list, lid n) {
  double sum = 0, users = (double)m->in->n_users + 1;
  for (lid r = 0; r < n; r++)
    sum -= log2(((double)facts_of(&batch->known, list[r])->count + 1) / users);
  return n > 0 ? sum / n : 0;
}

/* Mean of 1 - cosine over the pairs of a list, from the length of the sum of its unit vectors. */
static double variety(const batch *batch, const measurement *m, const lid *list, lid n, double *sum) {
  scorer *s = m->in->model[0];
  int factors = model_factors(scorer_model(s));
  double units = 0, length = 0, pairs = (double)n * (n - 1);
  if (m->factors == NULL || n < 2)
    return 0;
  for (int p = 0; p < factors; p++)
    sum[p] = 0;
  for (lid r = 0; r < n; r++) {
    lid item = scorer_own_item(s, facts_of(&batch->known, list[r])->model_item);
    if (item < 0)
      continue;
    const real *y = m->factors + (off)item * factors;
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

void user_values_of_facts(batch *batch, const measurement *m, lid u, double *sum) {
  const evaluate_settings *in = m->in;
  const csr *test = in->test;
  off first = test->ptr[batch->user[u]], end = test->ptr[batch->user[u] + 1];
  double *out = batch->values + (off)u * m->at.columns;
  for (int w = 0; w < FACTS_LISTS; w++) {
    lid length;
    const lid *top = batch_top(batch, m, u, w, &length);
    out[m->at.novelty[w]] = novelty(batch, m, top, length);
    out[m->at.variety[w]] = variety(batch, m, top, length, sum);
  }
  double *popular_errors = out + m->at.popular + m->at.cells, *random_errors = out + m->at.random + m->at.cells;
  popular_errors[0] = popular_errors[1] = random_errors[0] = random_errors[1] = 0;
  for (off e = first; in->explicit_loss && e < end; e++) {
    add_error(in, facts_of(&batch->known, test->col[e])->mean, test->val[e], popular_errors);
    add_error(in, m->pop.overall, test->val[e], random_errors);
  }
}
