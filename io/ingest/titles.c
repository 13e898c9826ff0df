#include "io/ingest/titles.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/source/source.h"
#include "io/tables/tag_split.h"

#include <stdio.h>
#include <string.h>

enum { TAGS_TEXT_MAX = 4 * TAGS_MAX /* bytes of tags as the table has them */ };

/* ---- the part of a table that one rank reads ---- */

typedef struct line {
  uint32_t id;
  off place; /* of the title in the heap; the tags follow; both end with a NUL */
} line;

typedef struct table {
  titles_layout layout;
  id_table ids;
  line *line; /* [n] */
  off n, room, latin, cut;
  char *heap;
  off heap_used, heap_room;
  tag_facts facts;
} table;

static status make_room(table *t) {
  status st = OK;
  if (t->n == t->room) {
    off room = t->room > 0 ? 2 * t->room : 1024;
    TRY(MEM_REALLOC(t->line, room, "lines of titles"));
    t->room = room;
  }
  if (t->heap_used + TITLE_MAX + TAGS_TEXT_MAX + 2 > t->heap_room) {
    off room = 2 * t->heap_room + TITLE_MAX + TAGS_TEXT_MAX + 2;
    TRY(MEM_REALLOC(t->heap, room, "titles"));
    t->heap_room = room;
  }
done:
  return st;
}

/* Writes the names of the flags that are 1, with bars between. Returns what is wrong with flag *at, or NULL. */
static const char *read_flags(const titles_layout *l, const text_span *fields, char *out, int *at) {
  static const tag_rule BARS = {.set = "|"};
  for (int i = 0; i < l->n_flags; i++) {
    const text_span *f = &fields[l->flag_column[i]];
    *at = l->flag_column[i];
    if (f->n > 1 || (f->n == 1 && f->at[0] != '0' && f->at[0] != '1'))
      return "a genre's flag is neither 0 nor 1";
    if (f->n == 1 && f->at[0] == '1')
      tag_join(out, TAGS_TEXT_MAX + 1, l->flag_name[i], &BARS);
  }
  return NULL;
}

/* More fields than the table has columns: a text with a separator in it, of which a part would be lost. */
static const char *check_fields(const titles_layout *l, text_span *fields, int n, int *at) {
  if (l->rest && n > l->n_fields) {
    text_span *last = &fields[l->n_fields - 1];
    last->n = (size_t)(fields[n - 1].at + fields[n - 1].n - last->at);
    return NULL;
  }
  for (int i = l->n_fields; i < n; i++)
    if (fields[i].n > 0) {
      *at = i;
      return "more columns than the first line has; a text with separators in it must be in quotes";
    }
  return NULL;
}

static status take_record(void *context, const text_span *given, int n, const char **bad, int *at) {
  table *t = context;
  const titles_layout *l = &t->layout;
  status st = OK;
  text_span fields[TEXT_COLUMNS_MAX];
  memcpy(fields, given, (size_t)n * sizeof *fields);
  const text_span *id = &fields[l->column[TITLES_ID]],
                  *title = &fields[l->column[TITLES_TITLE] >= 0 ? l->column[TITLES_TITLE] : 0],
                  *tags = &fields[l->column[TITLES_TAGS] >= 0 ? l->column[TITLES_TAGS] : 0];
  *at = l->column[TITLES_ID];
  if (id->n == 0 || id->n > ID_MAX)
    *bad = id->n == 0 ? "the id is empty" : "the id is longer than 255 bytes";
  else
    *bad = check_fields(l, fields, n, at);
  if (*bad != NULL)
    return OK;
  TRY(make_room(t));
  char *to = t->heap + t->heap_used;
  int was = 0;
  to[0] = '\0';
  if (l->column[TITLES_TITLE] >= 0)
    was |= text_title(title->at, title->n, to, TITLE_MAX + 1);
  size_t length = strlen(to) + 1;
  to += length;
  to[0] = '\0';
  if (l->column[TITLES_TAGS] >= 0) {
    was |= text_title(tags->at, tags->n, to, TAGS_TEXT_MAX + 1);
    tag_facts_add(&t->facts, to);
    *at = l->column[TITLES_TAGS];
    *bad = strncmp(to, "[{", 2) == 0 ? "the tags are JSON objects; --tags-column none leaves them out" : NULL;
  } else
    *bad = read_flags(l, fields, to, at);
  if (*bad != NULL)
    return OK;
  TRY(id_table_add(&t->ids, id->at, id->n, &t->line[t->n].id));
  t->line[t->n++].place = t->heap_used;
  t->heap_used += (off)(length + strlen(to) + 1);
  t->latin += (was & 1) != 0;
  t->cut += (was & 2) != 0;
done:
  return st;
}

