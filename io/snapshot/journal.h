/* Writes train.jsonl: one JSON object a line while the job runs, for dashboards and plots. */
#ifndef PALATE_IO_SNAPSHOT_JOURNAL_H
#define PALATE_IO_SNAPSHOT_JOURNAL_H

#include "io/base/status.h"

#include <jansson.h>

typedef struct journal journal;

/* Opens `path` for appending; only one rank does. Local. CANNOT_CREATE. */
status journal_open(const char *path, journal **out);

/* Adds "time" (ISO 8601, UTC) to the object, writes it and flushes. Takes ownership of `object`; a NULL journal only
 * frees it, so that ranks without a journal run the same code. IO_FAILED. Local. */
status journal_write(journal *j, json_t *object);

/* Closes; NULL is accepted. */
void journal_close(journal *j);

/* Now as "2026-01-31T23:59:59Z". out has at least 21 places. */
void time_iso8601(char *out);

#endif
