/* Makes a dataset from files of events, over ranks: read byte ranges, number ids, move events to the ranks of their
 * users, sort, write. The dataset does not depend on the number of ranks and threads. */
#ifndef PALATE_IO_INGEST_INGEST_H
#define PALATE_IO_INGEST_INGEST_H

#include "io/ingest/ingest_settings.h"
#include "io/ranks/comm.h"

/* Reads the sources and writes s->output. Every rank passes the same settings. Collective; agreed status: NO_INPUT,
 * USAGE, BAD_DATA, CANNOT_CREATE, IO_FAILED, NO_MEMORY. */
status ingest_run(comm *c, const ingest_settings *s, ingest_report *report);

#endif
