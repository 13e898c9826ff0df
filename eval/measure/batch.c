#include "eval/measure/evaluate_parts.h"

#include "io/base/mem.h"
#include "train/rows/row_sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

status batch_create(const bench *b, lid max_users, batch **out) {
  status st = OK;
  batch *k = NULL;
  int width = 0;
  *out = NULL;
  for (int m = 0; m < b->in->n_models; m++)
    if (scorer_width(b->in->model[m]) > width)
      width = scorer_width(b->in->model[m]);
  TRY(MEM_ZALLOC(k, 1, "batch of users"));
  k->max_users = max_users;
  TRY(topk_create(metrics_longest(&b->plan), max_users, &k->lists));
  TRY(MEM_ALLOC(k->row, max_users, "batch of users"));
  TRY(MEM_ALLOC(k->id, max_users, "batch of users"));
  TRY(MEM_ALLOC(k->from, max_users, "batch of users"));
  TRY(MEM_ALLOC(k->to, max_users, "batch of users"));
  TRY(MEM_ALLOC(k->test_at, (off)max_users + 1, "batch of users"));
  TRY(MEM_ALLOC(k->x, (off)max_users * width, "batch of users"));
  TRY(MEM_ALLOC(k->constant, max_users, "batch of users"));
  TRY(MEM_ALLOC(k->values, (off)max_users * b->at.columns, "metrics of users"));
  TRY(MEM_ALLOC(k->slice_row, (off)max_users * SLICE_COLUMNS, "metrics of users"));
  TRY(MEM_ALLOC(k->chosen_id, max_users, "batch of users"));
  TRY(MEM_ALLOC(k->top, (off)max_users * FACTS_LISTS * b->in->at[0], "lists of users"));
done:
  if (st != OK) {
    batch_free(k);
    k = NULL;
  }
  *out = k;
  return st;
}

void batch_free(batch *k) {
  if (k == NULL)
    return;
  topk_free(k->lists);
  mem_free(k->row);
  mem_free(k->id);
  mem_free(k->from);
  mem_free(k->to);
  mem_free(k->test_at);
  mem_free(k->x);
  mem_free(k->constant);
  mem_free(k->values);
  mem_free(k->slice_row);
  mem_free(k->chosen_id);
  mem_free(k->guess);
  mem_free(k->test_item);
  mem_free(k->top);
  facts_free(&k->known);
  mem_free(k);
}

/* --- lists and predictions --- */

static double predict(const real *x, const real *y, int width) {
  double sum = 0;
  for (int p = 0; p < width; p++)
    sum += (double)x[p] * y[p];
  return sum;
}

/* Ratings of the test items that stand in this block. */
static void predict_block(batch *k, const scorer *s, const scorer_block *block, lid n) {
  int width = scorer_width(s);
#pragma omp parallel for schedule(dynamic, 64)
  for (lid u = 0; u < n; u++)
    for (off e = k->test_at[u]; e < k->test_at[u + 1]; e++) {
      lid item = k->test_item[e];
      if (item >= block->first && item < block->first + block->n)
        k->guess[e] =
            k->constant[u] + predict(k->x + (off)u * width, block->y + (off)(item - block->first) * width, width);
    }
}

static status offer_block(batch *k, const bench *b, scorer *s, int i, lid n) {
  status st = OK;
  scorer_block block;
  TRY(scorer_get(s, i, &block));
  TRY(topk_scan(k->lists, block.items, k->x, scorer_width(s), k->from, k->to, b->in->train->col));
  if (b->in->explicit_loss)
    predict_block(k, s, &block, n);
done:
  return st;
}

/* The model's rows of the batch's test items, and what is predicted of an item that it does not know. Collective where
 * scorer_moved. */
static status find_tests(comm *c, batch *k, const bench *b, const scorer *s, const lid *user, lid n) {
  const csr *test = b->in->test;
  for (lid u = 0; u < n; u++)
    for (off e = k->test_at[u]; e < k->test_at[u + 1]; e++) {
      k->guess[e] = k->constant[u];
      k->test_item[e] = test->col[test->ptr[user[u]] + e - k->test_at[u]];
    }
  return scorer_items(c, s, k->test_item, k->test_at[n], k->test_item);
}

