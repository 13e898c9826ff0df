/* Slices: the first model and most popular on some users (by activity), or on some test items (by popularity). */
#ifndef PALATE_EVAL_MEASURE_SLICES_H
#define PALATE_EVAL_MEASURE_SLICES_H

#include "eval/measure/batch.h"

/* Of slice s of SLICE_KINDS: activities first, then shelves of items. */
const char *slice_name(int s);

/* Adds the batch's users to the slices' tallies. k->guess must still hold the first model's ratings. NO_MEMORY. Local.
 */
status slices_add(batch *batch, measurement *m);

#endif
