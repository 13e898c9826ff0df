/* The first part of ingest: this rank's share of the sources -> events with ids local to the rank. */
#ifndef PALATE_IO_INGEST_READ_EVENTS_H
#define PALATE_IO_INGEST_READ_EVENTS_H

#include "io/ingest/ingest_settings.h"
#include "io/matrix/read_matrix.h"
#include "io/source/ranges.h"

/* The sources and their layouts. */
typedef struct ingest_sources {
  range_source *text; /* [n] */
  matrix *matrices;   /* [n_matrices] of the HDF5 files and .npz among them, in order */
  int n, n_matrices;
  char **headers;    /* [n] text that is a matrix: its header, where the names of its items lie; */
  text_span **names; /* [n] … and these, in the order of the columns; NULL: their numbers */
} ingest_sources;

/* Finds the layout of every source. Collective; agreed status: NO_INPUT, BAD_DATA, USAGE (also if some have times and
 * some do not). Free with ingest_sources_free. */
status ingest_look(comm *c, const ingest_settings *s, ingest_sources *out);
void ingest_sources_free(ingest_sources *sources);

/* What one thread read, or what was read from one matrix. user_row and item_row turn its ids into the rank's ids
 * (NULL: they are the same). */
typedef struct ingest_lane {
  id_table users, items;
  events events;
  uint32_t *user_row, *item_row;
} ingest_lane;

typedef struct ingest_input {
  ingest_lane *lanes;
  int n_lanes;
  id_table users, items; /* of this rank */
  bool has_value, has_time;
  text_counts counts; /* of this rank */
} ingest_input;

/* Reads this rank's share of the sources with all its threads (see ranges_read). Collective; agreed status. Free with
 * ingest_input_free. */
status ingest_read(comm *c, const ranges *what, const ingest_sources *sources, ingest_input *out);
void ingest_input_free(ingest_input *in);

#endif
