#include "io/text/id_list.h"

#include "io/base/mem.h"

#include <string.h>

void id_list_free(id_list *l) {
  mem_free(l->number);
  mem_free(l->text);
  mem_free(l->place);
  *l = (id_list){0};
}

status id_list_alloc(id_list *l, off n, bool numeric, off text_bytes) {
  status st = OK;
  *l = (id_list){.n = n, .numeric = numeric, .text_bytes = text_bytes};
  if (numeric)
    TRY(MEM_ALLOC(l->number, n, "ids"));
  else {
    TRY(MEM_ALLOC(l->place, n, "ids"));
    TRY(MEM_ALLOC(l->text, text_bytes, "bytes of ids"));
  }
done:
  if (st != OK)
    id_list_free(l);
  return st;
}

size_t id_list_text(const id_list *l, off i, char *room, const char **at) {
  if (!l->numeric) {
    *at = l->text + l->place[i] + 1;
    return (unsigned char)l->text[l->place[i]];
  }
  uint64_t rest = l->number[i] < 0 ? (uint64_t)0 - (uint64_t)l->number[i] : (uint64_t)l->number[i];
  char *s = room + ID_MAX;
  do
    *--s = (char)('0' + rest % 10);
  while ((rest /= 10) != 0);
  if (l->number[i] < 0)
    *--s = '-';
  *at = s;
  return (size_t)(room + ID_MAX - s);
}

int id_list_compare(const id_list *a, off i, const id_list *b, off j) {
  if (a->numeric)
    return (a->number[i] > b->number[j]) - (a->number[i] < b->number[j]);
  const char *x = a->text + a->place[i], *y = b->text + b->place[j];
  return id_compare(false, x + 1, (unsigned char)x[0], y + 1, (unsigned char)y[0]);
}

/* Eight bytes of a text, from `from` on, as a number that sorts as they do; zeros after its end. */
static uint64_t word_at(const char *text, size_t from) {
  size_t n = (unsigned char)text[0];
  uint64_t word = 0;
  for (size_t i = 0; i < 8; i++)
    word = word << 8 | (from + i < n ? (unsigned char)text[1 + from + i] : 0);
  return word;
}

/* Sorts by the bytes from `from` on, eight at a time. Ids have no NUL, so the zeros after an end sort first. */
static void sort_texts(sort_pair *pairs, off n, const id_list *l, size_t from) {
  for (off i = 0; i < n; i++)
    pairs[i].high = word_at(l->text + l->place[pairs[i].low], from);
  sort_pairs(pairs, n);
  for (off i = 0; i < n;) {
    off j = i + 1;
    while (j < n && pairs[j].high == pairs[i].high)
      j++;
    if (j - i > 1 && (pairs[i].high & 0xff) != 0)
      sort_texts(pairs + i, j - i, l, from + 8);
    i = j;
  }
}

status id_list_sort(const id_list *l, sort_pair **order) {
  status st = MEM_ALLOC(*order, l->n, "order of ids");
  if (st != OK)
    return st;
  for (off i = 0; i < l->n; i++)
    (*order)[i] = (sort_pair){l->numeric ? sort_key_i64(l->number[i]) : 0, (uint64_t)i};
  if (l->numeric)
    sort_pairs(*order, l->n);
  else
    sort_texts(*order, l->n, l, 0);
  return OK;
}

status id_list_ordered(const id_list *l, const sort_pair *order, id_list *out) {
  status st = id_list_alloc(out, l->n, l->numeric, l->text_bytes);
  if (st != OK)
    return st;
  off at = 0;
  for (off k = 0; k < l->n; k++) {
    off i = (off)order[k].low;
    if (l->numeric)
      out->number[k] = l->number[i];
    else {
      size_t n = (size_t)(unsigned char)l->text[l->place[i]] + 1;
      memcpy(out->text + at, l->text + l->place[i], n);
      out->place[k] = at;
      at += (off)n;
    }
  }
  return OK;
}

/* The ids of the table, followed by the old ones. */
static status gather(const id_table *ids, const strings *old, bool numeric, id_list *out) {
  status st = OK;
  off n_old = old != NULL ? old->n : 0, bytes = 0;
  char text[ID_MAX + 1];
  if (!numeric) {
    for (uint32_t i = 0; i < ids->n; i++)
      bytes += 1 + (off)id_table_text(ids, i, text);
    for (off i = 0; i < n_old; i++)
      bytes += 1 + (off)strnlen(old->bytes + i * old->width, (size_t)old->width);
  }
  TRY(id_list_alloc(out, (off)ids->n + n_old, numeric, bytes));
  off at = 0;
  for (off i = 0; i < out->n; i++) {
    const char *s = text;
    size_t n;
    if (i < (off)ids->n) {
      if (numeric) {
        id_table_integer(ids, (uint32_t)i, &out->number[i]);
        continue;
      }
      n = id_table_text(ids, (uint32_t)i, text);
    } else {
      s = old->bytes + (i - (off)ids->n) * old->width;
      n = strnlen(s, (size_t)old->width);
      if (numeric) {
        id_integer(s, n, &out->number[i]);
        continue;
      }
    }
    out->place[i] = at;
    out->text[at] = (char)(unsigned char)n;
    memcpy(out->text + at + 1, s, n);
    at += (off)n + 1;
  }
done:
  return st;
}

bool id_list_all_integers(const id_table *ids, const strings *old) {
  int64_t number;
  bool yes = true;
  for (uint32_t i = 0; i < ids->n && yes; i++)
    yes = id_table_integer(ids, i, &number);
  for (off i = 0; old != NULL && i < old->n && yes; i++) {
    const char *s = old->bytes + i * old->width;
    yes = id_integer(s, strnlen(s, (size_t)old->width), &number);
  }
  return yes;
}

status id_list_create(const id_table *ids, const strings *old, bool numeric, id_list *sorted, sort_pair **order) {
  id_list mine = {0};
  status st = OK;
  TRY(gather(ids, old, numeric, &mine));
  TRY(id_list_sort(&mine, order));
  TRY(id_list_ordered(&mine, *order, sorted));
done:
  id_list_free(&mine);
  return st;
}
