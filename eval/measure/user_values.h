/* One user's row of the tally: the metrics, errors and list properties of the models and the baselines. */
#ifndef PALATE_EVAL_MEASURE_USER_VALUES_H
#define PALATE_EVAL_MEASURE_USER_VALUES_H

#include "eval/measure/batch.h"

/* The columns of a model for user u of the batch, from its list; the first model's list is copied to k->top. Local. */
void user_values_of_model(batch *batch, const measurement *m, int model, lid u, const lid *list, lid length);

/* The baselines' columns that need no facts; most popular's list is copied to k->top. `list` is scratch for the longest
 * list. Local. */
void user_values_of_baselines(batch *batch, const measurement *m, lid u, lid *list);

/* The columns that need facts of items (k->known): novelty and diversity of the lists, and the baselines' errors. `sum`
 * is scratch for one vector of factors. Local. */
void user_values_of_facts(batch *batch, const measurement *m, lid u, double *sum);

#endif