static void free_table(table *t) {
  id_table_free(&t->ids);
  mem_free(t->line);
  mem_free(t->heap);
}

/* Splits the tags of all lines as the rule says, which joins them by bars. */
static status split_tags(table *t, const tag_rule *rule) {
  status st = OK;
  char *heap = NULL;
  off used = 0;
  TRY(MEM_ALLOC(heap, t->heap_used + t->n, "titles"));
  for (off i = 0; i < t->n; i++) {
    const char *title = t->heap + t->line[i].place, *tags = title + strlen(title) + 1;
    char joined[TAGS_MAX + 1] = "";
    t->line[i].place = used;
    t->cut += !tag_join(joined, sizeof joined, tags, rule);
    size_t n = strlen(title) + 1, m = strlen(joined) + 1;
    memcpy(heap + used, title, n);
    memcpy(heap + used + n, joined, m);
    used += (off)(n + m);
  }
  mem_free(t->heap);
  t->heap = heap;
  t->heap_used = t->heap_room = used;
done:
  return st;
}

static status find_layout(const char *path, const char *file, const titles_wish *wish, range_source *source,
                          titles_layout *layout) {
  status st = OK;
  source_facts facts;
  char *head = NULL;
  size_t n;
  TRY(mem_alloc(&head, TITLES_HEAD, 1, "head of a source"));
  TRY(source_head(path, file, &facts, head, TITLES_HEAD, &n));
  source->bytes = facts.bytes;
  source->packed = facts.packed;
  TRY(source_refuse(path, &facts, false));
  TRY(text_detect_titles(path, head, n, n < TITLES_HEAD, wish, layout));
  source->layout = layout->text;
done:
  mem_free(head);
  return st;
}

static void log_layout(const char *path, const titles_layout *l, side side, const tag_rule *rule) {
  const char *role[TITLES_ROLES] = {"id", side == USERS ? "name" : "title", "tags"};
  char text[512] = "";
  for (int k = 0; k < TITLES_ROLES; k++) {
    size_t n = strlen(text);
    if (l->column[k] >= 0)
      snprintf(text + n, sizeof text - n, "%s%s = column %d%s%s%s", n > 0 ? ", " : "", role[k], l->column[k] + 1,
               l->name[k][0] != '\0' ? " (" : "", l->name[k], l->name[k][0] != '\0' ? ")" : "");
  }
  size_t n = strlen(text);
  if (l->n_flags > 0)
    snprintf(text + n, sizeof text - n, ", tags = %d columns of 0 and 1", l->n_flags);
  else if (l->column[TITLES_TAGS] >= 0 && (rule->set[0] != '\0' || rule->whole[0] != '\0'))
    snprintf(text + n, sizeof text - n, " split at `%s`", rule->set[0] != '\0' ? rule->set : rule->whole);
  log_info("%s: %s", path, text);
}

/* ---- to the ranks that own the rows ---- */

/* Texts on their way. */
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

