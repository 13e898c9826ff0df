/* Reads a title table and gives titles and tags to the ranks that own their items. */
#ifndef PALATE_IO_INGEST_TITLES_H
#define PALATE_IO_INGEST_TITLES_H

#include "io/ingest/numbering.h"
#include "io/ingest/ranges.h"

enum { TITLE_MAX = 400, TAGS_MAX = 1000 /* bytes; longer ones are cut, and counted */ };

typedef struct titles_report {
  off lines, unused; /* unused: titles of ids that have no event */
  off repeated;      /* further lines of an id; the first one counts */
  off latin, cut;    /* read as Latin-1; longer than the limit */
  off titled;        /* items with a title or tags from the table */
} titles_report;

/* Reads the table `path`, which lies in `file`, with all ranks. Rank r gets the titles and tags of its rows first[r] …
 * first[r + 1] - 1, which replace those that *titles and *tags already have; if the table has no titles or no tags,
 * that one is left as it is. `wish` as in text_detect_titles; rejected lines, as many as `bad` allows, go to the file
 * `rejected`. Collective; agreed status: NO_INPUT, USAGE, BAD_DATA, IO_FAILED, NO_MEMORY. Free both with strings_free.
 */
status titles_read(comm *c, const char *path, const char *file, const char *const wish[3], bad_limit bad,
                   const char *rejected, const numbering *items, const gid *first, strings *titles, strings *tags,
                   titles_report *report);

#endif
