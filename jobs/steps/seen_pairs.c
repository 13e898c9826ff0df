#include "jobs/steps/seen_pairs.h"

#include "eval/score/seen.h"
#include "io/base/mem.h"

#include <unistd.h>

/* Pairs of test that are in train. Columns ascend in both. Local. */
static int64_t common_pairs(const csr *train, const csr *test, bool likes) {
  int64_t n = 0;
  for (lid u = 0; u < test->n_rows; u++) {
    off e = train->ptr[u], end = train->ptr[u + 1];
    for (off t = test->ptr[u]; t < test->ptr[u + 1]; t++) {
      while (e < end && train->col[e] < test->col[t])
        e++;
      n += e < end && train->col[e] == test->col[t] && (!likes || test->val[t] >= 0);
    }
  }
  return n;
}

/* Pairs whose user and item the model knows. Collective; agreed status. */
static status known_pairs(comm *c, const scorer *score, const row_map *map, const csr *test, bool likes, int64_t *n) {
  status st = OK;
  lid *row = NULL;
  *n = 0;
  TRY(comm_agree(c, MEM_ALLOC(row, csr_nnz(test), "test items")));
  TRY(scorer_items(c, score, test->col, csr_nnz(test), row));
  for (lid u = 0; u < test->n_rows; u++)
    for (off t = test->ptr[u]; t < test->ptr[u + 1]; t++)
      *n += (map->user == NULL || map->user[u] >= 0) && row[t] >= 0 && (!likes || test->val[t] >= 0);
done:
  mem_free(row);
  return st;
}

/* Returns true if d is the data that the model was trained on, and *own its hold-out. The same on all ranks. */
static bool at_hand(comm *c, model *m, const dataset *d, holdout *own) {
  int64_t missing =
      !seen_same_rows(m, d) || holdout_of_model(m, own) != OK || (own->test != NULL && access(own->test, R_OK) != 0);
  comm_max_i64(c, &missing, 1);
  return !missing;
}

status seen_pairs_count(comm *c, dataset *d, const part *users, duplicates merge, const holdout *h, const scorer *score,
                        const row_map *map, const csr *test, bool likes, seen_pairs *out) {
  status st = OK;
  model *m = scorer_model(score);
  holdout own = {0};
  csr train = {0};
  *out = (seen_pairs){.counted = true};
  /* The latest pairs of a member are held out anew as data grows: what the rule holds out now is what it held out then,
   * or newer. */
  int64_t other = !holdout_is_of(h, m);
  comm_max_i64(c, &other, 1);
  if (!other)
    goto done;
  if (at_hand(c, m, d, &own)) {
    TRY(holdout_load(c, &own, d, users, merge, NULL, &train, NULL));
    out->seen = common_pairs(&train, test, likes);
  } else {
    out->counted = false;
    TRY(known_pairs(c, score, map, test, likes, &out->seen));
  }
  comm_sum_i64(c, &out->seen, 1);
done:
  csr_free(&train);
  holdout_free(&own);
  return st;
}
