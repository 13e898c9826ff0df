#include "eval/measure/batch_measure.h"

#include "eval/measure/batch_lists.h"
#include "eval/measure/slices.h"
#include "eval/measure/user_values.h"
#include "io/base/mem.h"

/* The columns that follow from the lists of a model alone; with the first model also the baselines'. Local. */
static status read_lists(batch *k, bench *b, int model) {
  int longest = metrics_longest(&b->plan);
  bool failed = false;
#pragma omp parallel reduction(|| : failed)
  {
    lid *list = NULL;
    failed = MEM_ALLOC(list, longest, "list of a user") != OK;
#pragma omp for schedule(dynamic, 64)
    for (lid u = 0; u < k->n; u++) {
      if (failed)
        continue;
      lid length = topk_count(k->lists, u);
      for (lid r = 0; r < length; r++)
        list[r] = topk_item(k->lists, u, r);
      user_values_of_model(k, b, model, u, list, length);
      if (model == 0)
        user_values_of_baselines(k, b, u, list);
    }
    mem_free(list);
  }
  return failed ? status_fail(NO_MEMORY, "no memory for the lists of users") : OK;
}

/* Collective if the items of any model moved, with agreed status; else local. */
static status measure_lists(comm *c, batch *k, bench *b, const lid *user, lid n) {
  bool together = false;
  for (int m = 0; m < b->in->n_models; m++)
    together = together || scorer_renumbered(b->in->model[m]);
  status st = batch_fill(k, b, user, n);
  for (int m = b->in->n_models - 1; m >= 0; m--) { /* the first model last: slices use its ratings */
    if (together)
      st = comm_agree(c, st);
    THEN(batch_lists_make(c, k, b, m));
    THEN(read_lists(k, b, m));
  }
  return together ? comm_agree(c, st) : st;
}

/* Notes the items of the lists, and the test items. Local. */
static status note_items(batch *k, const bench *b) {
  status st = OK;
  const csr *test = b->in->test;
  TRY(facts_reserve(&k->known, (off)k->n * FACTS_LISTS * b->in->at[0] + k->test_at[k->n]));
  for (lid u = 0; u < k->n; u++) {
    for (int w = 0; w < FACTS_LISTS; w++) {
      lid length;
      const lid *top = batch_top(k, b, u, w, &length);
      for (lid r = 0; r < length; r++)
        item_facts_note(&k->known, top[r], w);
    }
    for (off e = test->ptr[k->user[u]]; e < test->ptr[k->user[u] + 1]; e++)
      item_facts_note(&k->known, test->col[e], -1);
  }
done:
  return st;
}

static status read_facts(batch *k, const bench *b) {
  int factors = model_factors(scorer_model(b->in->model[0]));
  bool failed = false;
#pragma omp parallel reduction(|| : failed)
  {
    double *sum = NULL;
    failed = MEM_ALLOC(sum, factors, "list of a user") != OK;
#pragma omp for schedule(dynamic, 64)
    for (lid u = 0; u < k->n; u++)
      if (!failed)
        user_values_of_facts(k, b, u, sum);
    mem_free(sum);
  }
  return failed ? status_fail(NO_MEMORY, "no memory for the lists of users") : OK;
}

static status add_to_tallies(batch *k, bench *b) {
  status st = OK;
  TRY(read_facts(k, b));
  TRY(tally_add(b->all, k->n, k->id, k->values));
  TRY(slices_add(k, b));
done:
  return st;
}

status batch_measure(comm *c, batch *k, bench *b, const lid *user, lid n) {
  const lid *model_item = scorer_renumbered(b->in->model[0]) ? b->in->map[0]->to_model.row : NULL;
  status st = measure_lists(c, k, b, user, n);
  THEN(note_items(k, b));
  TRY(comm_agree(c, st));
  TRY(facts_ask(c, &k->known, &b->pop, model_item, b->shown));
  TRY(comm_agree(c, add_to_tallies(k, b)));
done:
  return st;
}
