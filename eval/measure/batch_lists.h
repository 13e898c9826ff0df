/* The lists and predicted ratings of a batch of users, by one of the models. */
#ifndef PALATE_EVAL_MEASURE_BATCH_LISTS_H
#define PALATE_EVAL_MEASURE_BATCH_LISTS_H

#include "eval/measure/batch.h"

/* Fills k->lists, and for explicit models k->guess. Users that the model was not trained on are folded in. NO_MEMORY.
 * Collective with agreed status if scorer_renumbered: then all ranks pass through the blocks of items together, those
 * without users too. Else local. */
status batch_lists_make(comm *c, batch *batch, measurement *m, int model);

#endif
