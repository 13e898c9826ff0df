/* Reads text sources with all ranks and threads at once, each its byte ranges; collects the rejected lines. */
#ifndef PALATE_IO_SOURCE_RANGES_H
#define PALATE_IO_SOURCE_RANGES_H

#include "io/detect/recognise.h"
#include "io/ranks/comm.h"
#include "io/text/text.h"

/* How many lines may be rejected: at most `lines` of them, or, if `share` > 0, this share of the lines read. */
typedef struct bad_limit {
  off lines;
  double share;
} bad_limit;

/* A source as rank 0 found it. */
typedef struct range_source {
  off bytes;        /* on disk */
  file_kind packed; /* KIND_TEXT: it is plain; see unpack.h */
  text_layout layout;
  int turn;                     /* of its events (io/text/events.h) */
  bool empty;                   /* nothing follows the header */
  const text_span *items_named; /* matrix: see text_parser; NULL: numbers */
} range_source;

typedef struct ranges {
  const char *const *paths; /* names, for messages */
  const char *const *files; /* where they lie */
  const range_source *sources;
  int n_sources;
  bad_limit bad;        /* rejected lines allowed, in all sources together */
  const char *rejected; /* path of the file that lists rejected lines; made only if there are any */
  const char *label;    /* of the progress line */
  int64_t *records;     /* [n_sources] becomes this rank's number of records, rejected ones included; may be NULL */
} ranges;

enum { REJECTED_LISTED = 10000 /* rejected lines that are listed; the others are counted */ };

/* Each of this rank's parsers (one a thread; users, items and events are set, or record) parses its share of the
 * sources; HDF5 sources are skipped. BAD_DATA if more lines are rejected than allowed; the message has file, line and
 * column of the first. `counts` are this rank's. Collective; agreed status. */
status ranges_read(comm *c, const ranges *what, text_parser *parsers, int n_parsers, text_counts *counts);

#endif
