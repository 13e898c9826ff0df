#include "io/ingest/titles.h"

#include "io/base/mem.h"
#include "io/source/source.h"

#include <string.h>

/* The part of a title table that one rank read. */
typedef struct table {
  int column[3];
  id_table ids;
  off *place; /* [ids.n] where the id's title is in the heap; its tags follow; both end with a NUL */
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
    if (k == 2 && strcmp(to, "(no genres listed)") == 0) /* what MovieLens writes for none */
      to[0] = '\0';
    t->latin += (was & 1) != 0;
    t->cut += (was & 2) != 0;
    t->heap_used += (off)strlen(to) + 1;
  }
done:
  return st;
}

static status find_layout(const char *path, const char *file, const char *const wish[3], range_source *source,
                          int column[3]) {
  status st = OK;
  source_facts facts;
  char *head = NULL;
  size_t n;
  TRY(mem_alloc(&head, TEXT_HEAD, 1, "head of a source"));
  TRY(source_head(path, file, &facts, head, TEXT_HEAD, &n));
  source->bytes = facts.bytes;
  source->packed = facts.packed;
  TRY(source_refuse(path, &facts, false));
  TRY(text_detect_titles(path, head, n, n < TEXT_HEAD, wish, &source->layout, column));
done:
  mem_free(head);
  return st;
}

/* Texts on their way to the ranks that own their rows. */
typedef struct parcel {
  off *n_rows, *n_bytes; /* [size] rows and bytes of text for, or from, each rank */
  gid *row;              /* by rank: the rows … */
  char *text;            /* … and for each its title and its tags, both with their NULs */
} parcel;

static void free_parcel(parcel *p) {
  mem_free(p->n_rows);
  mem_free(p->n_bytes);
  mem_free(p->row);
  mem_free(p->text);
  *p = (parcel){0};
}

/* Packs the texts of the table by owner; rows[i] is the row of id i, -1 if it has no event. Local. */
static status pack_texts(const comm *c, const table *t, const gid *rows, const gid *first, parcel *out, off *unused) {
  status st = OK;
  off *next_row = NULL, *next_byte = NULL;
  TRY(MEM_ZALLOC(out->n_rows, c->size, "counts"));
  TRY(MEM_ZALLOC(out->n_bytes, c->size, "counts"));
  TRY(MEM_ALLOC(next_row, c->size, "counts"));
  TRY(MEM_ALLOC(next_byte, c->size, "counts"));
  TRY(MEM_ALLOC(out->row, t->ids.n, "titles to send"));
  TRY(MEM_ALLOC(out->text, t->heap_used, "titles to send"));
  for (int pass = 0; pass < 2; pass++) { /* count, then fill */
    for (uint32_t i = 0; i < t->ids.n; i++) {
      if (rows[i] < 0) {
        *unused += pass;
        continue;
      }
      int owner = numbering_owner(first, c->size, rows[i]);
      off end = i + 1 < t->ids.n ? t->place[i + 1] : t->heap_used, length = end - t->place[i];
      if (pass == 0) {
        out->n_rows[owner]++;
        out->n_bytes[owner] += length;
      } else {
        out->row[next_row[owner]++] = rows[i];
        memcpy(out->text + next_byte[owner], t->heap + t->place[i], (size_t)length);
        next_byte[owner] += length;
      }
    }
    if (pass == 0) {
      comm_starts(next_row, out->n_rows, c->size);
      comm_starts(next_byte, out->n_bytes, c->size);
    }
  }
done:
  mem_free(next_row);
  mem_free(next_byte);
  return st;
}

