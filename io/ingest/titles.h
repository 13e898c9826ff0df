/* Titles and tags of items, from a table, to the ranks that write them. */
#ifndef PALATE_IO_INGEST_TITLES_H
#define PALATE_IO_INGEST_TITLES_H

#include "io/ingest/numbering.h"
#include "io/ingest/ranges.h"

enum { TITLE_MAX = 400, TAGS_MAX = 1000 /* bytes; longer ones are cut, and that is said */ };

typedef struct titles_report {
  off lines, unused; /* titles of ids that have no event */
  off repeated;      /* further lines of an id: the first one counts */
  off latin, cut;    /* taken for Latin-1; longer than the limit */
  off titled;        /* items with a title or tags from the table */
} titles_report;

/* Reads the table by all ranks at once and gives each rank the titles and tags of its rows first[rank] …
 * first[rank + 1] - 1; where the table has no titles or no tags, n = 0 on all ranks. `wish` as in text_detect_titles.
 * What *titles and *tags hold already stays where the table says nothing. Collective; agreed status. Free both with
 * strings_free. */
status titles_read(comm *c, const char *path, const char *const wish[3], off most_bad, const char *refused,
                   const numbering *items, const gid *first, strings *titles, strings *tags, titles_report *report);

#endif
