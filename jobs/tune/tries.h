/* Makes the tries of a search: trains and measures each setting that the ledger lacks. */
#ifndef PALATE_JOBS_TUNE_TRIES_H
#define PALATE_JOBS_TUNE_TRIES_H

#include "jobs/tune/tuning.h"

/* Makes the folder, locks it and opens its ledger; all but the best snapshot of earlier tries are removed. tries_close
 * is due after a failure too. Local: rank 0. */
status tries_open(tuning *tuning);
void tries_close(tuning *tuning);

/* Makes the tries without figures, resuming the one that was stopped. STOPPED between two tries if time is up.
 * Collective; agreed status. */
status tries_make(tuning *tuning);

#endif
