/* Reads tables of titles and tags, or of users' names, and gives their texts to the ranks that own the rows. */
#ifndef PALATE_IO_INGEST_TITLES_H
#define PALATE_IO_INGEST_TITLES_H

#include "io/ingest/numbering.h"
#include "io/source/ranges.h"
#include "io/tables/text_titles.h"

enum { TITLE_MAX = 400, TAGS_MAX = 1000 /* bytes; longer ones are cut, and counted */ };

/* Texts of this rank's rows from all tables read so far, in the order of the tables and of their lines. Begin with
 * {0}; free with titles_free. */
typedef struct titles {
  gid *row;   /* [n] rows of the dataset; one may be there again */
  char *text; /* for each its title and its tags, both with their NULs */
  off n, bytes;
  bool has[2]; /* a table had titles, had tags */
} titles;

typedef struct titles_report {
  off lines, ids, unused; /* unused: ids that have no event */
  off latin, cut;         /* read as Latin-1; longer than the limit */
} titles_report;

/* Reads the table `path`, which lies in `file`, with all ranks, after other ones. Rank r gets the texts of its rows
 * first[r] … first[r + 1] - 1. Tags are split as the texts of the table tell (see tag_rule_find), or at tag_separator
 * if it is not NULL. Rejected lines, as many as `bad` allows, go to the file `rejected`. What was found is logged.
 * Collective; agreed status: NO_INPUT, USAGE, BAD_DATA, IO_FAILED, NO_MEMORY. */
status titles_read(comm *c, const char *path, const char *file, const titles_wish *wish, const char *tag_separator,
                   bad_limit bad, const char *rejected, const numbering *ids, const gid *first, titles *to,
                   titles_report *report);

typedef struct titles_placed {
  off titled;   /* rows with a title or tags of the tables */
  off repeated; /* further lines of a row */
  off cut;      /* rows whose tags are too long together */
} titles_placed;

/* Puts the texts into titles and tags of rows first … first + n - 1, over those that they already have: of each row the
 * first title that says something, and the tags of all its lines. If no table had titles (or tags), those are left as
 * they are. Local. NO_MEMORY. Free both with strings_free. */
status titles_place(const titles *t, gid first, gid n, strings *titles, strings *tags, titles_placed *out);
void titles_free(titles *t);

#endif
