/* Text sources read by all ranks and threads at once, each a byte range; refused lines are gathered and judged. */
#ifndef PALATE_IO_INGEST_RANGES_H
#define PALATE_IO_INGEST_RANGES_H

#include "io/ranks/comm.h"
#include "io/text/text.h"

/* A source as rank 0 found it and told all. */
typedef struct range_source {
  off bytes; /* on disk */
  bool gzip;
  text_layout layout;
} range_source;

typedef struct ranges {
  const char *const *paths;
  const range_source *sources;
  int n_sources;
  off most_bad;        /* refused lines that are passed over, in all */
  const char *refused; /* the file that tells of them; made only where there are any */
  const char *label;   /* of the progress line */
} ranges;

/* Feeds each of this rank's parsers (one a thread, with users, items and events, or record, set) its share of the
 * sources; HDF5 ones are left out. Where more lines are refused than allowed: BAD_DATA, naming the first of them with
 * file, line and column. `counts` are this rank's. Collective; agreed status. */
status ranges_read(comm *c, const ranges *what, text_parser *parsers, int n_parsers, text_counts *counts);

#endif
