/* The gate of `palate refresh`: decides whether a new model may replace the published one. */
#ifndef PALATE_JOBS_STEPS_GATE_H
#define PALATE_JOBS_STEPS_GATE_H

#include "io/ranks/comm.h"
#include "jobs/settings/gate_settings.h"
#include "jobs/steps/measure.h"

#include <jansson.h>

/* Judges the snapshot `dir`. `parent` is the directory of the published snapshot, NULL if there is none or it is not to
 * be compared with; `first`: nothing is published yet. m is `dir` measured alone or beside its parent, NULL if it was
 * not measured. The verdict goes into the manifest:
 *   {"verdict": "passed" | "first" | "worse" | "limits", "reasons": [text…], "metric", "value", "parent_value",
 *    "difference", "difference_ci", "tolerance", "popular_value", "difference_popular", "difference_popular_ci",
 *    "served", "coverage", "growth": {"users", "items", "pairs"}}
 * The metric is NDCG at the first length (implicit) or RMSE (explicit). The new model is worse if the whole 95 %
 * interval of its paired difference to the published one lies beyond the tolerance; the first one, if the interval of
 * its difference to most popular shows it worse (unless settings->compare is off). Free with json_decref.
 * Collective; agreed status; BAD_DATA if a factor is not finite. */
status gate_judge(comm *c, const gate_settings *settings, const char *dir, const char *parent, bool first,
                  const measured *m, json_t **verdict, bool *passed);

#endif
