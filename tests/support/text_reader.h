/* For tests: a text in memory read in ranges, and its events as plain sorted lines. */
#ifndef PALATE_TESTS_SUPPORT_TEXT_READER_H
#define PALATE_TESTS_SUPPORT_TEXT_READER_H

#include "io/base/mem.h"
#include "io/detect/detect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct memory_source {
  const char *bytes;
  size_t n, at, most; /* most: bytes a read gives at once */
} memory_source;

static inline status memory_read(void *context, char *to, size_t room, size_t *got) {
  memory_source *s = context;
  *got = 0;
  while (*got < room && s->at < s->n) { /* in small pieces, but short only at the end, as the contract says */
    size_t count = s->n - s->at < room - *got ? s->n - s->at : room - *got;
    if (count > s->most)
      count = s->most;
    memcpy(to + *got, s->bytes + s->at, count);
    s->at += count;
    *got += count;
  }
  return OK;
}

typedef struct outcome {
  char **lines; /* "user|item|value|time", sorted */
  int n, room;
  char rejects[4096]; /* "line:column: reason\n" each */
  text_counts counts;
} outcome;

static inline status note_reject(void *context, const text_reject *r) {
  outcome *o = context;
  size_t used = strlen(o->rejects);
  snprintf(o->rejects + used, sizeof o->rejects - used, "%lld:%d: %s\n", (long long)r->line, r->column, r->reason);
  return OK;
}

static inline int compare_lines(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Parses the text cut at the n_cuts ascending places (0 and the end are added), as so many ranks would. */
static inline status parse_cut(const text_layout *l, const char *text, size_t n, const size_t *cuts, int n_cuts,
                               outcome *o) {
  status st = OK;
  text_place place = PLACE_START;
  off lines_before = l->skip_lines;
  text_span *names = NULL; /* of a matrix's items */
  char *header = NULL;
  *o = (outcome){0};
  if (l->format == TEXT_MATRIX && l->matrix_header >= 0) {
    size_t length = (size_t)(l->skip_bytes - l->matrix_header);
    header = malloc(length + 1);
    memcpy(header, text + l->matrix_header, length);
    TRY(text_matrix_names(l, header, length, &names));
  }
  for (int c = 0; c <= n_cuts; c++) {
    size_t begin = c > 0 ? cuts[c - 1] : 0, end = c < n_cuts ? cuts[c] : n;
    id_table users = {0}, items = {0};
    events e = {.has_value = true, .has_time = true};
    memory_source source = {text, n, 0, 7};
    text_parser p = {.layout = l,
                     .users = &users,
                     .items = &items,
                     .events = &e,
                     .reject = note_reject,
                     .context = o,
                     .items_named = names};
    p.counts.lines = lines_before;
    TRY(id_table_create(&users));
    TRY(id_table_create(&items));
    source.at = (size_t)text_range_from(l, (off)begin);
    TRY(text_range(&p, memory_read, &source, (off)begin, (off)end, place, NULL));
    lines_before = p.counts.lines;
    if (l->quoting && begin < end) {
      text_place after[2];
      source.at = (size_t)text_range_from(l, (off)begin);
      TRY(text_range_places(l, memory_read, &source, (off)begin, (off)end, after));
      place = after[place == PLACE_QUOTED];
    }
    for (event_block *b; (b = events_take(&e)) != NULL; event_block_free(b))
      for (off i = 0; i < b->n; i++) {
        char user[ID_MAX + 1], item[ID_MAX + 1], line[3 * ID_MAX];
        user[id_table_text(&users, b->user[i], user)] = '\0';
        item[id_table_text(&items, b->item[i], item)] = '\0';
        snprintf(line, sizeof line, "%s|%s|%.9g|%lld", user, item, (double)b->value[i],
                 l->has_time ? (long long)event_moment_time(event_block_moment(b, i)) : 0);
        if (o->n == o->room) {
          o->room = o->room > 0 ? 2 * o->room : 64;
          o->lines = realloc(o->lines, (size_t)o->room * sizeof *o->lines);
        }
        o->lines[o->n++] = strdup(line);
      }
    o->counts.kept += p.counts.kept;
    o->counts.rejected += p.counts.rejected;
    o->counts.blank += p.counts.blank;
    o->counts.lines = p.counts.lines;
    text_parser_free(&p);
    id_table_free(&users);
    id_table_free(&items);
  }
  if (o->n > 0)
    qsort(o->lines, (size_t)o->n, sizeof *o->lines, compare_lines);
done:
  mem_free(names);
  free(header);
  return st;
}

static inline void outcome_free(outcome *o) {
  for (int i = 0; i < o->n; i++)
    free(o->lines[i]);
  free(o->lines);
  *o = (outcome){0};
}

static inline bool outcome_equal(const outcome *a, const outcome *b) {
  bool same = a->n == b->n && strcmp(a->rejects, b->rejects) == 0 && a->counts.kept == b->counts.kept &&
              a->counts.rejected == b->counts.rejected && a->counts.blank == b->counts.blank &&
              a->counts.lines == b->counts.lines;
  for (int i = 0; same && i < a->n; i++)
    same = strcmp(a->lines[i], b->lines[i]) == 0;
  return same;
}

#endif
