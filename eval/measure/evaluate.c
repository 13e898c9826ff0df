#include "eval/measure/evaluate.h"

#include "eval/measure/batch_measure.h"
#include "eval/measure/checkpoints.h"
#include "eval/measure/columns.h"
#include "eval/measure/figures.h"
#include "io/base/log.h"
#include "io/base/mem.h"

#include <string.h>

static const int64_t DEFAULT_MEMORY = (int64_t)1 << 30;
enum { BATCH_MOST = 1 << 14 };

/* Counts users and test pairs of all ranks. Collective; agreed status. BAD_DATA if no user has a test item. */
static status count_users(comm *c, const csr *test, evaluation *out) {
  int64_t counts[3] = {0, 0, 0}; /* users with a test item, without, test pairs */
  for (lid u = 0; u < test->n_rows; u++) {
    off n = test->ptr[u + 1] - test->ptr[u];
    counts[n > 0 ? 0 : 1]++;
    counts[2] += n;
  }
  comm_sum_i64(c, counts, 3);
  out->users = counts[0];
  out->users_without_test = counts[1];
  out->test_pairs = counts[2];
  return out->users > 0 ? OK : status_fail(BAD_DATA, "no user has a held-out pair, so there is nothing to measure on");
}

/* Returns true if our user has a test item and no earlier run measured them. */
static bool to_measure(const measurement *m, lid u) {
  return m->in->test->ptr[u + 1] > m->in->test->ptr[u] && !done_rows_has(&m->done, m->in->first_user + u);
}

/* Users of a batch, so that it fits in the memory for it. */
static lid batch_size(const measurement *m) {
  const evaluate_settings *in = m->in;
  int64_t each = topk_user_bytes(metrics_longest(&m->plan)) + (int64_t)m->at.columns * 8 +
                 (int64_t)scorer_width(in->model[0]) * 4 + (int64_t)FACTS_LISTS * in->at[0] * 100 + 256;
  int64_t fit = (in->memory > 0 ? in->memory : DEFAULT_MEMORY) / 4 / each;
  return fit < 64 ? 64 : fit > BATCH_MOST ? BATCH_MOST : (lid)fit;
}

/* Measures our users in batches of bounded memory. All ranks make the same number of batches. Collective; agreed
 * status. */
static status measure_users(comm *c, measurement *m) {
  status st = OK;
  lid our_users = m->in->test->n_rows, most = batch_size(m), at = 0;
  batch *batch = NULL;
  lid *user = NULL;
  progress bar;
  int64_t rounds = 0;
  for (lid u = 0; u < our_users; u++)
    rounds += to_measure(m, u);
  rounds = (rounds + most - 1) / most;
  comm_max_i64(c, &rounds, 1);
  THEN(MEM_ALLOC(user, most, "batch of users"));
  THEN(batch_create(m, most, &batch));
  TRY(comm_agree(c, st));
  progress_begin(&bar, "measuring", our_users);
  for (int64_t round = 0; round < rounds; round++) {
    lid n = 0;
    double start = seconds_now();
    for (; at < our_users && n < most; at++)
      if (to_measure(m, at))
        user[n++] = at;
    TRY(batch_measure(c, batch, m, user, n));
    progress_step(&bar, at, "%lld users", (long long)at);
    if (round + 1 < rounds)
      TRY(evaluate_edge(c, m, at, seconds_now() - start));
  }
  progress_end(&bar);
done:
  batch_free(batch);
  mem_free(user);
  return st;
}

status evaluate(comm *c, const evaluate_settings *in, evaluation *out) {
  status st = OK;
  measurement b = {0};
  csr likes = {0};
  evaluate_settings input = *in;
  *out = (evaluation){
      .explicit_loss = in->explicit_loss, .n_at = in->n_at, .n_models = in->n_models, .n_items = in->n_items};
  memcpy(out->at, in->at, sizeof out->at);
  if (!in->explicit_loss) {
    TRY(comm_agree(c, csr_copy_likes(in->test, &likes))); /* a held-out dislike is not a test item */
    input.test = &likes;
  }
  TRY(count_users(c, input.test, out));
  double start = seconds_now();
  TRY(measurement_create(c, &input, out->users, &b));
  TRY(evaluate_recall(c, &b));
  TRY(measure_users(c, &b));
  log_debug("measured %lld users in %.2f s", (long long)out->users, seconds_now() - start);
  TRY(figures_read(c, &b, out));
done:
  measurement_free(&b);
  csr_free(&likes);
  return st;
}
