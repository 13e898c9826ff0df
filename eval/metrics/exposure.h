/* How evenly lists spread over the items: coverage and the Gini coefficient. */
#ifndef PALATE_EVAL_METRICS_EXPOSURE_H
#define PALATE_EVAL_METRICS_EXPOSURE_H

#include "io/base/types.h"

/* How many items were shown so many times. */
typedef struct shown_count {
  int64_t shown, items;
} shown_count;

/* Counts equal numbers of shown[n], how often each item was shown, into out (NULL: not wanted). Sorts shown in place.
 * Returns how many are distinct: few, with s shown items in all at most 1 + sqrt(2 s). Local. */
off exposure_count(int64_t *shown, gid n, shown_count *out);

/* coverage: the share of items shown at least once. gini: 0 if all items are shown equally often, 1 if only one is. */
typedef struct exposure {
  double coverage, gini;
} exposure;

/* From the n counts of all parts of the items, n_items in all; sorts them in place. Local. */
exposure exposure_of(shown_count *all, off n, gid n_items);

#endif
