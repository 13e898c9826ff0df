/* How many test pairs a model was trained on: then it looks better than it is. */
#ifndef PALATE_JOBS_STEPS_SEEN_PAIRS_H
#define PALATE_JOBS_STEPS_SEEN_PAIRS_H

#include "eval/score/scorer.h"
#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "jobs/settings/holdout.h"

typedef struct seen_pairs {
  int64_t seen;
  bool counted; /* false: the model's training data is not at hand, and `seen` is an upper bound */
} seen_pairs;

/* Counts the test pairs (our users of d; `likes`: only those that are not dislikes) that the model of `score` was
 * trained on. It was trained on none if h is its own hold-out. If it was trained on d, its own hold-out rule is applied
 * to d, whose repeated events are merged as `merge` says. Otherwise *out is a bound: the pairs whose user and item it
 * knows by `map`. Collective; agreed status. */
status seen_pairs_count(comm *c, dataset *d, const part *users, duplicates merge, const holdout *h, const scorer *score,
                        const row_map *map, const csr *test, bool likes, seen_pairs *out);

#endif
