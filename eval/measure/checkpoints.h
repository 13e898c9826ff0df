/* Checkpoints of a measurement: the sums so far, how often items were shown, and which users are in them. */
#ifndef PALATE_EVAL_MEASURE_CHECKPOINTS_H
#define PALATE_EVAL_MEASURE_CHECKPOINTS_H

#include "eval/measure/columns.h"

/* Reads the checkpoint of an earlier run, if there is one; before the first batch. Collective; agreed status.
 * NO_MEMORY, IO_FAILED, BAD_DATA. */
status evaluate_recall(comm *c, measurement *m);

/* After a batch that took so many seconds, with our users before `at` measured: writes a checkpoint if one is due, and
 * returns STOPPED after it if the run must end. Collective; agreed status. NO_MEMORY, IO_FAILED, STOPPED. */
status evaluate_edge(comm *c, measurement *m, lid at, double seconds);

#endif
