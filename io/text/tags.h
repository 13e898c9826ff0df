/* Tags of items by number: the texts "Comedy|Drama" of a dataset or model taken apart. */
#ifndef PALATE_IO_TEXT_TAGS_H
#define PALATE_IO_TEXT_TAGS_H

#include "io/base/strings.h"

typedef struct tags {
  lid n_tags;
  gid n_items;
  char **name; /* [n_tags], in bytewise order */
  off *ptr;    /* [n_items + 1] */
  lid *tag;    /* item i has the tags tag[ptr[i]] … tag[ptr[i+1]-1], each once, ascending */
  char *text;  /* what the names point into */
} tags;

/* Takes the texts of all items apart; empty tags, and those in brackets such as "(no genres listed)", are left out.
 * texts may have n = 0: then there are no tags. Local. NO_MEMORY. Free with tags_free. */
status tags_parse(const strings *texts, gid n_items, tags *out);
void tags_free(tags *t);

#endif