/* Collective where scorer_moved: then all ranks go through the blocks in step, those without users too. */
static status make_lists(comm *c, batch *k, bench *b, int model, const lid *user, lid n) {
  scorer *s = b->in->model[model];
  status st = batch_load_users(c, k, b, model, user, n);
  st = batch_agree(c, s, st);
  if (st == OK && b->in->explicit_loss)
    st = find_tests(c, k, b, s, user, n);
  if (st != OK)
    return st;
  topk_begin(k->lists, n);
  for (int i = 0; i < scorer_blocks(s); i++) {
    status brought = scorer_bring(c, s, i);
    if (brought != OK)
      return brought;
    if (st == OK && n > 0)
      st = offer_block(k, b, s, i, n);
  }
  topk_finish(k->lists);
  return batch_agree(c, s, st);
}

/* --- one user's values --- */

static double clip(const evaluate_input *in, double guess) {
  return fmin(fmax(guess, in->low), in->high);
}

static void put_errors(const evaluate_input *in, const real *value, const double *guess, off n, double *out) {
  out[0] = out[1] = 0;
  for (off e = 0; e < n; e++) {
    double error = clip(in, guess[e]) - value[e];
    out[0] += error * error;
    out[1] += fabs(error);
  }
}

static double novelty(const batch *k, const bench *b, const lid *list, lid n) {
  double sum = 0, users = (double)b->in->n_users + 1;
  for (lid r = 0; r < n; r++)
    sum -= log2(((double)facts_of(&k->known, list[r])->count + 1) / users);
  return n > 0 ? sum / n : 0;
}

/* Mean of 1 - cosine over the pairs of a list, from the length of the sum of its unit vectors; `sum` has room for one
 * vector. */
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
    double square = predict(y, y, factors), scale = square > 0 ? 1 / sqrt(square) : 0;
    units += square > 0;
    for (int p = 0; p < factors; p++)
      sum[p] += scale * (double)y[p];
  }
  for (int p = 0; p < factors; p++)
    length += sum[p] * sum[p];
  return fmin(fmax(1 - (length - units) / pairs, 0), 2);
}

static void keep_top(lid *top, const lid *list, lid length, int shown) {
  for (lid r = 0; r < shown; r++)
    top[r] = r < length ? list[r] : -1;
}

/* A model's columns, and where it is the first its list. */
static void put_model(batch *k, const bench *b, int model, lid u, const lid *list, lid length, lid own) {
  const csr *test = b->in->test;
  off first = test->ptr[own], n_test = test->ptr[own + 1] - first;
  double *out = k->values + (off)u * b->at.columns;
  int base = b->at.model[model], shown = b->in->at[0];
  metrics_of_list(&b->plan, list, length, test->col + first, n_test, out + base);
  out[base + b->at.cells] = out[base + b->at.cells + 1] = 0;
  if (b->in->explicit_loss)
    put_errors(b->in, test->val + first, k->guess + k->test_at[u], n_test, out + base + b->at.cells);
  if (model == 0)
    keep_top(k->top + (off)u * FACTS_LISTS * shown, list, length, shown);
}

/* The columns of the baselines that take no facts, and most popular's list; list has room for the longest list. */
static void put_baselines(batch *k, const bench *b, lid u, lid own, lid *list) {
  const evaluate_input *in = b->in;
  const csr *test = in->test, *train = in->train;
  off first = test->ptr[own], n_test = test->ptr[own + 1] - first, n_seen = k->to[u] - k->from[u];
  double *out = k->values + (off)u * b->at.columns;
  int shown = in->at[0];
  lid length = popular_list(&b->pop, train->col + k->from[u], n_seen, metrics_longest(&b->plan), list);
  out[b->at.pairs] = (double)n_test;
  metrics_of_list(&b->plan, list, length, test->col + first, n_test, out + b->at.popular);
  metrics_of_random(&b->plan, in->n_items - n_seen, n_test, out + b->at.random);
  keep_top(k->top + ((off)u * FACTS_LISTS + 1) * shown, list, length, shown);
}

static lid length_of(const lid *top, int shown) {
  lid n = 0;
  while (n < shown && top[n] >= 0)
    n++;
  return n;
}

/* The columns that take facts: how well known the lists' items are and how unlike, and the baselines' errors. `sum` has
 * room for one vector. */
