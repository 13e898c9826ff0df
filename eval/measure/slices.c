#include "eval/measure/slices.h"

#include "io/base/mem.h"

#include <string.h>

static const char *const NAMES[SLICE_KINDS] = {"members with no training pair",
                                               "members with 1 to 9 training pairs",
                                               "members with 10 to 99 training pairs",
                                               "members with 100 to 999",
                                               "members with 1000 or more",
                                               "test items: best known third",
                                               "test items: middle third of pairs",
                                               "test items: least known third of pairs"};

const char *slice_name(int s) {
  return NAMES[s];
}

/* The activity slice of a user with n training pairs. */
static int activity_of(off n) {
  return n == 0 ? 0 : n < 10 ? 1 : n < 100 ? 2 : n < 1000 ? 3 : 4;
}

/* Returns false if the user has another activity. */
static bool activity_row(const batch *batch, const measurement *m, int activity, lid u, double *out) {
  off trained = 0; /* pairs of value 0 are known, but not trained on */
  for (off e = batch->from[u]; e < batch->to[u]; e++)
    trained += m->in->explicit_loss || m->in->train->val[e] != 0;
  if (activity_of(trained) != activity)
    return false;
  const double *values = batch->values + (off)u * m->at.columns;
  memcpy(out, values + m->at.model[0], METRICS * sizeof *out);
  memcpy(out + METRICS, values + m->at.popular, METRICS * sizeof *out);
  out[SLICE_ERRORS] = values[m->at.model[0] + m->at.cells];
  out[SLICE_PAIRS] = values[m->at.pairs];
  return true;
}

/* Measures test items of one shelf only. `some` is scratch for the user's test items. Returns false if the user has
 * none on the shelf. */
static bool shelf_row(const batch *batch, const measurement *m, int shelf, lid u, lid *some, double *out) {
  const csr *test = m->in->test;
  off first = test->ptr[batch->user[u]], end = test->ptr[batch->user[u] + 1], n = 0;
  lid length;
  out[SLICE_ERRORS] = 0;
  for (off e = first; e < end; e++)
    if (facts_of(&batch->known, test->col[e])->shelf == shelf) {
      some[n++] = test->col[e];
      if (m->in->explicit_loss) {
        double error = clip_rating(m->in, batch->guess[batch->test_at[u] + e - first]) - test->val[e];
        out[SLICE_ERRORS] += error * error;
      }
    }
  if (n == 0)
    return false;
  for (int w = 0; w < FACTS_LISTS; w++) {
    const lid *top = batch_top(batch, m, u, w, &length);
    metrics_of_list(&m->first, top, length, some, n, out + w * METRICS);
  }
  out[SLICE_PAIRS] = (double)n;
  return true;
}

status slices_add(batch *batch, measurement *m) {
  status st = OK;
  lid *some = NULL;
  TRY(MEM_ALLOC(some, batch->most_tests, "test items"));
  for (int s = 0; s < SLICE_KINDS; s++) {
    lid rows = 0;
    for (lid u = 0; u < batch->n; u++) {
      double *out = batch->slice_row + (off)rows * SLICE_COLUMNS;
      if (s < ACTIVITIES ? activity_row(batch, m, s, u, out) : shelf_row(batch, m, s - ACTIVITIES, u, some, out))
        batch->chosen_id[rows++] = batch->id[u];
    }
    TRY(tally_add(m->slices[s], rows, batch->chosen_id, batch->slice_row));
  }
done:
  mem_free(some);
  return st;
}
