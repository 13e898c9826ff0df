#include "io/ingest/titles.h"

#include "io/base/mem.h"
#include "io/ingest/source.h"

#include <string.h>

/* A table of titles as one rank reads it: the row of the id table tells where the texts are. */
typedef struct table {
  int column[3];
  id_table ids;
  off *place; /* [ids.n] of its title in the heap; the tags follow; both end with a NUL */
  off room, repeated, latin, cut;
  char *heap;
  off heap_used, heap_room;
} table;

static status take_record(void *context, const text_span *fields, int n, const char **bad, int *at) {
  table *t = context;
  status st = OK;
  const text_span *id = &fields[t->column[0]];
  (void)n;
  *at = t->column[0];
  if (id->n == 0 || id->n > ID_MAX) {
    *bad = id->n == 0 ? "the item id is empty" : "the item id is longer than 255 bytes";
    return OK;
  }
  uint32_t row, had = t->ids.n;
  TRY(id_table_add(&t->ids, id->at, id->n, &row));
  if (row < had) {
    t->repeated++;
    return OK;
  }
  if ((off)row >= t->room) {
    off room = t->room > 0 ? 2 * t->room : 1024;
    TRY(MEM_REALLOC(t->place, room, "places of titles"));
    t->room = room;
  }
  if (t->heap_used + TITLE_MAX + TAGS_MAX + 2 > t->heap_room) {
    off room = 2 * t->heap_room + TITLE_MAX + TAGS_MAX + 2;
    TRY(MEM_REALLOC(t->heap, room, "titles"));
    t->heap_room = room;
  }
  t->place[row] = t->heap_used;
  for (int k = 1; k < 3; k++) {
    char *to = t->heap + t->heap_used;
    int was = 0;
    to[0] = '\0';
    if (t->column[k] >= 0)
      was = text_title(fields[t->column[k]].at, fields[t->column[k]].n, to, (k == 1 ? TITLE_MAX : TAGS_MAX) + 1);
    if (k == 2 && strcmp(to, "(no genres listed)") == 0) /* MovieLens for none */
      to[0] = '\0';
    t->latin += (was & 1) != 0;
    t->cut += (was & 2) != 0;
    t->heap_used += (off)strlen(to) + 1;
  }
done:
  return st;
}

static status look_at(const char *path, const char *const wish[3], range_source *source, int column[3]) {
  status st = OK;
  source_facts facts;
  struct source s = {.fd = -1};
  char *head = NULL;
  size_t n = 0;
  TRY(source_look(path, &facts));
  source->bytes = facts.bytes;
  source->gzip = facts.gzip;
  TRY(mem_alloc(&head, TEXT_HEAD, 1, "head of a source"));
  TRY(source_open(path, facts.gzip, 0, &s));
  TRY(source_read(&s, head, TEXT_HEAD, &n));
  TRY(text_detect_titles(path, head, n, n < TEXT_HEAD, wish, &source->layout, column));
done:
  source_close(&s);
  mem_free(head);
  return st;
}

/* The texts of known items to the owners of their rows: row numbers, and title and tags with their NULs. */
static status send_texts(comm *c, const table *t, const gid *rows, const gid *first, gid **got_rows, off *n_got,
                         char **got_texts, off *unused) {
  status st = OK;
  off *n_give = NULL, *n_from = NULL, *bytes_give = NULL, *bytes_from = NULL, *next = NULL, n = 0, bytes = 0;
  gid *give = NULL;
  char *texts = NULL;
  st = MEM_ZALLOC(n_give, c->size, "counts");
  THEN(MEM_ZALLOC(bytes_give, c->size, "counts"));
  THEN(MEM_ALLOC(n_from, c->size, "counts"));
  THEN(MEM_ALLOC(bytes_from, c->size, "counts"));
  THEN(MEM_ALLOC(next, 2 * c->size, "counts"));
  THEN(MEM_ALLOC(give, t->ids.n, "titles to send"));
  THEN(MEM_ALLOC(texts, t->heap_used, "titles to send"));
  TRY(comm_agree(c, st));
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t i = 0; i < t->ids.n; i++) {
      if (rows[i] < 0) {
        *unused += pass;
        continue;
      }
      int owner = numbering_owner(first, c->size, rows[i]);
      off end = i + 1 < t->ids.n ? t->place[i + 1] : t->heap_used, length = end - t->place[i];
      if (pass == 0) {
        n_give[owner]++;
        bytes_give[owner] += length;
      } else {
        give[next[owner]++] = rows[i];
        memcpy(texts + next[c->size + owner], t->heap + t->place[i], (size_t)length);
        next[c->size + owner] += length;
      }
    }
    if (pass == 0)
      for (off r = 0, a = 0, b = 0; r < c->size; r++) {
        next[r] = a;
        next[c->size + r] = b;
        a += n_give[r];
        b += bytes_give[r];
      }
  }
  comm_transpose_i64(c, n_give, n_from);
  comm_transpose_i64(c, bytes_give, bytes_from);
  for (int r = 0; r < c->size; r++) {
    n += n_from[r];
    bytes += bytes_from[r];
  }
  st = MEM_ALLOC(*got_rows, n, "titles");
  THEN(MEM_ALLOC(*got_texts, bytes, "titles"));
  TRY(comm_agree(c, st));
  comm_move_rows(c, give, n_give, *got_rows, n_from, sizeof(gid));
  comm_move_rows(c, texts, bytes_give, *got_texts, bytes_from, 1);
  *n_got = n;
