#include "io/tables/tags.h"

#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_number(const void *a, const void *b) {
  lid x = *(const lid *)a, y = *(const lid *)b;
  return x < y ? -1 : x > y;
}

static bool counts_as_tag(const char *text, size_t length) {
  return length > 0 && text[0] != '(';
}

/* Returns the number of tags in the text, which ends at `end`, and stores them in `list` unless it is NULL. */
static off split_tags(char *text, char *end, char **list) {
  off n = 0;
  while (text < end) {
    char *bar = memchr(text, '|', (size_t)(end - text));
    char *stop = bar != NULL ? bar : end;
    if (counts_as_tag(text, (size_t)(stop - text))) {
      if (list != NULL) {
        *stop = '\0'; /* `end` is within the array too, see the width in tags_parse */
        list[n] = text;
      }
      n++;
    }
    text = stop + 1;
  }
  return n;
}

status tags_parse(const strings *texts, gid n_items, tags *out) {
  status st = OK;
  char **every = NULL;
  off total = 0, width = texts->n > 0 ? texts->width + 1 : 1;
  *out = (tags){.n_items = n_items};
  TRY(MEM_ZALLOC(out->ptr, n_items + 1, "tags of items"));
  TRY(MEM_ZALLOC(out->text, texts->n * width, "tags"));
  for (off i = 0; i < texts->n && i < n_items; i++) {
    char *text = out->text + i * width;
    strings_get(texts, i, text, (size_t)width);
    total += split_tags(text, text + strlen(text), NULL);
  }
  TRY(MEM_ALLOC(every, total, "tags"));
  TRY(MEM_ALLOC(out->name, total, "names of tags"));
  TRY(MEM_ALLOC(out->tag, total, "tags of items"));
  off n = 0;
  for (off i = 0; i < n_items; i++) {
    out->ptr[i] = n;
    if (i < texts->n) {
      char *text = out->text + i * width;
      n += split_tags(text, text + strlen(text), every + n);
    }
  }
  out->ptr[n_items] = n;
  memcpy(out->name, every, sizeof *every * (size_t)n);
  qsort(out->name, (size_t)n, sizeof *out->name, by_text);
  for (off i = 0; i < n; i++)
    if (out->n_tags == 0 || strcmp(out->name[i], out->name[out->n_tags - 1]) != 0)
      out->name[out->n_tags++] = out->name[i];
  n = 0;
  for (off i = 0; i < n_items; i++) {
    off first = n, from = out->ptr[i];
    for (; from < out->ptr[i + 1]; from++)
      out->tag[n++] =
          (lid)((char **)bsearch(&every[from], out->name, (size_t)out->n_tags, sizeof *out->name, by_text) - out->name);
    qsort(out->tag + first, (size_t)(n - first), sizeof *out->tag, by_number);
    off kept = first;
    for (off j = first; j < n; j++)
      if (kept == first || out->tag[j] != out->tag[kept - 1])
        out->tag[kept++] = out->tag[j];
    out->ptr[i] = first;
    n = kept;
  }
  out->ptr[n_items] = n;
done:
  mem_free(every);
  if (st != OK)
    tags_free(out);
  return st;
}

void tags_free(tags *t) {
  mem_free(t->name);
  mem_free(t->ptr);
  mem_free(t->tag);
  mem_free(t->text);
  *t = (tags){0};
}
