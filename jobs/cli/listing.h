/* Items found by id or title, and lists of items for people. */
#ifndef PALATE_JOBS_CLI_LISTING_H
#define PALATE_JOBS_CLI_LISTING_H

#include "io/snapshot/snapshot.h"

#include <jansson.h>
#include <stdio.h>

/* Finds the row of an item by id, else by title (ignoring case). USAGE if there is none, naming some titles that
 * contain the text, or if several items have the title. Local. */
status listing_find(model *m, const char *text, lid *row);

/* Finds the rows of "ID,ID,…", ids or titles; a title may contain commas. At most `most` rows; ascending, each once.
 * USAGE as above. Local. */
status listing_find_all(model *m, const char *text, int most, lid *rows, int *n);

typedef struct listed {
  lid row;
  double score;
  int match; /* per cent; negative: not shown */
} listed;

/* A table: rank, match, score, id, title, tags. Texts are escaped for terminals. Local. */
status listing_show(model *m, const listed *list, int n, const char *score_name, FILE *to);

/* [{"rank", "id", "title", "tags", score_name, "match"}, …]. Free with json_decref. Local. */
status listing_json(model *m, const listed *list, int n, const char *score_name, json_t **out);

/* Text as a JSON string; bytes that are not UTF-8 become \xNN. */
json_t *listing_text(const char *text);

#endif
