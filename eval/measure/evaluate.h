/* Measures models on a hold-out, over ranks: every user's list over all items, training items left out, and its
 * metrics.
 *
 * Each rank measures its own users; the figures have the same bits on any number of ranks and threads. Users without a
 * test item are counted and left out of the means. For an implicit model a held-out dislike (negative value) is not a
 * test item, nor is a pair of value 0 (bought and returned). In training such pairs are known, so they are not
 * recommended, but they are not counted as liked. Predicted ratings are clipped to the scale of the training values. */
#ifndef PALATE_EVAL_MEASURE_EVALUATE_H
#define PALATE_EVAL_MEASURE_EVALUATE_H

#include "eval/measure/evaluation.h"

/* Collective; agreed status. BAD_DATA if no user has a test item. STOPPED after a checkpoint: the same call resumes
 * from it, on any number of ranks, with the same bits. */
status evaluate(comm *c, const evaluate_settings *in, evaluation *out);

#endif
