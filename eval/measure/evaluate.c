#include "eval/measure/evaluate.h"

#include "eval/measure/evaluate_parts.h"
#include "io/base/log.h"
#include "io/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DEFAULT_MEMORY = (int64_t)1 << 30;
enum { BATCH_MOST = 1 << 14, LEAST_SLICE = 1 << 8, MOST_SLICE = 1 << 20 };

/* --- before --- */

static layout layout_of(const evaluate_input *in) {
  layout l = {.cells = in->n_at * METRICS};
  int width = l.cells + 2, next = 0;
  for (int m = 0; m < in->n_models; m++, next += width)
    l.model[m] = next;
  l.pairs = next++;
  l.resampled = next;
  l.popular = next;
  l.random = next + width;
  next += 2 * width;
  for (int w = 0; w < 2; w++) {
    l.novelty[w] = next++;
    l.variety[w] = next++;
  }
  l.columns = next;
  return l;
}

/* The largest errors a prediction within the scale can make, and the most test pairs of a user, over all ranks. */
static void find_bounds(comm *c, const evaluate_input *in, double *error, double *pairs) {
  double most[2] = {0, 1};
  for (lid u = 0; u < in->test->n_rows; u++)
    most[1] = fmax(most[1], (double)(in->test->ptr[u + 1] - in->test->ptr[u]));
  for (off e = 0; in->explicit_loss && e < csr_nnz(in->test); e++)
    most[0] = fmax(most[0], fmax(fabs(in->test->val[e] - in->low), fabs(in->test->val[e] - in->high)));
  comm_max_f64(c, most, 2);
  *error = most[0] > 0 ? most[0] : 1;
  *pairs = most[1];
}

static status make_tallies(bench *b, double error, double pairs, double log_users, int64_t users) {
  status st = OK;
  double *bound = NULL, slice_bound[SLICE_COLUMNS];
  TRY(MEM_ALLOC(bound, b->at.columns, "bounds"));
  for (int i = 0; i < b->at.columns; i++)
    bound[i] = 1;
  const int contestants[] = {b->at.model[0], b->at.model[b->in->n_models - 1], b->at.popular, b->at.random};
  for (int i = 0; i < 4; i++) {
    bound[contestants[i] + b->at.cells] = error * error * pairs;
    bound[contestants[i] + b->at.cells + 1] = error * pairs;
  }
  bound[b->at.pairs] = pairs;
  for (int w = 0; w < 2; w++) {
    bound[b->at.novelty[w]] = log_users;
    bound[b->at.variety[w]] = 2;
  }
  TRY(tally_create(b->in->seed, b->at.columns, b->at.resampled, bound, users, &b->all));
  for (int i = 0; i < SLICE_COLUMNS; i++)
    slice_bound[i] = 1;
  slice_bound[SLICE_ERRORS] = error * error * pairs;
  slice_bound[SLICE_PAIRS] = pairs;
  for (int s = 0; s < SLICE_KINDS; s++)
    TRY(tally_create(b->in->seed, SLICE_COLUMNS, 0, slice_bound, users, &b->slices[s]));
done:
  mem_free(bound);
  return st;
}

/* What everyone likes, as far down as the list of the busiest user with a test item may reach. */
static status make_popular(comm *c, const evaluate_input *in, int longest, popular *out) {
  int64_t seen = 0, slice = in->memory / 64;
  for (lid u = 0; u < in->test->n_rows; u++)
    if (in->test->ptr[u + 1] > in->test->ptr[u] && in->train->ptr[u + 1] - in->train->ptr[u] > seen)
      seen = in->train->ptr[u + 1] - in->train->ptr[u];
  comm_max_i64(c, &seen, 1);
  popular_wish wish = {.n_items = in->n_items,
                       .skip = in->fold_user,
                       .means = in->explicit_loss,
                       .likes = !in->explicit_loss,
                       .head = seen + longest,
                       .slice = in->memory == 0       ? 0
                                : slice < LEAST_SLICE ? LEAST_SLICE
                                : slice > MOST_SLICE  ? MOST_SLICE
                                                      : slice};
  return popular_make(c, in->train, &wish, out);
}