/* Sends the texts of known ids to the owners of their rows. *got holds *n_got rows. Collective; agreed status. */
static status send_texts(comm *c, const table *t, const gid *rows, const gid *first, parcel *got, off *n_got,
                         off *unused) {
  status st = OK;
  parcel give = {0};
  off bytes = 0;
  THEN(pack_texts(c, t, rows, first, &give, unused));
  THEN(MEM_ALLOC(got->n_rows, c->size, "counts"));
  THEN(MEM_ALLOC(got->n_bytes, c->size, "counts"));
  TRY(comm_agree(c, st));
  comm_transpose_i64(c, give.n_rows, got->n_rows);
  comm_transpose_i64(c, give.n_bytes, got->n_bytes);
  *n_got = 0;
  for (int r = 0; r < c->size; r++) {
    *n_got += got->n_rows[r];
    bytes += got->n_bytes[r];
  }
  THEN(MEM_ALLOC(got->row, *n_got, "titles"));
  THEN(MEM_ALLOC(got->text, bytes, "titles"));
  TRY(comm_agree(c, st));
  comm_move_rows(c, give.row, give.n_rows, got->row, got->n_rows, sizeof(gid));
  comm_move_rows(c, give.text, give.n_bytes, got->text, got->n_bytes, 1);
done:
  free_parcel(&give);
  return st;
}

/* Makes s at least `width` wide and n long, keeping its texts. */
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

/* Puts the n_got texts that came into titles and tags of this rank's rows, which begin at `first`. Local. */
static status place_texts(const parcel *got, off n_got, gid first, gid n, bool has_titles, bool has_tags,
                          strings *titles, strings *tags, titles_report *report) {
  status st = OK;
  uint8_t *seen = NULL; /* [n] whether the row has had its line */
  int width[2] = {1, 1};
  bool has[2] = {has_titles, has_tags};
  strings *to[2] = {titles, tags};
  const char *s = got->text;
  for (off i = 0; i < 2 * n_got; i++) {
    int length = (int)strlen(s);
    width[i % 2] = length > width[i % 2] ? length : width[i % 2];
    s += length + 1;
  }
  for (int k = 0; k < 2; k++)
    if (has[k])
      TRY(widen(to[k], n, width[k]));
  TRY(MEM_ZALLOC(seen, n, "items with a title"));
  s = got->text;
  for (off i = 0; i < n_got; i++) { /* in the order of the table, as ranks come in order: the first line counts */
    gid row = got->row[i] - first;
    for (int k = 0; k < 2; k++) {
      size_t length = strlen(s);
      if (has[k] && !seen[row] && length > 0) {
        memset(to[k]->bytes + row * to[k]->width, 0, (size_t)to[k]->width);
        memcpy(to[k]->bytes + row * to[k]->width, s, length);
      }
      s += length + 1;
    }
    report->repeated += seen[row];
    report->titled += !seen[row];
    seen[row] = 1;
  }
done:
  mem_free(seen);
  return st;
}

status titles_read(comm *c, const char *path, const char *file, const char *const wish[3], bad_limit bad,
                   const char *rejected, const numbering *items, const gid *first, strings *titles, strings *tags,
                   titles_report *report) {
  status st = OK;
  table t = {0};
  range_source source = {0};
  gid *rows = NULL;
  parcel got = {0};
  off n_got;
  text_counts counts;
  text_parser parser = {.record = take_record, .table = &t};
  *report = (titles_report){0};
  if (c->rank == 0)
    st = find_layout(path, file, wish, &source, t.column);
  TRY(comm_agree(c, st));
  comm_broadcast(c, &source, sizeof source, 0);
  comm_broadcast(c, t.column, sizeof t.column, 0);
  TRY(comm_agree(c, id_table_create(&t.ids)));
  ranges what = {.paths = &path,
                 .files = &file,
                 .sources = &source,
                 .n_sources = 1,
                 .bad = bad,
                 .rejected = rejected,
                 .label = "titles"};
  TRY(ranges_read(c, &what, &parser, 1, &counts));
  TRY(comm_agree(c, MEM_ALLOC(rows, t.ids.n, "rows of titles")));
  TRY(numbering_find(c, items, &t.ids, rows));
  TRY(send_texts(c, &t, rows, first, &got, &n_got, &report->unused));
  TRY(comm_agree(c, place_texts(&got, n_got, first[c->rank], first[c->rank + 1] - first[c->rank], t.column[1] >= 0,
                                t.column[2] >= 0, titles, tags, report)));
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
  free_parcel(&got);
  return st;
}
