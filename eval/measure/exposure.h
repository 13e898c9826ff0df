/* How evenly lists spread over the items: coverage and the Gini coefficient. */
#ifndef PALATE_EVAL_MEASURE_EXPOSURE_H
#define PALATE_EVAL_MEASURE_EXPOSURE_H

#include "io/ranks/comm.h"

/* coverage: the share of items shown at least once. gini: 0 if all items are shown equally often, 1 if only one is. */
typedef struct exposure {
  double coverage, gini;
} exposure;

/* shown[n]: how often each of our n of all n_items was shown; sorted in place. Collective; agreed status. NO_MEMORY. */
status exposure_read(comm *c, int64_t *shown, gid n, gid n_items, exposure *out);

#endif
