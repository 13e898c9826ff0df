#include "eval/measure/batch_measure.h"

#include "eval/measure/batch_lists.h"
#include "eval/measure/slices.h"
#include "eval/measure/user_values.h"
#include "io/base/mem.h"

/* The columns that follow from the lists of a model alone; with the first model also the baselines'. Local. */
static status read_lists(batch *batch, measurement *m, int model) {
  int longest = metrics_longest(&m->plan);
  bool failed = false;
#pragma omp parallel reduction(|| : failed)
  {
    lid *list = NULL;
    failed = MEM_ALLOC(list, longest, "list of a user") != OK;
#pragma omp for schedule(dynamic, 64)
    for (lid u = 0; u < batch->n; u++) {
      if (failed)
        continue;
      lid length = topk_count(batch->lists, u);
      for (lid r = 0; r < length; r++)
        list[r] = topk_item(batch->lists, u, r);
      user_values_of_model(batch, m, model, u, list, length);
      if (model == 0)
        user_values_of_baselines(batch, m, u, list);
    }
    mem_free(list);
  }
  return failed ? status_fail(NO_MEMORY, "no memory for the lists of users") : OK;
}

/* Collective if the items of any model moved, with agreed status; else local. */
static status measure_lists(comm *c, batch *batch, measurement *m, const lid *user, lid n) {
  bool together = false;
  for (int i = 0; i < m->in->n_models; i++)
    together = together || scorer_renumbered(m->in->model[i]);
  status st = batch_fill(batch, m, user, n);
  for (int i = m->in->n_models - 1; i >= 0; i--) { /* the first model last: slices use its ratings */
    if (together)
      st = comm_agree(c, st);
    THEN(batch_lists_make(c, batch, m, i));
    THEN(read_lists(batch, m, i));
  }
  return together ? comm_agree(c, st) : st;
}

/* Notes the items of the lists, and the test items. Local. */
static status note_items(batch *batch, const measurement *m) {
  status st = OK;
  const csr *test = m->in->test;
  TRY(facts_reserve(&batch->known, (off)batch->n * FACTS_LISTS * m->in->at[0] + batch->test_at[batch->n]));
  for (lid u = 0; u < batch->n; u++) {
    for (int w = 0; w < FACTS_LISTS; w++) {
      lid length;
      const lid *top = batch_top(batch, m, u, w, &length);
      for (lid r = 0; r < length; r++)
        item_facts_note(&batch->known, top[r], w);
    }
    for (off e = test->ptr[batch->user[u]]; e < test->ptr[batch->user[u] + 1]; e++)
      item_facts_note(&batch->known, test->col[e], -1);
  }
done:
  return st;
}

static status read_facts(batch *batch, const measurement *m) {
  int factors = model_factors(scorer_model(m->in->model[0]));
  bool failed = false;
#pragma omp parallel reduction(|| : failed)
  {
    double *sum = NULL;
    failed = MEM_ALLOC(sum, factors, "list of a user") != OK;
#pragma omp for schedule(dynamic, 64)
    for (lid u = 0; u < batch->n; u++)
      if (!failed)
        user_values_of_facts(batch, m, u, sum);
    mem_free(sum);
  }
  return failed ? status_fail(NO_MEMORY, "no memory for the lists of users") : OK;
}

static status add_to_tallies(batch *batch, measurement *m) {
  status st = OK;
  TRY(read_facts(batch, m));
  TRY(tally_add(m->all, batch->n, batch->id, batch->values));
  TRY(slices_add(batch, m));
done:
  return st;
}

status batch_measure(comm *c, batch *batch, measurement *m, const lid *user, lid n) {
  const lid *model_item = scorer_renumbered(m->in->model[0]) ? m->in->map[0]->to_model.row : NULL;
  status st = measure_lists(c, batch, m, user, n);
  THEN(note_items(batch, m));
  TRY(comm_agree(c, st));
  TRY(facts_ask(c, &batch->known, &m->pop, model_item, m->shown));
  TRY(comm_agree(c, add_to_tallies(batch, m)));
done:
  return st;
}