static status make_bench(comm *c, const evaluate_input *in, int64_t users, bench *b) {
  status st = OK;
  double error, pairs;
  *b = (bench){.in = in, .at = layout_of(in)};
  find_bounds(c, in, &error, &pairs);
  st = metrics_plan_create(in->n_at, in->at, &b->plan);
  if (st == OK)
    st = metrics_plan_create(1, in->at, &b->first);
  TRY(comm_agree(c, st));
  TRY(make_popular(c, in, metrics_longest(&b->plan), &b->pop));
  for (int w = 0; st == OK && w < FACTS_LISTS; w++)
    st = MEM_ZALLOC(b->shown[w], part_count(&b->pop.owners, c->rank), "exposure");
  if (st == OK)
    st = make_tallies(b, error, pairs, log2((double)in->n_users + 1) + 1, users);
  if (st == OK)
    st = model_map_factors(scorer_model(in->model[0]), ITEMS, &b->factors);
  TRY(comm_agree(c, st));
done:
  return st;
}

static void free_bench(bench *b) {
  metrics_plan_free(&b->plan);
  metrics_plan_free(&b->first);
  popular_free(&b->pop);
  for (int w = 0; w < FACTS_LISTS; w++)
    mem_free(b->shown[w]);
  tally_free(b->all);
  for (int s = 0; s < SLICE_KINDS; s++)
    tally_free(b->slices[s]);
  done_rows_free(&b->done);
}

/* --- after --- */

typedef double replicate(const tally *t, const layout *l, int model, int column, int b);

static double mean_of(const tally *t, int column) {
  return tally_sum(t, column) / (double)tally_users(t);
}

/* Replicate b of a ranking metric's mean, or of an error's root or mean. */
static double mean_again(const tally *t, const layout *l, int model, int column, int b) {
  double users = tally_replicate_users(t, b);
  return users > 0 ? tally_replicate_sum(t, l->model[model] + column, b) / users : 0;
}
static double error_again(const tally *t, const layout *l, int model, int column, int b) {
  double pairs = tally_replicate_sum(t, l->pairs, b);
  double mean = pairs > 0 ? tally_replicate_sum(t, l->model[model] + column, b) / pairs : 0;
  return column == l->cells ? sqrt(mean) : mean;
}

/* The interval of model 0's figure, or where other >= 0 of the difference. */
static void interval(const bench *b, replicate *again, int model, int other, int column, figure *f) {
  double values[TALLY_REPLICATES];
  for (int r = 0; r < TALLY_REPLICATES; r++) {
    values[r] = again(b->all, &b->at, model, column, r);
    if (other >= 0)
      values[r] -= again(b->all, &b->at, other, column, r);
  }
  tally_interval(values, &f->low, &f->high);
}

static void read_scores(const bench *b, int base, scores *out) {
  *out = (scores){0};
  for (int a = 0; a < b->in->n_at; a++)
    for (int m = 0; m < METRICS; m++)
      out->at[a][m].value = mean_of(b->all, base + a * METRICS + m);
  if (b->in->explicit_loss) {
    double pairs = tally_sum(b->all, b->at.pairs);
    out->rmse.value = sqrt(tally_sum(b->all, base + b->at.cells) / pairs);
    out->mae.value = tally_sum(b->all, base + b->at.cells + 1) / pairs;
  }
}

static void read_intervals(const bench *b, int model, int other, scores *out) {
  out->intervals = true;
  for (int a = 0; a < b->in->n_at; a++)
    for (int m = 0; m < METRICS; m++)
      interval(b, mean_again, model, other, a * METRICS + m, &out->at[a][m]);
  if (b->in->explicit_loss) {
    interval(b, error_again, model, other, b->at.cells, &out->rmse);
    interval(b, error_again, model, other, b->at.cells + 1, &out->mae);
  }
}

static void difference(const scores *a, const scores *b, int n_at, scores *out) {
  *out = (scores){0};
  out->rmse.value = a->rmse.value - b->rmse.value;
  out->mae.value = a->mae.value - b->mae.value;
  for (int i = 0; i < n_at; i++)
    for (int m = 0; m < METRICS; m++)
      out->at[i][m].value = a->at[i][m].value - b->at[i][m].value;
}

static int rise(const void *of_a, const void *of_b) {
  int64_t a = *(const int64_t *)of_a, b = *(const int64_t *)of_b;
  return (a > b) - (a < b);
}

/* How many items were shown so many times. */
typedef struct exposure {
  int64_t shown, items;
} exposure;

