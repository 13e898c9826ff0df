/* The refresh run: trains, groups, measures, and publishes what passes the gate. */
#ifndef PALATE_JOBS_STEPS_REFRESH_H
#define PALATE_JOBS_STEPS_REFRESH_H

#include "io/ranks/comm.h"
#include "jobs/settings/refresh_settings.h"

/* Makes a snapshot in the folder of the settings, or resumes one, and leaves it sealed; `latest` then points at it if
 * the gate let it through. Writes the run metrics, whatever the status is. dir[SNAPSHOT_PATH_MAX] is the snapshot's
 * path, "" if there is none. Collective; agreed status: WORSE if the gate refused the model, STOPPED after a
 * checkpoint, and USAGE before anything is made. */
status refresh(comm *c, const refresh_settings *settings, char *dir);

/* Writes the run metrics of a run whose settings were refused with this status. Local: rank 0. */
void refresh_refused(const char *metrics_file, status ended);

#endif
