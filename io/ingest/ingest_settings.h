/* What ingest is asked to do, and what it reports. */
#ifndef PALATE_IO_INGEST_INGEST_SETTINGS_H
#define PALATE_IO_INGEST_INGEST_SETTINGS_H

#include "io/detect/detect.h"
#include "io/source/ranges.h"

/* Tables of one side: titles and tags of items, names of users. */
typedef struct table_settings {
  const char *const *paths;
  const char *const *files; /* where they lie, see below */
  int n;
  const char *column[3]; /* id, title or name, tags: a name, a number, "none"; NULL: detect */
} table_settings;

typedef struct ingest_settings {
  const char *const *sources;
  int n_sources;
  const char *output;
  table_settings items, users;
  const char *tag_separator; /* of the tags in tables of items; NULL: the tables tell */
  const char *append;        /* the dataset to append to; NULL: none */
  text_wish wish;
  const char *group;    /* of the matrix in HDF5 sources; NULL: look for it */
  int rows;             /* of that matrix: 0 as the file says, 1 users, 2 items */
  bad_limit bad_lines;  /* rejected lines allowed, in all sources together; also in each table */
  bool refuse_repeated; /* fail if the dataset appended to has every event already; else warn */
  /* Where the sources lie: elsewhere where they are pipes. Set by ingest_run, as those of the tables are. */
  const char *const *files;
} ingest_settings;

typedef struct ingest_report {
  off lines, blank, rejected; /* of the sources; rejected lines are in OUTPUT.rejected */
  off kept;                   /* lines that gave events */
  off events;                 /* of the dataset */
  off old_events;             /* of the dataset appended to */
  off repeated;               /* events whose user and item an earlier event has too; training merges them */
  off already;                /* new events that the dataset appended to has too: the same user, item, value and time */
  off zeros, negatives;       /* new events of value 0, and below 0 */
  gid users, items, old_users, old_items;
  off named;                 /* users with a name from their table */
  off titled, titles_unused; /* items with a title; titles of no item */
  int64_t bytes;             /* of the sources */
  int64_t memory;            /* peak of all ranks together */
  double seconds_read, seconds_number, seconds_move, seconds_titles, seconds_write;
  bool has_value, has_time;
} ingest_report;

#endif
