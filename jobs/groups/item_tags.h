/* Tags of items over ranks: each rank has the tags of its share of the items, and all words. */
#ifndef PALATE_JOBS_GROUPS_ITEM_TAGS_H
#define PALATE_JOBS_GROUPS_ITEM_TAGS_H

#include "io/ranks/comm.h"
#include "io/schema/model.h"
#include "train/exchange/part.h"

typedef struct item_tags {
  part items;  /* equal ranges */
  off *ptr;    /* [our items + 1] */
  lid *tag;    /* our i-th item has the tags tag[ptr[i]] … tag[ptr[i+1]-1], each once, ascending */
  lid n_words; /* tags of all items */
  int width;   /* bytes of a word, its NUL included */
  char *word;  /* (n_words, width): in bytewise order */
} item_tags;

/* Reads the model's tags; n_words is 0 if it has none. Collective; agreed status. Free with item_tags_free. */
status item_tags_read(comm *c, model *m, item_tags *out);
void item_tags_free(item_tags *t);

static inline const char *item_tags_word(const item_tags *t, lid tag) {
  return t->word + (size_t)tag * (size_t)t->width;
}

/* Adds `weight` to to[tag] (n_words) for each tag of one of our items. Local. */
void item_tags_add(const item_tags *t, gid own, double weight, double *to);

/* The same for any item; its tags are read from the model. Local. */
status item_tags_add_any(const item_tags *t, model *m, gid item, double weight, double *to);

#endif