done:
  mem_free(n_give);
  mem_free(n_from);
  mem_free(bytes_give);
  mem_free(bytes_from);
  mem_free(next);
  mem_free(give);
  mem_free(texts);
  return st;
}

/* Makes s as wide as `width` and as long as n, keeping what it has. */
static status widen(strings *s, off n, int width) {
  strings wide;
  if (s->n == n && s->width >= width)
    return OK;
  status st = strings_alloc(&wide, n, width > s->width ? width : s->width, "titles");
  if (st != OK)
    return st;
  for (off i = 0; i < s->n; i++)
    memcpy(wide.bytes + i * wide.width, s->bytes + i * s->width, (size_t)s->width);
  strings_free(s);
  *s = wide;
  return OK;
}

status titles_read(comm *c, const char *path, const char *const wish[3], off most_bad, const char *refused,
                   const numbering *items, const gid *first, strings *titles, strings *tags, titles_report *report) {
  status st = OK;
  table t = {0};
  range_source source = {0};
  gid *rows = NULL, *got = NULL;
  uint8_t *told = NULL; /* whether our item has had its line */
  char *texts = NULL;
  off n_got = 0;
  text_counts counts;
  text_parser parser = {.record = take_record, .table = &t};
  *report = (titles_report){0};
  if (c->rank == 0)
    st = look_at(path, wish, &source, t.column);
  TRY(comm_agree(c, st));
  comm_broadcast(c, &source, sizeof source, 0);
  comm_broadcast(c, t.column, sizeof t.column, 0);
  TRY(comm_agree(c, id_table_create(&t.ids)));
  ranges what = {
      .paths = &path, .sources = &source, .n_sources = 1, .most_bad = most_bad, .refused = refused, .label = "titles"};
  TRY(ranges_read(c, &what, &parser, 1, &counts));
  TRY(comm_agree(c, MEM_ALLOC(rows, t.ids.n, "rows of titles")));
  TRY(numbering_find(c, items, &t.ids, rows));
  TRY(send_texts(c, &t, rows, first, &got, &n_got, &texts, &report->unused));

  off n = first[c->rank + 1] - first[c->rank];
  int width[2] = {1, 1};
  const char *s = texts;
  for (off i = 0; i < 2 * n_got; i++) {
    int length = (int)strlen(s);
    width[i % 2] = length > width[i % 2] ? length : width[i % 2];
    s += length + 1;
  }
  if (t.column[1] >= 0)
    st = widen(titles, n, width[0]);
  if (st == OK && t.column[2] >= 0)
    st = widen(tags, n, width[1]);
  THEN(MEM_ZALLOC(told, n, "items with a title"));
  TRY(comm_agree(c, st));
  s = texts;
  for (off i = 0; i < n_got; i++) { /* ranks come in the order of the table: the first line of an id counts */
    gid row = got[i] - first[c->rank];
    for (int k = 0; k < 2; k++) {
      strings *to = k == 0 ? titles : tags;
      size_t length = strlen(s);
      if (t.column[1 + k] >= 0 && !told[row] && length > 0) {
        memset(to->bytes + row * to->width, 0, (size_t)to->width);
        memcpy(to->bytes + row * to->width, s, length);
      }
      s += length + 1;
    }
    report->repeated += told[row];
    report->titled += !told[row];
    told[row] = 1;
  }
  report->lines = counts.kept;
  report->repeated += t.repeated;
  report->latin = t.latin;
  report->cut = t.cut;
  comm_sum_i64(c, (int64_t *)(void *)report, sizeof *report / sizeof(int64_t));
done:
  text_parser_free(&parser);
  id_table_free(&t.ids);
  mem_free(t.place);
  mem_free(t.heap);
  mem_free(rows);
  mem_free(got);
  mem_free(told);
  mem_free(texts);
  return st;
}
