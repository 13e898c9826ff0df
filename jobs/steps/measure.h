/* One or two snapshots measured on the same hold-out of a dataset, as `evaluate` and the gate of `refresh` need it. */
#ifndef PALATE_JOBS_STEPS_MEASURE_H
#define PALATE_JOBS_STEPS_MEASURE_H

#include "eval/measure/evaluate.h"
#include "io/ranks/comm.h"
#include "jobs/cli/options.h"
#include "jobs/settings/holdout.h"

/* The options it reads; a command that measures must take them: */
/* clang-format off */
#define MEASURE_OPTIONS {.name = "holdout"}, {.name = "test"}, {.name = "seed"}, {.name = "at"}, {.name = "memory"}
/* clang-format on */

/* Measures dirs[0] and, where n is 2, dirs[1] beside it (out->difference: the first less the second, with paired
 * intervals) on the hold-out of the dataset file. The rule and seed are those of the options, where not given those of
 * dirs[0]; rule has SPLIT_TEXT_MAX places, and seed tells the one used. Users and items are matched by id where a model
 * was trained on other data, and users a model does not know are folded in. Collective; agreed status. USAGE where
 * there is no rule; BAD_DATA where nothing is held out, or the two models have different losses. What is measured so
 * far is kept in the directory `keep` (NULL: nowhere) where the clock says so, with STOPPED where it is time to leave;
 * the same call goes on from there, and measure_done removes what is kept. */
status measure(comm *c, const options *o, const char *dataset_file, const char *const *dirs, int n, const char *keep,
               edge_clock *clock, evaluation *out, char *rule, uint64_t *seed);

/* Local: rank 0. */
void measure_done(const char *keep);

#endif
