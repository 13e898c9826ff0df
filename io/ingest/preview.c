#include "io/ingest/preview.h"

#include "io/base/mem.h"
#include "io/source/source.h"

#include <stdio.h>
#include <string.h>

/* Copies a field, cut to fit. */
static void copy_text(char to[PREVIEW_TEXT], const char *from, size_t n) {
  n = n < PREVIEW_TEXT - 1 ? n : PREVIEW_TEXT - 1;
  if (n > 0)
    memcpy(to, from, n);
  to[n] = '\0';
}

static status note_bad(void *context, const text_reject *r) {
  preview_source *p = context;
  if (p->bad[0] == '\0')
    snprintf(p->bad, sizeof p->bad, "line %lld: %s, in `%.*s`", (long long)r->line, r->reason,
             (int)(r->text.n < 80 ? r->text.n : 80), r->text.at);
  return OK;
}

/* Splits the record at `at` into copies of its fields; `out` is allocated. */
static status copy_fields(const text_layout *l, const char *at, size_t n, char (**out)[PREVIEW_TEXT], int *count) {
  status st = OK;
  text_span field[TEXT_COLUMNS_MAX];
  char *copy = NULL;
  const char *bad;
  size_t bad_at;
  TRY(mem_alloc(&copy, (off)n + 1, 1, "a line"));
  memcpy(copy, at, n);
  *count = text_split(l, copy, n, field, TEXT_COLUMNS_MAX, &bad, &bad_at);
  *count = *count > 0 ? *count : 0;
  TRY(mem_alloc(out, *count, sizeof **out, "fields of a line"));
  for (int i = 0; i < *count; i++)
    copy_text((*out)[i], field[i].at, field[i].n);
done:
  mem_free(copy);
  return st;
}

/* The record that begins at `at`, without its line end. */
static size_t record_length(const text_layout *l, const char *at, const char *end) {
  text_place place = PLACE_START;
  const char *stop = text_scan(l, at, end, &place, true);
  stop = stop != NULL ? stop : end;
  while (stop > at && (stop[-1] == '\n' || stop[-1] == '\r'))
    stop--;
  return (size_t)(stop - at);
}

/* Finds the header, which is the last line of the `skip` bytes, maybe a comment: begins at *from; returns its length.
 * Of one with line ends in it this is the last line. */
