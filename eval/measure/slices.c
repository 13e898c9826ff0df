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
static bool activity_row(const batch *k, const bench *b, int activity, lid u, double *out) {
  if (activity_of(k->to[u] - k->from[u]) != activity)
    return false;
  const double *values = k->values + (off)u * b->at.columns;
  memcpy(out, values + b->at.model[0], METRICS * sizeof *out);
  memcpy(out + METRICS, values + b->at.popular, METRICS * sizeof *out);
  out[SLICE_ERRORS] = values[b->at.model[0] + b->at.cells];
  out[SLICE_PAIRS] = values[b->at.pairs];
  return true;
}

/* Measures test items of one shelf only. `some` is scratch for the user's test items. Returns false if the user has
 * none on the shelf. */
static bool shelf_row(const batch *k, const bench *b, int shelf, lid u, lid *some, double *out) {
  const csr *test = b->in->test;
  off first = test->ptr[k->user[u]], end = test->ptr[k->user[u] + 1], n = 0;
  lid length;
  out[SLICE_ERRORS] = 0;
  for (off e = first; e < end; e++)
    if (facts_of(&k->known, test->col[e])->shelf == shelf) {
      some[n++] = test->col[e];
      if (b->in->explicit_loss) {
        double error = clip_rating(b->in, k->guess[k->test_at[u] + e - first]) - test->val[e];
        out[SLICE_ERRORS] += error * error;
      }
    }
  if (n == 0)
    return false;
  for (int w = 0; w < FACTS_LISTS; w++) {
    const lid *top = batch_top(k, b, u, w, &length);
    metrics_of_list(&b->first, top, length, some, n, out + w * METRICS);
  }
  out[SLICE_PAIRS] = (double)n;
  return true;
}

status slices_add(batch *k, bench *b) {
  status st = OK;
  lid *some = NULL;
  TRY(MEM_ALLOC(some, k->most_tests, "test items"));
  for (int s = 0; s < SLICE_KINDS; s++) {
    lid rows = 0;
    for (lid u = 0; u < k->n; u++) {
      double *out = k->slice_row + (off)rows * SLICE_COLUMNS;
      if (s < ACTIVITIES ? activity_row(k, b, s, u, out) : shelf_row(k, b, s - ACTIVITIES, u, some, out))
        k->chosen_id[rows++] = k->id[u];
    }
    TRY(tally_add(b->slices[s], rows, k->chosen_id, k->slice_row));
  }
done:
  mem_free(some);
  return st;
}