/* Sorts `shown` and counts equal ones. */
static off count_equal(int64_t *shown, gid n, exposure *out) {
  off kinds = 0;
  qsort(shown, (size_t)n, sizeof *shown, rise);
  for (gid i = 0; i < n; i++) {
    if (i == 0 || shown[i] != shown[i - 1]) {
      if (out != NULL)
        out[kinds] = (exposure){.shown = shown[i]};
      kinds++;
    }
    if (out != NULL)
      out[kinds - 1].items++;
  }
  return kinds;
}

/* Coverage and Gini coefficient of how often each item was shown; sorts `shown`, which has our n of all n_items. Few
 * numbers are distinct (with s lists in all, fewer than their square root), so every rank may have them all.
 * Collective; agreed status. */
static status read_exposure(comm *c, int64_t *shown, gid n, gid n_items, scores *out) {
  status st = OK;
  exposure *mine = NULL, *all = NULL;
  off *counts = NULL, kinds = count_equal(shown, n, NULL), total = 0;
  st = MEM_ALLOC(mine, kinds, "exposure");
  if (st == OK)
    st = MEM_ALLOC(counts, c->size, "exposure");
  TRY(comm_agree(c, st));
  count_equal(shown, n, mine);
  comm_gather_i64(c, kinds, counts);
  for (int r = 0; r < c->size; r++)
    total += counts[r];
  TRY(comm_agree(c, MEM_ALLOC(all, total, "exposure")));
  comm_share_rows(c, mine, all, counts, sizeof *all);
  qsort(all, (size_t)total, sizeof *all, rise); /* by the first member */
  double sum = 0, ranked = 0, covered = 0, items = (double)n_items, before = 0;
  for (off e = 0, end; e < total; e = end) {
    double times = (double)all[e].shown, alike = 0;
    for (end = e; end < total && all[end].shown == all[e].shown; end++)
      alike += (double)all[end].items;
    covered += times > 0 ? alike : 0;
    sum += times * alike;
    ranked += times * (alike * before + alike * (alike + 1) / 2); /* times the ranks before + 1 … before + alike */
    before += alike;
  }
  out->coverage = covered / items;
  out->gini = sum > 0 ? 2 * ranked / (items * sum) - (items + 1) / items : 0;
done:
  mem_free(mine);
  mem_free(all);
  mem_free(counts);
  return st;
}

static const char *const SLICE_NAMES[SLICE_KINDS] = {"members with no training pair",
                                                     "members with 1 to 9 training pairs",
                                                     "members with 10 to 99 training pairs",
                                                     "members with 100 to 999",
                                                     "members with 1000 or more",
                                                     "test items: best known third",
                                                     "test items: middle third of pairs",
                                                     "test items: least known third of pairs"};

int activity_of(off n) {
  return n == 0 ? 0 : n < 10 ? 1 : n < 100 ? 2 : n < 1000 ? 3 : 4;
}

static void read_slices(const bench *b, evaluation *out) {
  for (int s = 0; s < SLICE_KINDS; s++) {
    const tally *t = b->slices[s];
    if (tally_users(t) == 0)
      continue;
    slice *to = &out->slices[out->n_slices++];
    snprintf(to->name, sizeof to->name, "%s", SLICE_NAMES[s]);
    to->users = tally_users(t);
    for (int m = 0; m < METRICS; m++) {
      to->model[m] = mean_of(t, m);
      to->popular[m] = mean_of(t, METRICS + m);
    }
    to->rmse = b->in->explicit_loss ? sqrt(tally_sum(t, SLICE_ERRORS) / tally_sum(t, SLICE_PAIRS)) : 0;
  }
}

static void sum_over_ranks(comm *c, bench *b) {
  off n;
  int64_t *sums = tally_sums(b->all, &n);
  comm_sum_i64(c, sums, n);
  for (int s = 0; s < SLICE_KINDS; s++) {
    sums = tally_sums(b->slices[s], &n);
    comm_sum_i64(c, sums, n);
  }
  comm_sum_i64(c, &b->folded_in, 1);
}