static size_t header_place(const text_layout *l, const char *head, size_t skip, size_t *from) {
  size_t end = skip, at;
  while (end > 0 && (head[end - 1] == '\n' || head[end - 1] == '\r'))
    end--;
  for (at = end; at > 0 && head[at - 1] != '\n' && head[at - 1] != '\r';)
    at--;
  if (at == 0 && end >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
    at = 3;
  while (l->comment[0] != '\0' && at < end && (strchr(l->comment, head[at]) != NULL || head[at] == ' '))
    at++;
  *from = at;
  return end - at;
}

/* Names and first fields of the columns. */
static status look_at_columns(const text_layout *l, const char *head, size_t n, preview_source *p) {
  status st = OK;
  char(*names)[PREVIEW_TEXT] = NULL;
  int n_names = 0;
  size_t skip = (size_t)l->skip_bytes < n ? (size_t)l->skip_bytes : n, data = skip;
  bool columns = l->format == TEXT_CSV || l->format == TEXT_MOVIELENS || l->format == TEXT_UDATA ||
                 l->format == TEXT_COUNTS || (l->format == TEXT_BASKETS && l->n_columns > 0);
  if (!columns)
    return OK;
  while (data < n && (head[data] == '\n' || head[data] == '\r')) /* empty lines below the header */
    data++;
  if (data < n)
    TRY(copy_fields(l, head + data, record_length(l, head + data, head + n), &p->first, &p->n_columns));
  if (l->header) {
    size_t from = 0, length = header_place(l, head, skip, &from);
    TRY(copy_fields(l, head + from, length, &names, &n_names));
  }
  int most = n_names > p->n_columns ? n_names : p->n_columns;
  TRY(mem_zalloc(&p->column, most, sizeof *p->column, "names of columns"));
  if (p->n_columns < most) {
    TRY(mem_realloc(&p->first, most, sizeof *p->first, "fields of a line"));
    memset(p->first + p->n_columns, 0, (size_t)(most - p->n_columns) * sizeof *p->first);
    p->n_columns = most;
  }
  for (int i = 0; i < n_names; i++)
    memcpy(p->column[i], names[i], PREVIEW_TEXT);
done:
  mem_free(names);
  return st;
}

/* The first events of the head. */
static status look_at_events(const range_source *source, const char *path, bool alone, char *head, size_t n, bool whole,
                             preview_source *p) {
  status st = OK;
  const text_layout *l = &source->layout;
  id_table users = {0}, items = {0};
  events e = {.has_value = l->has_value, .has_time = l->has_time};
  text_parser parser = {.layout = l,
                        .users = &users,
                        .items = &items,
                        .events = &e,
                        .reject = note_bad,
                        .context = p,
                        .items_named = source->items_named,
                        .source_name = alone ? NULL : path};
  size_t skip = (size_t)l->skip_bytes < n ? (size_t)l->skip_bytes : n, consumed;
  parser.counts.lines = l->skip_lines;
  TRY(id_table_create(&users));
  TRY(id_table_create(&items));
  TRY(text_parse(&parser, head + skip, n - skip, n - skip, whole, &consumed));
  const event_block *b = e.first;
  for (off i = 0; b != NULL && i < b->n && p->n_events < PREVIEW_EVENTS; i++) {
    preview_event *out = &p->event[p->n_events++];
    out->user[id_table_text(&users, b->user[i], out->user)] = '\0';
    out->item[id_table_text(&items, b->item[i], out->item)] = '\0';
    out->value = b->value != NULL ? b->value[i] : 1;
    out->time = b->time_low != NULL ? event_moment_time(event_block_moment(b, i)) : 0;
  }
done:
  text_parser_free(&parser);
  events_free(&e);
  id_table_free(&users);
  id_table_free(&items);
  return st;
}

static status look_at_source(const ingest_settings *s, const ingest_sources *sources, int i, preview_source *p) {
  status st = OK;
  const range_source *source = &sources->text[i];
  source_facts facts;
  char *head = NULL;
  size_t n = 0, room = (size_t)source->layout.skip_bytes + TEXT_HEAD;
  if (text_is_matrix(source->layout.format))
    return OK;
  TRY(mem_alloc(&head, (off)room + 1, 1, "head of a source")); /* a byte more, as text_parse wants */
  TRY(source_head(s->sources[i], s->files[i], &facts, head, room, &n));
  TRY(look_at_columns(&source->layout, head, n, p));
  TRY(look_at_events(source, s->sources[i], s->n_sources == 1, head, n, n < room, p));
done:
  mem_free(head);
  return st;
}

/* ---- tables ---- */

static status take_title(void *context, const text_span *fields, int n, const char **bad, int *at) {
  preview_table *t = context;
  (void)bad;
  (void)at;
  for (int role = 0; role < TITLES_ROLES && t->n < PREVIEW_EVENTS; role++) {
    int c = t->layout.column[role];
    if (c < 0 || c >= n)
      continue;
    text_span field = fields[c];
    if (t->layout.rest && c == t->layout.n_fields - 1) /* the rest of the line */
      field.n = (size_t)(fields[n - 1].at + fields[n - 1].n - field.at);
    copy_text(t->text[t->n][role], field.at, field.n);
  }
  t->n += t->n < PREVIEW_EVENTS;
  return OK;
}

static status skip_bad(void *context, const text_reject *r) {
  (void)context;
  (void)r;
  return OK;
}

static status look_at_table(const ingest_settings *s, const char *path, side side, const text_layout *events,
                            preview_table *t) {
  status st = OK;
  const table_settings *settings = side == ITEMS ? &s->items : &s->users;
  titles_wish wish = {.side = side,
                      .separator = s->wish.separator,
                      .quoting = s->wish.quoting,
                      .events_id = events->column_name[side == ITEMS ? ROLE_ITEM : ROLE_USER]};
  source_facts facts;
  char *head = NULL;
  size_t n = 0, consumed;
  memcpy(wish.column, settings->column, sizeof wish.column);
  t->path = path;
  TRY(mem_alloc(&head, TITLES_HEAD + 1, 1, "head of a table"));
  TRY(source_head(path, path, &facts, head, TITLES_HEAD, &n));
  TRY(source_refuse(path, &facts, false));
  TRY(text_detect_titles(path, head, n, n < TITLES_HEAD, &wish, &t->layout));
  text_parser parser = {
      .layout = &t->layout.text, .reject = skip_bad, .record = take_title, .table = t, .context = NULL};
  size_t skip = (size_t)t->layout.text.skip_bytes < n ? (size_t)t->layout.text.skip_bytes : n;
  st = text_parse(&parser, head + skip, n - skip, n - skip, n < TITLES_HEAD, &consumed);
  text_parser_free(&parser);
done:
  mem_free(head);
  return st;
}

/* ---- all ---- */

static status look_at_all(const ingest_settings *s, ingest_preview *p) {
  status st = OK;
  const text_layout *events = &p->sources.text[0].layout;
  TRY(MEM_ZALLOC(p->source, s->n_sources, "sources"));
  TRY(MEM_ZALLOC(p->table, s->items.n + s->users.n, "tables"));
  for (int i = 0; i < s->n_sources; i++)
    TRY(look_at_source(s, &p->sources, i, &p->source[i]));
  for (int i = 0; i < s->items.n; i++)
    TRY(look_at_table(s, s->items.paths[i], ITEMS, events, &p->table[p->n_tables++]));
  for (int i = 0; i < s->users.n; i++)
    TRY(look_at_table(s, s->users.paths[i], USERS, events, &p->table[p->n_tables++]));
done:
  return st;
}

status ingest_look_only(comm *c, const ingest_settings *s, ingest_preview *out) {
  ingest_settings here = *s;
  here.files = s->sources; /* nothing is copied: a pipe cannot be looked at */
  *out = (ingest_preview){0};
  status st = ingest_look(c, &here, &out->sources);
  if (st == OK)
    st = comm_agree(c, c->rank == 0 ? look_at_all(&here, out) : OK);
  if (st != OK)
    ingest_preview_free(out);
  return st;
}

void ingest_preview_free(ingest_preview *p) {
  for (int i = 0; i < p->sources.n && p->source != NULL; i++) {
    mem_free(p->source[i].column);
    mem_free(p->source[i].first);
  }
  mem_free(p->source);
  mem_free(p->table);
  ingest_sources_free(&p->sources);
  *p = (ingest_preview){0};
}
