/* Measures a batch of users: lists, then facts of the items in them, then the tallies. */
#ifndef PALATE_EVAL_MEASURE_BATCH_MEASURE_H
#define PALATE_EVAL_MEASURE_BATCH_MEASURE_H

#include "eval/measure/batch.h"

/* Adds the n users (places among this rank's users, ascending; n may be 0) to the tallies. Collective; agreed status.
 * NO_MEMORY, IO_FAILED. */
status batch_measure(comm *c, batch *batch, measurement *m, const lid *user, lid n);

#endif
