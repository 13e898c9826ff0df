/* `palate ingest --dry-run`: what would be read, and the command that says so in full. */
#ifndef PALATE_JOBS_SHOW_SHOW_PREVIEW_H
#define PALATE_JOBS_SHOW_SHOW_PREVIEW_H

#include "io/ingest/preview.h"

/* Prints it to standard output, as JSON or for people. */
status show_preview(const ingest_settings *s, const ingest_preview *p, bool as_json);

#endif
