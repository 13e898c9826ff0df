/* The ledger of a search, tune.jsonl: a line a try, so that no try is made twice. */
#ifndef PALATE_JOBS_TUNE_LEDGER_H
#define PALATE_JOBS_TUNE_LEDGER_H

#include "eval/measure/evaluate.h"
#include "jobs/tune/tuning.h"

/* Opens the ledger in the folder for more lines, in tuning->ledger, and takes from its lines the figures of tries in
 * this search. A last line that a kill cut off is ignored. Local: rank 0. */
status ledger_open(tuning *tuning);

/* Takes the figures of a try from its report (report_json) and writes its line; its seconds and snapshot are set.
 * Local: rank 0. */
status ledger_write(tuning *tuning, attempt *a, const json_t *report, const char *rule);

#endif