static status read_evaluation(comm *c, bench *b, evaluation *out) {
  status st = OK;
  const evaluate_input *in = b->in;
  for (int m = 0; m < in->n_models; m++) {
    read_scores(b, b->at.model[m], &out->model[m]);
    read_intervals(b, m, -1, &out->model[m]);
  }
  read_scores(b, b->at.popular, &out->popular);
  read_scores(b, b->at.random, &out->random);
  if (in->n_models == 2) {
    difference(&out->model[0], &out->model[1], in->n_at, &out->difference);
    read_intervals(b, 0, 1, &out->difference);
  }
  scores *of[2] = {&out->model[0], &out->popular};
  for (int w = 0; w < 2; w++) {
    of[w]->novelty = mean_of(b->all, b->at.novelty[w]);
    of[w]->diversity = b->factors != NULL ? mean_of(b->all, b->at.variety[w]) : 0;
    TRY(read_exposure(c, b->shown[w], part_count(&b->pop.owners, c->rank), in->n_items, of[w]));
  }
  read_slices(b, out);
done:
  return st;
}

/* --- the loop --- */

/* Whether our user has a test item and was not measured by an earlier run. */
static bool to_measure(const bench *b, lid u) {
  return b->in->test->ptr[u + 1] > b->in->test->ptr[u] && !done_rows_has(&b->done, b->in->first_user + u);
}

/* Users with test items, in batches of bounded memory; all ranks come to the same number of batches. */
static status measure_users(comm *c, bench *b) {
  status st = OK;
  const evaluate_input *in = b->in;
  batch *k = NULL;
  lid *user = NULL, at = 0;
  progress bar;
  int64_t each = topk_user_bytes(metrics_longest(&b->plan)) + (int64_t)b->at.columns * 8 +
                 (int64_t)scorer_width(in->model[0]) * 4 + (int64_t)FACTS_LISTS * in->at[0] * 100 + 256;
  int64_t fit = (in->memory > 0 ? in->memory : DEFAULT_MEMORY) / 4 / each;
  lid most = fit < 64 ? 64 : fit > BATCH_MOST ? BATCH_MOST : (lid)fit;
  int64_t rounds = 0;
  for (lid u = 0; u < in->test->n_rows; u++)
    rounds += to_measure(b, u);
  rounds = (rounds + most - 1) / most;
  comm_max_i64(c, &rounds, 1);
  st = MEM_ALLOC(user, most, "batch of users");
  if (st == OK)
    st = batch_create(b, most, &k);
  TRY(comm_agree(c, st));
  progress_begin(&bar, "measuring", in->test->n_rows);
  for (int64_t round = 0; round < rounds; round++) {
    lid n = 0;
    double start = seconds_now();
    for (; at < in->test->n_rows && n < most; at++)
      if (to_measure(b, at))
        user[n++] = at;
    TRY(batch_measure(c, k, b, user, n));
    progress_step(&bar, at, "%lld users", (long long)at);
    if (round + 1 < rounds)
      TRY(evaluate_edge(c, b, at, seconds_now() - start));
  }
  progress_end(&bar);
done:
  batch_free(k);
  mem_free(user);
  return st;
}

status evaluate(comm *c, const evaluate_input *in, evaluation *out) {
  status st = OK;
  bench b = {0};
  csr likes = {0};
  evaluate_input input = *in;
  int64_t counts[3] = {0, 0, 0}; /* users with a test item, without, test pairs */
  *out = (evaluation){.explicit_loss = in->explicit_loss, .n_at = in->n_at, .n_models = in->n_models};
  memcpy(out->at, in->at, sizeof out->at);
  if (!in->explicit_loss) {
    TRY(comm_agree(c, csr_copy_likes(in->test, &likes))); /* a held-out dislike is nothing to be found */
    input.test = &likes;
  }
  for (lid u = 0; u < input.test->n_rows; u++) {
    off n = input.test->ptr[u + 1] - input.test->ptr[u];
    counts[n > 0 ? 0 : 1]++;
    counts[2] += n;
  }
  comm_sum_i64(c, counts, 3);
  out->users = counts[0];
  out->users_without_test = counts[1];
  out->test_pairs = counts[2];
  if (out->users == 0) {
    st = status_fail(BAD_DATA, "no user has a held-out pair, so there is nothing to measure on");
    goto done;
  }
  double start = seconds_now();
  TRY(make_bench(c, &input, out->users, &b));
  TRY(evaluate_recall(c, &b));
  TRY(measure_users(c, &b));
  log_debug("measured %lld users in %.2f s", (long long)out->users, seconds_now() - start);
  sum_over_ranks(c, &b);
  out->folded_in = b.folded_in;
  TRY(read_evaluation(c, &b, out));
done:
  free_bench(&b);
  csr_free(&likes);
  return st;
}
