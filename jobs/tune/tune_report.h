/* The result of a search: the ranked tries, and best.conf. */
#ifndef PALATE_JOBS_TUNE_TUNE_REPORT_H
#define PALATE_JOBS_TUNE_TUNE_REPORT_H

#include "jobs/tune/tuning.h"

/* Writes the best settings to best.conf in the folder, prints the tries from the best on, as a table or with --json,
 * and logs what to run next. Local: rank 0. */
status tune_report(const tuning *tuning);

#endif
