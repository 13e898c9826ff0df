/* Items as people name them, and lists of items as people read them. */
#ifndef PALATE_JOBS_CLI_LISTING_H
#define PALATE_JOBS_CLI_LISTING_H

#include "io/schema/model.h"
#include "io/snapshot/snapshot.h"

#include <jansson.h>
#include <stdio.h>

/* The row of an item given by id or, where no id is so, by title (upper and lower case alike). USAGE where there is
 * none, naming some titles that have the text in them, or where several have the title. Local. */
status listing_find(model *m, const char *text, lid *row);

/* The rows of "ID,ID,…", ids or titles; a title may itself have commas in it. At most `most`; ascending, each once.
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

/* Text as JSON, with the bytes of broken UTF-8 as \xNN. */
json_t *listing_text(const char *text);

#endif
