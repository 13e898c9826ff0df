/* Lists of items as people and programs read them. */
#ifndef PALATE_JOBS_CLI_LISTING_H
#define PALATE_JOBS_CLI_LISTING_H

#include "eval/reader/reader.h"

#include <jansson.h>

typedef struct listing_words {
  const char *key, *who; /* JSON: {key: who, "items": [{"rank", "id", "title", "tags", score, "match"}, …]} */
  const char *score;     /* the name of the score in JSON, … */
  const char *column;    /* … and above its column */
} listing_words;

/* The list on standard output: a table of rank, match, score, id, title and tags, with texts escaped for terminals, or
 * JSON. The match per cent is left out if it is negative. IO_FAILED. Local. */
status listing_print(reader *r, const reader_entry *list, int n, const listing_words *words, bool json);

/* Text as a JSON string; bytes that are not UTF-8 become \xNN. */
json_t *listing_text(const char *text);

#endif