/* Packs the lines of the table by owner; rows[i] is the row of id i, -1 if it has no event. Local. */
static status pack_texts(const comm *c, const table *t, const gid *rows, const gid *first, parcel *out) {
  status st = OK;
  off *next_row = NULL, *next_byte = NULL;
  TRY(MEM_ZALLOC(out->n_rows, c->size, "counts"));
  TRY(MEM_ZALLOC(out->n_bytes, c->size, "counts"));
  TRY(MEM_ALLOC(next_row, c->size, "counts"));
  TRY(MEM_ALLOC(next_byte, c->size, "counts"));
  TRY(MEM_ALLOC(out->row, t->n, "titles to send"));
  TRY(MEM_ALLOC(out->text, t->heap_used, "titles to send"));
  for (int pass = 0; pass < 2; pass++) { /* count, then fill */
    for (off i = 0; i < t->n; i++) {
      gid row = rows[t->line[i].id];
      if (row < 0)
        continue;
      int owner = numbering_owner(first, c->size, row);
      off end = i + 1 < t->n ? t->line[i + 1].place : t->heap_used, length = end - t->line[i].place;
      if (pass == 0) {
        out->n_rows[owner]++;
        out->n_bytes[owner] += length;
      } else {
        out->row[next_row[owner]++] = row;
        memcpy(out->text + next_byte[owner], t->heap + t->line[i].place, (size_t)length);
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

/* Sends the texts of known ids to the owners of their rows, which append them to `to`. Collective; agreed status. */
static status send_texts(comm *c, const table *t, const gid *rows, const gid *first, titles *to) {
  status st = OK;
  parcel give = {0}, got = {0};
  off n = 0, bytes = 0;
  THEN(pack_texts(c, t, rows, first, &give));
  THEN(MEM_ALLOC(got.n_rows, c->size, "counts"));
  THEN(MEM_ALLOC(got.n_bytes, c->size, "counts"));
  TRY(comm_agree(c, st));
  comm_transpose_i64(c, give.n_rows, got.n_rows);
  comm_transpose_i64(c, give.n_bytes, got.n_bytes);
  for (int r = 0; r < c->size; r++) {
    n += got.n_rows[r];
    bytes += got.n_bytes[r];
  }
  THEN(MEM_REALLOC(to->row, to->n + n, "titles"));
  THEN(MEM_REALLOC(to->text, to->bytes + bytes, "titles"));
  TRY(comm_agree(c, st));
  comm_move_rows(c, give.row, give.n_rows, to->row + to->n, got.n_rows, sizeof(gid));
  comm_move_rows(c, give.text, give.n_bytes, to->text + to->bytes, got.n_bytes, 1);
  to->n += n;
  to->bytes += bytes;
done:
  free_parcel(&give);
  free_parcel(&got);
  return st;
}

/* Counts ids without a row, and says so if that is all of them. Collective. */
static void report_table(comm *c, const char *path, const table *t, side side, const gid *rows, off kept,
                         titles_report *report) {
  *report = (titles_report){.lines = kept, .ids = t->ids.n, .latin = t->latin, .cut = t->cut};
  for (uint32_t i = 0; i < t->ids.n; i++)
    report->unused += rows[i] < 0;
  comm_sum_i64(c, (int64_t *)(void *)report, sizeof *report / sizeof(int64_t));
  if (report->ids > 0 && report->unused == report->ids)
    log_warn("%s: none of its %lld ids is one of the events; is column %d%s%s the id? --%s-id-column names another one",
             path, (long long)report->ids, t->layout.column[TITLES_ID] + 1,
             t->layout.name[TITLES_ID][0] != '\0' ? ", " : "", t->layout.name[TITLES_ID],
             side == USERS ? "user" : "item");
  if (report->latin > 0)
    log_info("%s: %lld titles are not UTF-8; read as Latin-1", path, (long long)report->latin);
  if (report->cut > 0)
    log_warn("%s: %lld titles or tags were cut to %d and %d bytes", path, (long long)report->cut, TITLE_MAX, TAGS_MAX);
}

status titles_read(comm *c, const char *path, const char *file, const titles_wish *wish, const char *tag_separator,
                   bad_limit bad, const char *rejected, const numbering *ids, const gid *first, titles *to,
                   titles_report *report) {
  status st = OK;
  table t = {0};
  range_source source = {0};
  gid *rows = NULL;
  text_counts counts;
  tag_rule rule = {.set = "|"};
  text_parser parser = {.record = take_record, .table = &t};
  if (c->rank == 0)
    st = find_layout(path, file, wish, &source, &t.layout);
  TRY(comm_agree(c, st));
  comm_broadcast(c, &source, sizeof source, 0);
  comm_broadcast(c, &t.layout, sizeof t.layout, 0);
  TRY(comm_agree(c, id_table_create(&t.ids)));
  ranges what = {.paths = &path,
                 .files = &file,
                 .sources = &source,
                 .n_sources = 1,
                 .bad = bad,
                 .rejected = rejected,
                 .label = "titles"};
  TRY(ranges_read(c, &what, &parser, 1, &counts));
  comm_sum_i64(c, t.facts.both, TAG_FACTS);
  if (t.layout.n_flags == 0 && tag_separator != NULL)
    TRY(tag_rule_wished(tag_separator, &rule));
  else if (t.layout.n_flags == 0)
    tag_rule_find(&t.facts, t.layout.words, &rule);
  log_layout(path, &t.layout, wish->side, &rule);
  THEN(split_tags(&t, &rule));
  THEN(MEM_ALLOC(rows, t.ids.n, "rows of titles"));
  TRY(comm_agree(c, st));
  TRY(numbering_find(c, ids, &t.ids, rows));
  TRY(send_texts(c, &t, rows, first, to));
  to->has[0] |= t.layout.column[TITLES_TITLE] >= 0;
  to->has[1] |= t.layout.column[TITLES_TAGS] >= 0 || t.layout.n_flags > 0;
  report_table(c, path, &t, wish->side, rows, counts.kept, report);
done:
  text_parser_free(&parser);
  free_table(&t);
  mem_free(rows);
  return st;
}

/* ---- of all tables together ---- */

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

/* Links the lines of each row, in their order: head[row] is its first line, next[line] the following one, -1 none. */
static void link_lines(const titles *t, gid first, gid n, off *head, off *next) {
  for (gid row = 0; row < n; row++)
    head[row] = -1;
  for (off i = t->n - 1; i >= 0; i--) {
    next[i] = head[t->row[i] - first];
    head[t->row[i] - first] = i;
  }
}

/* The title and the tags of one row: the first title that says something, and all tags. False if some do not fit. */
static bool merge_row(const titles *t, const off *place, const off *next, off i, char title[TITLE_MAX + 1],
                      char tags[TAGS_MAX + 1]) {
  static const tag_rule BARS = {.set = "|"};
  int said = 0;
  bool whole = true;
  title[0] = tags[0] = '\0';
  for (; i >= 0; i = next[i]) {
    const char *text = t->text + place[i];
    int says = text_says(text);
    if (says > said) {
      strcpy(title, text);
      said = says;
    }
    whole = whole && tag_join(tags, TAGS_MAX + 1, text + strlen(text) + 1, &BARS);
  }
  return whole;
}

static void put(strings *s, gid row, const char *text) {
  memset(s->bytes + row * s->width, 0, (size_t)s->width);
  memcpy(s->bytes + row * s->width, text, strlen(text));
}

status titles_place(const titles *t, gid first, gid n, strings *titles, strings *tags, titles_placed *out) {
  status st = OK;
  off *head = NULL, *next = NULL, *place = NULL;
  char title[TITLE_MAX + 1], joined[TAGS_MAX + 1];
  int width[2] = {1, 1};
  *out = (titles_placed){0};
  TRY(MEM_ALLOC(head, n, "lines of rows"));
  TRY(MEM_ALLOC(next, t->n, "lines of rows"));
  TRY(MEM_ALLOC(place, t->n, "lines of rows"));
  for (off i = 0, at = 0; i < t->n; i++) {
    place[i] = at;
    at += (off)strlen(t->text + at) + 1;
    at += (off)strlen(t->text + at) + 1;
  }
  link_lines(t, first, n, head, next);
  for (int pass = 0; pass < 2; pass++) { /* measure, then fill */
    for (gid row = 0; row < n; row++) {
      bool whole = merge_row(t, place, next, head[row], title, joined);
      int length[2] = {(int)strlen(title), (int)strlen(joined)};
      for (int k = 0; k < 2 && pass == 0; k++)
        width[k] = length[k] > width[k] ? length[k] : width[k];
      if (pass == 0)
        continue;
      if (t->has[0] && length[0] > 0)
        put(titles, row, title);
      if (t->has[1] && length[1] > 0)
        put(tags, row, joined);
      out->titled += length[0] + length[1] > 0;
      out->cut += !whole;
      for (off i = head[row]; i >= 0 && next[i] >= 0; i = next[i])
        out->repeated++;
    }
    if (pass == 0 && t->has[0])
      TRY(widen(titles, n, width[0]));
    if (pass == 0 && t->has[1])
      TRY(widen(tags, n, width[1]));
  }
done:
  mem_free(head);
  mem_free(next);
  mem_free(place);
  return st;
}

void titles_free(titles *t) {
  mem_free(t->row);
  mem_free(t->text);
  *t = (titles){0};
}
