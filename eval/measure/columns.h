/* A measurement under way: the columns of its tallies, and everything a batch of users is measured with. */
#ifndef PALATE_EVAL_MEASURE_COLUMNS_H
#define PALATE_EVAL_MEASURE_COLUMNS_H

#include "eval/baseline/item_facts.h"
#include "eval/measure/done_rows.h"
#include "eval/measure/evaluation.h"
#include "eval/metrics/tally.h"

/* Where the columns of each contestant begin: n_at * METRICS ranking metrics, then the sums of squared and of absolute
 * errors. */
typedef struct layout {
  int cells;                  /* n_at * METRICS */
  int model[EVALUATE_MODELS]; /* resampled */
  int popular;                /* resampled */
  int pairs;                  /* test pairs of the user; resampled */
  int random;                 /* not resampled */
  int novelty[2], variety[2]; /* of the first model, and of most popular */
  int resampled, columns;
} layout;

enum { ACTIVITIES = 5, SHELVES = POPULAR_SHELVES, SLICE_KINDS = ACTIVITIES + SHELVES };
/* Columns of a slice: the model's and most popular's metrics at the first length, squared errors, pairs. */
enum { SLICE_ERRORS = 2 * METRICS, SLICE_PAIRS, SLICE_COLUMNS };

typedef struct measurement {
  const evaluate_settings *in;
  metrics_plan plan, first; /* first: only the first length */
  layout at;
  popular pop;
  int64_t *shown[FACTS_LISTS]; /* [our items]: how many lists of the first model, of most popular, have the item */
  const real *factors;         /* (model items, k) of the first model; NULL if the file cannot be mapped */
  tally *all, *slices[SLICE_KINDS];
  int64_t folded_in;
  done_rows done; /* users of the dataset that earlier runs measured; updated at each checkpoint */
  int step;       /* batches so far, earlier runs included */
} measurement;

/* `users`: those with a test item, of all ranks. `in` must outlive it. Collective; agreed status. NO_MEMORY. Free with
 * measurement_free, also after a failure. */
status measurement_create(comm *c, const evaluate_settings *in, int64_t users, measurement *m);
void measurement_free(measurement *m);

#endif
