/* train.jsonl: one JSON object a line as the job goes, for dashboards and for people who plot. */
#ifndef PALATE_IO_SNAPSHOT_JOURNAL_H
#define PALATE_IO_SNAPSHOT_JOURNAL_H

#include "io/base/status.h"

#include <jansson.h>

typedef struct journal journal;

/* Opens `path` for appending, on the one rank that keeps the journal. Local. CANNOT_CREATE where that fails. */
status journal_open(const char *path, journal **out);

/* Writes the object with a "time" (ISO 8601, UTC) added, and flushes. Takes ownership of `object`; a NULL journal only
 * frees it, so that ranks without a journal run the same code. IO_FAILED where the disk refuses. Local. */
status journal_write(journal *j, json_t *object);

/* Closes; NULL is accepted. */
void journal_close(journal *j);

/* Now as "2026-01-31T23:59:59Z". out has at least 21 places. */
void time_iso8601(char *out);

#endif
