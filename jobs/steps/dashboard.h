/* What a dashboard wants to know of a refresh, as a Prometheus textfile. Local: rank 0 writes it. */
#ifndef PALATE_JOBS_STEPS_DASHBOARD_H
#define PALATE_JOBS_STEPS_DASHBOARD_H

#include "io/base/status.h"

#include <jansson.h>

enum { DASHBOARD_PHASES = 8 };

typedef struct dashboard {
  int n;
  struct {
    const char *name;
    double begun, seconds;
  } phase[DASHBOARD_PHASES];
} dashboard;

void dashboard_begin(dashboard *d);

/* Ends the phase before and begins one. `name` must outlive d. */
void dashboard_phase(dashboard *d, const char *name);

/* Writes the file whole: the run's status, seconds by phase, the metric, whether it was published, and when that last
 * happened (kept from the file that is there when this run did not). `verdict` is the gate's, NULL where the run did
 * not get there. CANNOT_CREATE, IO_FAILED. */
status dashboard_write(dashboard *d, const char *path, status ended, const json_t *verdict);

#endif
