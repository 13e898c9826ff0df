/* An evaluation for programs (metrics.json) and for the eye. */
#ifndef PALATE_EVAL_MEASURE_REPORT_H
#define PALATE_EVAL_MEASURE_REPORT_H

#include "eval/measure/evaluate.h"

#include <jansson.h>
#include <stdio.h>

/* The object of metrics.json; `rule` is the hold-out rule. With two models the second is "parent", and "difference" has
 * the first less the second. NULL where memory is out. Free with json_decref. */
json_t *report_json(const evaluation *e, const char *rule, uint64_t seed);

/* Model, most popular and random beside each other. */
void report_table(const evaluation *e, const char *rule, FILE *to);

#endif
