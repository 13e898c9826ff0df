/* Tags of items as numbers, parsed from texts such as "Comedy|Drama". Kernel: local. */
#ifndef PALATE_IO_TABLES_TAGS_H
#define PALATE_IO_TABLES_TAGS_H

#include "io/base/strings.h"

typedef struct tags {
  lid n_tags;
  gid n_items;
  char **name; /* [n_tags], in bytewise order */
  off *ptr;    /* [n_items + 1] */
  lid *tag;    /* item i has the tags tag[ptr[i]] … tag[ptr[i+1]-1], each once, ascending */
  char *text;  /* what the names point into */
} tags;

/* Splits the texts of all items at bars; leaves out empty tags and those that begin with a bracket, such as
 * "(no genres listed)". texts->n may be 0: then there are no tags. OK or NO_MEMORY. Free with tags_free. */
status tags_parse(const strings *texts, gid n_items, tags *out);
void tags_free(tags *t);

#endif
