/* What an ingest would read: for --dry-run. Only the heads of the files are read, and nothing is written. */
#ifndef PALATE_IO_INGEST_PREVIEW_H
#define PALATE_IO_INGEST_PREVIEW_H

#include "io/ingest/read_events.h"
#include "io/tables/text_titles.h"

enum { PREVIEW_EVENTS = 3, PREVIEW_TEXT = 128 /* bytes; longer texts are cut */ };

typedef struct preview_event {
  char user[ID_MAX + 1], item[ID_MAX + 1];
  real value;
  int64_t time;
} preview_event;

/* One source. */
typedef struct preview_source {
  int n_columns;                /* that its lines have; 0 where there are none */
  char (*column)[PREVIEW_TEXT]; /* [n_columns] names; "" without a header */
  char (*first)[PREVIEW_TEXT];  /* [n_columns] fields of the first line of data */
  preview_event event[PREVIEW_EVENTS];
  int n_events;
  char bad[300]; /* the first bad line of the head: its number and what is wrong; "": none */
} preview_source;

/* One table of titles or names. */
typedef struct preview_table {
  const char *path; /* not owned */
  titles_layout layout;
  char text[PREVIEW_EVENTS][TITLES_ROLES][PREVIEW_TEXT]; /* of the first lines: id, title, tags as they stand there */
  int n;
} preview_table;

typedef struct ingest_preview {
  ingest_sources sources;
  preview_source *source; /* [sources.n], on rank 0 */
  preview_table *table;   /* [n_tables], on rank 0 */
  int n_tables;
} ingest_preview;

/* Looks at all files. Collective; agreed status as ingest_run's. Free with ingest_preview_free. */
status ingest_look_only(comm *c, const ingest_settings *s, ingest_preview *out);
void ingest_preview_free(ingest_preview *p);

#endif
