/* The gate of `palate refresh`: decides whether a new model may replace the published one. */
#ifndef PALATE_JOBS_STEPS_GATE_H
#define PALATE_JOBS_STEPS_GATE_H

#include "eval/measure/evaluate.h"
#include "io/ranks/comm.h"
#include "jobs/settings/gate_settings.h"

#include <jansson.h>

/* Judges DIR/model.h5. `parent` is the directory of the published snapshot, NULL if there is none; e is DIR measured
 * alone or beside its parent, NULL if it was not measured. The verdict goes into the manifest:
 *   {"verdict": "passed" | "first" | "worse" | "limits", "reasons": [text…], "metric", "value", "parent_value",
 *    "difference", "difference_ci", "tolerance", "served", "coverage", "growth": {"users", "items", "pairs"}}
 * The published model's metric is NDCG at the first length (implicit) or RMSE (explicit); the new one is worse if the
 * whole 95 % interval of the paired difference lies beyond the tolerance. Free it with json_decref. Collective;
 * agreed status; BAD_DATA if a factor is not finite. */
status gate_judge(comm *c, const gate_settings *settings, const char *dir, const char *parent, const evaluation *e,
                  json_t **verdict, bool *passed);

#endif
