#include "eval/measure/batch.h"

#include "io/base/mem.h"

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

static status reserve_guesses(batch *k, off n) {
  status st = OK;
  if (n <= k->guess_room)
    return OK;
  mem_free(k->guess);
  mem_free(k->test_item);
  k->guess = NULL;
  k->test_item = NULL;
  k->guess_room = 0;
  TRY(MEM_ALLOC(k->guess, n, "predicted ratings"));
  TRY(MEM_ALLOC(k->test_item, n, "test items"));
  k->guess_room = n;
done:
  return st;
}

status batch_fill(batch *k, const bench *b, const lid *user, lid n) {
  const evaluate_settings *in = b->in;
  k->n = n;
  k->user = user;
  k->most_tests = 0;
  k->test_at[0] = 0;
  for (lid u = 0; u < n; u++) {
    off tests = in->test->ptr[user[u] + 1] - in->test->ptr[user[u]];
    k->id[u] = in->first_user + user[u];
    k->from[u] = in->train->ptr[user[u]];
    k->to[u] = in->train->ptr[user[u] + 1];
    k->test_at[u + 1] = k->test_at[u] + tests;
    k->most_tests = tests > k->most_tests ? tests : k->most_tests;
  }
  return in->explicit_loss ? reserve_guesses(k, k->test_at[n]) : OK;
}
