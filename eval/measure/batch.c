#include "eval/measure/batch.h"

#include "io/base/mem.h"

status batch_create(const measurement *m, lid max_users, batch **out) {
  status st = OK;
  batch *batch = NULL;
  int width = 0;
  *out = NULL;
  for (int i = 0; i < m->in->n_models; i++)
    if (scorer_width(m->in->model[i]) > width)
      width = scorer_width(m->in->model[i]);
  TRY(MEM_ZALLOC(batch, 1, "batch of users"));
  batch->max_users = max_users;
  TRY(topk_create(metrics_longest(&m->plan), max_users, &batch->lists));
  TRY(MEM_ALLOC(batch->row, max_users, "batch of users"));
  TRY(MEM_ALLOC(batch->id, max_users, "batch of users"));
  TRY(MEM_ALLOC(batch->from, max_users, "batch of users"));
  TRY(MEM_ALLOC(batch->to, max_users, "batch of users"));
  TRY(MEM_ALLOC(batch->test_at, (off)max_users + 1, "batch of users"));
  TRY(MEM_ALLOC(batch->x, (off)max_users * width, "batch of users"));
  TRY(MEM_ALLOC(batch->constant, max_users, "batch of users"));
  TRY(MEM_ALLOC(batch->values, (off)max_users * m->at.columns, "metrics of users"));
  TRY(MEM_ALLOC(batch->slice_row, (off)max_users * SLICE_COLUMNS, "metrics of users"));
  TRY(MEM_ALLOC(batch->chosen_id, max_users, "batch of users"));
  TRY(MEM_ALLOC(batch->top, (off)max_users * FACTS_LISTS * m->in->at[0], "lists of users"));
done:
  if (st != OK) {
    batch_free(batch);
    batch = NULL;
  }
  *out = batch;
  return st;
}

void batch_free(batch *batch) {
  if (batch == NULL)
    return;
  topk_free(batch->lists);
  mem_free(batch->row);
  mem_free(batch->id);
  mem_free(batch->from);
  mem_free(batch->to);
  mem_free(batch->test_at);
  mem_free(batch->x);
  mem_free(batch->constant);
  mem_free(batch->values);
  mem_free(batch->slice_row);
  mem_free(batch->chosen_id);
  mem_free(batch->guess);
  mem_free(batch->test_item);
  mem_free(batch->top);
  facts_free(&batch->known);
  mem_free(batch);
}

static status reserve_guesses(batch *batch, off n) {
  status st = OK;
  if (n <= batch->guess_room)
    return OK;
  mem_free(batch->guess);
  mem_free(batch->test_item);
  batch->guess = NULL;
  batch->test_item = NULL;
  batch->guess_room = 0;
  TRY(MEM_ALLOC(batch->guess, n, "predicted ratings"));
  TRY(MEM_ALLOC(batch->test_item, n, "test items"));
  batch->guess_room = n;
done:
  return st;
}

status batch_fill(batch *batch, const measurement *m, const lid *user, lid n) {
  const evaluate_settings *in = m->in;
  batch->n = n;
  batch->user = user;
  batch->most_tests = 0;
  batch->test_at[0] = 0;
  for (lid u = 0; u < n; u++) {
    off tests = in->test->ptr[user[u] + 1] - in->test->ptr[user[u]];
    batch->id[u] = in->first_user + user[u];
    batch->from[u] = in->train->ptr[user[u]];
    batch->to[u] = in->train->ptr[user[u] + 1];
    batch->test_at[u + 1] = batch->test_at[u] + tests;
    batch->most_tests = tests > batch->most_tests ? tests : batch->most_tests;
  }
  return in->explicit_loss ? reserve_guesses(batch, batch->test_at[n]) : OK;
}
