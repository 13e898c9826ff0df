/* What ingest writes to the log about its sources. */
#ifndef PALATE_IO_INGEST_INGEST_LOG_H
#define PALATE_IO_INGEST_INGEST_LOG_H

#include "io/ingest/read_events.h"

/* One line for each layout among the sources, at most ten for text: format, and which column is what. Local. */
void ingest_log_sources(const ingest_settings *s, const ingest_sources *sources);

/* How times were read, if not as seconds; a warning if units are mixed. Collective. */
void ingest_log_times(comm *c, const text_counts *counts);

#endif
