#include "jobs/groups/item_tags.h"

#include "io/base/mem.h"
#include "io/tables/tags.h"

#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b) {
  return strcmp(a, b);
}

/* All ranks' words, each once and in order, from this rank's. */
static status share_words(comm *c, const tags *mine, item_tags *out) {
  status st = OK;
  char *own = NULL;
  off *counts = NULL, total = 0;
  size_t width = (size_t)out->width;
  st = mem_zalloc((void *)&own, mine->n_tags, width, "words of tags");
  if (st == OK)
    st = MEM_ALLOC(counts, c->size, "words of tags");
  TRY(comm_agree(c, st));
  for (lid t = 0; t < mine->n_tags; t++)
    memcpy(own + (size_t)t * width, mine->name[t], strlen(mine->name[t]));
  comm_gather_i64(c, mine->n_tags, counts);
  for (int r = 0; r < c->size; r++)
    total += counts[r];
  TRY(comm_agree(c, mem_alloc((void *)&out->word, total, width, "words of tags")));
  comm_share_rows(c, own, out->word, counts, width);
  qsort(out->word, (size_t)total, width, by_text);
  for (off i = 0; i < total; i++) {
    const char *word = out->word + (size_t)i * width;
    if (out->n_words == 0 || strcmp(word, item_tags_word(out, out->n_words - 1)) != 0)
      memmove(out->word + (size_t)out->n_words++ * width, word, width);
  }
done:
  mem_free(own);
  mem_free(counts);
  return st;
}

/* The number of a word that is there. */
static lid number_of(const item_tags *t, const char *word) {
  lid low = 0, high = t->n_words;
  while (low < high) {
    lid middle = low + (high - low) / 2;
    if (strcmp(item_tags_word(t, middle), word) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < t->n_words && strcmp(item_tags_word(t, low), word) == 0 ? low : -1;
}

status item_tags_read(comm *c, model *m, item_tags *out) {
  status st = OK;
  strings texts = {0};
  tags mine = {0};
  *out = (item_tags){0};
  st = part_equal(&out->items, model_rows(m, ITEMS), c->size);
  gid count = st == OK ? part_count(&out->items, c->rank) : 0;
  if (st == OK)
    st = model_read_tags(m, out->items.first[c->rank], count, &texts);
  if (st == OK)
    st = tags_parse(&texts, count, &mine);
  int64_t width = texts.width + 1;
  TRY(comm_agree(c, st));
  comm_max_i64(c, &width, 1);
  out->width = (int)width;
  TRY(share_words(c, &mine, out));
  out->ptr = mine.ptr; /* both are in bytewise order, so that an item's tags go on ascending */
  out->tag = mine.tag;
  mine.ptr = NULL;
  mine.tag = NULL;
  for (off i = 0; i < out->ptr[count]; i++)
    out->tag[i] = number_of(out, mine.name[out->tag[i]]);
done:
  strings_free(&texts);
  tags_free(&mine);
  if (st != OK)
    item_tags_free(out);
  return st;
}

void item_tags_free(item_tags *t) {
  part_free(&t->items);
  mem_free(t->ptr);
  mem_free(t->tag);
  mem_free(t->word);
  *t = (item_tags){0};
}

void item_tags_add(const item_tags *t, gid own, double weight, double *to) {
  for (off j = t->ptr[own]; j < t->ptr[own + 1]; j++)
    to[t->tag[j]] += weight;
}

status item_tags_add_any(const item_tags *t, model *m, gid item, double weight, double *to) {
  strings text = {0};
  tags one = {0};
  status st = model_read_tags(m, item, 1, &text);
  if (st == OK)
    st = tags_parse(&text, 1, &one);
  for (lid i = 0; st == OK && i < one.n_tags; i++) {
    lid tag = number_of(t, one.name[i]);
    if (tag >= 0)
      to[tag] += weight;
  }
  strings_free(&text);
  tags_free(&one);
  return st;
}
