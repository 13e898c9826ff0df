/* An evaluation as JSON (metrics.json) and as a table for people. */
#ifndef PALATE_EVAL_MEASURE_REPORT_H
#define PALATE_EVAL_MEASURE_REPORT_H

#include "eval/measure/evaluation.h"

#include <jansson.h>
#include <stdio.h>

/* The object of metrics.json; `rule` is the hold-out rule. With two models the second is "parent", and "difference" is
 * the first minus the second; "difference_most_popular" is the first minus most popular. NULL if there is no memory.
 * Free with json_decref. Local. */
json_t *report_json(const evaluation *e, const char *rule, uint64_t seed);

/* Prints model, parent, most popular and random side by side. Local. */
void report_table(const evaluation *e, const char *rule, FILE *to);

#endif
