/* A search for settings: what is tried, what decides, and the result of each try. */
#ifndef PALATE_JOBS_TUNE_TUNING_H
#define PALATE_JOBS_TUNE_TUNING_H

#include "eval/metrics/metrics.h"
#include "io/ranks/run_clock.h"
#include "io/snapshot/journal.h"
#include "io/snapshot/publish.h"
#include "io/snapshot/snapshot.h"
#include "jobs/settings/measure_settings.h"
#include "jobs/settings/resume_settings.h"
#include "jobs/settings/train_settings.h"
#include "jobs/tune/grid.h"

#include <jansson.h>

/* A setting and its figures. */
typedef struct attempt {
  int setting; /* of the grid */
  options *o;
  train_settings train;
  measure_settings measure;
  resume_settings resume;
  double value, low, high, seconds; /* the deciding figure and its 95 % interval; NaN until it is known */
  char snapshot[SNAPSHOT_ID_MAX];   /* rank 0: its name; "" if it is gone: only the best one is kept */
} attempt;

typedef struct tuning {
  comm *c;
  const options *o;
  const char *dataset, *folder;
  run_clock clock;
  grid g;
  int n;
  attempt *tries; /* [n] */
  metric by;      /* the deciding metric … */
  char at[16];    /* … at this length, as metrics.json spells it */
  char name[METRIC_LABEL_MAX];
  char digest[65];    /* of the dataset */
  publish_lock *lock; /* rank 0 */
  journal *ledger;    /* rank 0 */
} tuning;

/* Reads --grid, --tries, --seed, --by and --at, and checks the options of every try. tuning->c, o, dataset and folder
 * are set. USAGE. Local; the same on every rank. Free with tuning_free, after a failure too. */
status tuning_prepare(tuning *tuning);
void tuning_free(tuning *tuning);

/* Opens the dataset once: its digest, and whether the hold-out suits it. Collective; agreed status. */
status tuning_check_data(tuning *tuning);

/* Whether a grid may have this option, and best.conf too. */
bool tuning_may_vary(const char *name);

/* The best try; an unknown value is worse than any other. */
const attempt *tuning_best(const tuning *tuning);

/* "factors 64, lambda 0.01", cut at size. Returns out. */
const char *tuning_words(const tuning *tuning, const attempt *a, char *out, size_t size);

/* The values of the grid that make a setting; NULL: no memory. Free with json_decref. */
json_t *tuning_settings_json(const tuning *tuning, const attempt *a);

/* Everything that determines the figures of a try; NULL: no memory. Free with json_decref. */
json_t *tuning_key(const tuning *tuning, const attempt *a);

#endif