static void put_facts(batch *k, const bench *b, lid u, lid own, double *sum) {
  const evaluate_input *in = b->in;
  const csr *test = in->test;
  off first = test->ptr[own], n_test = test->ptr[own + 1] - first;
  double *out = k->values + (off)u * b->at.columns;
  for (int w = 0; w < FACTS_LISTS; w++) {
    const lid *top = k->top + ((off)u * FACTS_LISTS + w) * in->at[0];
    out[b->at.novelty[w]] = novelty(k, b, top, length_of(top, in->at[0]));
    out[b->at.variety[w]] = variety(k, b, top, length_of(top, in->at[0]), sum);
  }
  double *popular_errors = out + b->at.popular + b->at.cells, *random_errors = out + b->at.random + b->at.cells;
  popular_errors[0] = popular_errors[1] = random_errors[0] = random_errors[1] = 0;
  for (off e = first; in->explicit_loss && e < first + n_test; e++) {
    double a = clip(in, facts_of(&k->known, test->col[e])->mean) - test->val[e],
           c = clip(in, b->pop.overall) - test->val[e];
    popular_errors[0] += a * a;
    popular_errors[1] += fabs(a);
    random_errors[0] += c * c;
    random_errors[1] += fabs(c);
  }
}

/* --- slices --- */

/* Test items of one shelf only; list has room for the user's test pairs. False where the user has none. */
static bool shelf_row(batch *k, const bench *b, int shelf, lid u, lid own, lid *some, double *out) {
  const csr *test = b->in->test;
  int shown = b->in->at[0];
  off first = test->ptr[own], n = 0;
  out[SLICE_ERRORS] = 0;
  for (off e = first; e < test->ptr[own + 1]; e++)
    if (facts_of(&k->known, test->col[e])->shelf == shelf) {
      some[n++] = test->col[e];
      if (b->in->explicit_loss) {
        double error = clip(b->in, k->guess[k->test_at[u] + e - first]) - test->val[e];
        out[SLICE_ERRORS] += error * error;
      }
    }
  if (n == 0)
    return false;
  const lid *top = k->top + (off)u * FACTS_LISTS * shown;
  metrics_of_list(&b->first, top, length_of(top, shown), some, n, out);
  metrics_of_list(&b->first, top + shown, length_of(top + shown, shown), some, n, out + METRICS);
  out[SLICE_PAIRS] = (double)n;
  return true;
}

static bool activity_row(batch *k, const bench *b, int activity, lid u, double *out) {
  off trained = 0;
  for (off e = k->from[u]; e < k->to[u]; e++)
    trained += b->in->explicit_loss || b->in->train->val[e] != 0;
  if (activity_of(trained) != activity)
    return false;
  const double *values = k->values + (off)u * b->at.columns;
  memcpy(out, values + b->at.model[0], METRICS * sizeof *out);
  memcpy(out + METRICS, values + b->at.popular, METRICS * sizeof *out);
  out[SLICE_ERRORS] = values[b->at.model[0] + b->at.cells];
  out[SLICE_PAIRS] = values[b->at.pairs];
  return true;
}

/* `guess` must still hold the first model's ratings. */
static status tally_slices(batch *k, bench *b, const lid *user, lid n, off most_tests) {
  status st = OK;
  lid *some = NULL;
  TRY(MEM_ALLOC(some, most_tests, "test items"));
  for (int s = 0; s < SLICE_KINDS; s++) {
    lid rows = 0;
    for (lid u = 0; u < n; u++) {
      double *out = k->slice_row + (off)rows * SLICE_COLUMNS;
      if (s < ACTIVITIES ? activity_row(k, b, s, u, out) : shelf_row(k, b, s - ACTIVITIES, u, user[u], some, out))
        k->chosen_id[rows++] = k->id[u];
    }
    TRY(tally_add(b->slices[s], rows, k->chosen_id, k->slice_row));
  }
done:
  mem_free(some);
  return st;
}

/* --- a batch --- */

static status place_users(batch *k, const bench *b, const lid *user, lid n, off *most_tests) {
  const evaluate_input *in = b->in;
  gid first = in->first_user;
  *most_tests = 0;
  k->test_at[0] = 0;
  for (lid u = 0; u < n; u++) {
    off tests = in->test->ptr[user[u] + 1] - in->test->ptr[user[u]];
    k->id[u] = first + user[u];
    k->from[u] = in->train->ptr[user[u]];
    k->to[u] = in->train->ptr[user[u] + 1];
    k->test_at[u + 1] = k->test_at[u] + tests;
    *most_tests = tests > *most_tests ? tests : *most_tests;
  }
  if (!in->explicit_loss || k->test_at[n] <= k->guess_room)
    return OK;
  mem_free(k->guess);
  mem_free(k->test_item);
  k->guess = NULL;
  k->test_item = NULL;
  k->guess_room = 0;
  status st = MEM_ALLOC(k->guess, k->test_at[n], "predicted ratings");
  if (st == OK)
    st = MEM_ALLOC(k->test_item, k->test_at[n], "test items");
  if (st == OK)
    k->guess_room = k->test_at[n];
  return st;
}

