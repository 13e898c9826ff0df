/* From tallies to an evaluation: means, intervals, differences, slices. */
#ifndef PALATE_EVAL_MEASURE_FIGURES_H
#define PALATE_EVAL_MEASURE_FIGURES_H

#include "eval/measure/columns.h"

/* Sums the tallies over ranks and reads all figures from them into *out, whose counts of users stay. Sorts b->shown.
 * Once, after the last batch. Collective; agreed status. NO_MEMORY. */
status figures_read(comm *c, measurement *m, evaluation *out);

#endif
