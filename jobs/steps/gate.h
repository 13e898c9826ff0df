/* The gate of `palate refresh`: whether a new model may take the place of the published one. */
#ifndef PALATE_JOBS_STEPS_GATE_H
#define PALATE_JOBS_STEPS_GATE_H

#include "eval/measure/evaluate.h"
#include "io/ranks/comm.h"
#include "jobs/cli/options.h"

#include <jansson.h>

/* The options it reads; a command that has a gate must take them: */
#define GATE_OPTIONS                                                                                                   \
  {.name = "gate"}, {.name = "gate-tolerance"}, {.name = "gate-coverage"}, {.name = "gate-served"}, {                  \
    .name = "gate-jump"                                                                                                \
  }

typedef struct gate_limits {
  bool compare;     /* with the published model, on the same hold-out */
  double tolerance; /* share by which the new one may be worse */
  double coverage;  /* least share of the items shown to anyone, of as many as the lists have room for */
  double served;    /* least share of users whose factors are not all zero */
  double jump;      /* most that users, items or pairs may have grown or shrunk since the parent */
} gate_limits;

/* USAGE. Local; every rank gets the same. */
status gate_read(const options *o, gate_limits *out);

/* Judges DIR/model.h5. `parent` is the directory of the published snapshot, NULL where there is none; e is DIR measured
 * alone or beside its parent, NULL where it was not measured. The verdict goes into the manifest:
 *   {"verdict": "passed" | "first" | "worse" | "limits", "reasons": [text…], "metric", "value", "parent_value",
 *    "difference", "difference_ci", "tolerance", "served", "coverage", "growth": {"users", "items", "pairs"}}
 * The published model's metric is NDCG at the first length (implicit) or RMSE (explicit); the new one is worse where
 * the whole 95 % interval of the paired difference lies beyond the tolerance. Free it with json_decref. Collective;
 * agreed status; BAD_DATA where a factor is not finite. */
status gate_judge(comm *c, const gate_limits *limits, const char *dir, const char *parent, const evaluation *e,
                  json_t **verdict, bool *passed);

#endif
