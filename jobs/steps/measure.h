/* One or two snapshots measured on the same hold-out of a dataset, as `evaluate` and the gate of `refresh` need it. */
#ifndef PALATE_JOBS_STEPS_MEASURE_H
#define PALATE_JOBS_STEPS_MEASURE_H

#include "eval/measure/evaluate.h"
#include "io/ranks/comm.h"
#include "jobs/settings/holdout.h"
#include "jobs/settings/measure_settings.h"
#include "jobs/steps/seen_pairs.h"

#include <jansson.h>

/* The figures, the hold-out they were measured on, and what is known of the models. */
typedef struct measured {
  evaluation figures;
  char rule[SPLIT_TEXT_MAX];
  uint64_t seed;
  const char *file[EVALUATE_MODELS]; /* of the snapshot that was measured */
  seen_pairs seen[EVALUATE_MODELS];  /* test pairs that they were trained on */
  double lambda, unobserved_weight;  /* of the first model; explicit: unobserved_weight is 0 */
  int64_t users, pairs;              /* of its training */
} measured;

/* Measures dirs[0] and, if n is 2, dirs[1] beside it (figures.difference: the first less the second, with paired
 * intervals) on the hold-out of the dataset file. Of a snapshot that was refit, that is MEASURED_FILE, unless another
 * hold-out than its own is given for dirs[0]. Warns if a model was trained on test pairs. The rule and seed are those
 * of the settings; those of dirs[0] stand in for what was not given. Users and items are matched by id if a model was
 * trained on other data, and users a model does not know are folded in. When the clock says so, what is measured so far
 * is kept in the directory `keep` (NULL: nowhere), with STOPPED if it is time to leave; the same call resumes from
 * there, and measure_done removes what is kept. Collective; agreed status. USAGE if there is no rule; BAD_DATA if
 * nothing is held out, or the two models have different losses. */
status measure(comm *c, const measure_settings *settings, const char *dataset_file, const char *const *dirs, int n,
               const char *keep, run_clock *clock, measured *out);

/* Measures one snapshot and writes its metrics.json, unless it is sealed. What a stopped run has measured is kept only
 * in a snapshot that is not sealed and that nobody else works in. Collective; agreed status; as measure. */
status measure_snapshot(comm *c, const measure_settings *settings, const char *dataset_file, const char *dir,
                        run_clock *clock, measured *out);

/* The report as JSON. NO_MEMORY. Local. Free with json_decref. */
status measured_json(const measured *m, json_t **out);

/* Writes DIR/metrics.json. Local: rank 0. */
status measured_write(const measured *m, const char *dir);

/* Removes what measure kept. Local: rank 0. */
void measure_done(const char *keep);

#endif