static status read_lists(batch *k, bench *b, int model, const lid *user, lid n) {
  int longest = metrics_longest(&b->plan);
  bool failed = false;
#pragma omp parallel reduction(|| : failed)
  {
    lid *list = NULL;
    failed = MEM_ALLOC(list, longest, "list of a user") != OK;
#pragma omp for schedule(dynamic, 64)
    for (lid u = 0; u < n; u++) {
      if (failed)
        continue;
      lid length = topk_count(k->lists, u);
      for (lid r = 0; r < length; r++)
        list[r] = topk_item(k->lists, u, r);
      put_model(k, b, model, u, list, length, user[u]);
      if (model == 0)
        put_baselines(k, b, u, user[u], list);
    }
    mem_free(list);
  }
  return failed ? status_fail(NO_MEMORY, "no memory for the lists of users") : OK;
}

/* All lists, and what can be said of them without facts. Collective where the items of a model moved; then the status
 * is agreed. */
static status measure_lists(comm *c, batch *k, bench *b, const lid *user, lid n, off *most_tests) {
  bool together = false;
  for (int m = 0; m < b->in->n_models; m++)
    together = together || scorer_moved(b->in->model[m]);
  status st = place_users(k, b, user, n, most_tests);
  for (int m = b->in->n_models - 1; m >= 0; m--) { /* the first model last: slices look at its ratings */
    if (together)
      st = comm_agree(c, st);
    if (st == OK)
      st = make_lists(c, k, b, m, user, n);
    if (st == OK)
      st = read_lists(k, b, m, user, n);
  }
  return together ? comm_agree(c, st) : st;
}

/* The items of the lists, and the test items. Local. */
static status meet_items(batch *k, const bench *b, const lid *user, lid n) {
  const csr *test = b->in->test;
  int shown = b->in->at[0];
  status st = facts_reserve(&k->known, (off)n * FACTS_LISTS * shown + k->test_at[n]);
  for (lid u = 0; st == OK && u < n; u++) {
    for (int w = 0; w < FACTS_LISTS; w++) {
      const lid *top = k->top + ((off)u * FACTS_LISTS + w) * shown;
      for (lid r = 0, length = length_of(top, shown); r < length; r++)
        facts_meet(&k->known, top[r], w);
    }
    for (off e = test->ptr[user[u]]; e < test->ptr[user[u] + 1]; e++)
      facts_meet(&k->known, test->col[e], -1);
  }
  return st;
}

static status put_all_facts(batch *k, const bench *b, const lid *user, lid n) {
  int factors = model_factors(scorer_model(b->in->model[0]));
  bool failed = false;
#pragma omp parallel reduction(|| : failed)
  {
    double *sum = NULL;
    failed = MEM_ALLOC(sum, factors, "list of a user") != OK;
#pragma omp for schedule(dynamic, 64)
    for (lid u = 0; u < n; u++)
      if (!failed)
        put_facts(k, b, u, user[u], sum);
    mem_free(sum);
  }
  return failed ? status_fail(NO_MEMORY, "no memory for the lists of users") : OK;
}

status batch_measure(comm *c, batch *k, bench *b, const lid *user, lid n) {
  off most_tests = 0;
  const scorer *s = b->in->model[0];
  status st = measure_lists(c, k, b, user, n, &most_tests);
  if (st == OK)
    st = meet_items(k, b, user, n);
  TRY(comm_agree(c, st));
  TRY(facts_ask(c, &k->known, &b->pop, scorer_moved(s) ? b->in->map[0]->to_model.row : NULL, b->shown));
  st = put_all_facts(k, b, user, n);
  if (st == OK)
    st = tally_add(b->all, n, k->id, k->values);
  if (st == OK)
    st = tally_slices(k, b, user, n, most_tests);
  TRY(comm_agree(c, st));
done:
  return st;
}
