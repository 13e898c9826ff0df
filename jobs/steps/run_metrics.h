/* Run metrics of a refresh run, as a Prometheus textfile. Local: rank 0 writes it. */
#ifndef PALATE_JOBS_STEPS_RUN_METRICS_H
#define PALATE_JOBS_STEPS_RUN_METRICS_H

#include "io/base/status.h"

#include <jansson.h>

enum { RUN_METRICS_PHASES = 8 };

typedef struct run_metrics {
  int n;
  struct {
    const char *name;
    double begun, seconds;
  } phase[RUN_METRICS_PHASES];
} run_metrics;

void run_metrics_begin(run_metrics *m);

/* Ends the phase before and begins one. `name` must outlive m. */
void run_metrics_phase(run_metrics *m, const char *name);

/* Writes the file whole: the run's status, seconds by phase, the metric, whether the model was published, and when a
 * model was last published (from the file that is there, if this run published none). `verdict` is the gate's, NULL if
 * the run did not get there. CANNOT_CREATE, IO_FAILED. */
status run_metrics_write(run_metrics *m, const char *path, status ended, const json_t *verdict);

#endif
