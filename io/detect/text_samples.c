/* How the columns of a text with separators are written, from its first lines. */
#include "io/detect/text_guess.h"

#include <stdio.h>
#include <string.h>

enum { COPY = 1 << 14 /* longer lines tell nothing */ };

/* What the first lines have shown. */
typedef struct samples {
  number_evidence numbers;
  time_evidence times;
  off records, fields[TEXT_COLUMNS_MAX]; /* lines, and those with so many fields */
} samples;

static void see_record(samples *s, const text_layout *l, const char *record, size_t n, off line) {
  char copy[COPY];
  text_span fields[TEXT_COLUMNS_MAX];
  const char *bad;
  size_t bad_at;
  if (n == 0 || n > sizeof copy)
    return;
  memcpy(copy, record, n);
  int count = text_split(l, copy, n, fields, TEXT_COLUMNS_MAX, &bad, &bad_at);
  if (count < l->n_columns)
    return;
  for (int c = 0; c < l->n_columns; c++)
    if (l->role[c] == ROLE_VALUE)
      number_see(&s->numbers, fields[c].at, fields[c].n, line);
    else if (l->role[c] == ROLE_TIME)
      time_see(&s->times, fields[c].at, fields[c].n, line);
  if (l->separator_length == 1) {
    text_span field;
    count = text_count_columns(l, record, n, 0, &field);
    s->fields[count < TEXT_COLUMNS_MAX ? count : 0]++;
    s->records++;
  }
}

/* Finds l->n_fields, which is that of the header or 0: without a header, what most lines have. */
static status decide_fields(const samples *s, const char *name, text_layout *l) {
  int usual = 0;
  for (int i = 1; i < TEXT_COLUMNS_MAX; i++)
    if (s->fields[i] > s->fields[usual])
      usual = i;
  if (l->format != TEXT_CSV || l->separator_length != 1 || usual >= TEXT_COLUMNS_MAX || l->n_fields >= TEXT_COLUMNS_MAX)
    l->n_fields = 0;
  else if (!l->header)
    l->n_fields = usual;
  else if (usual == l->n_fields + 1 && s->fields[usual] == s->records)
    return status_fail(
        BAD_DATA,
        "%s: the header names %d columns, but every line has %d; numbers of rows, as R writes them, need "
        "a name in the header, and a comma within a field needs quotes",
        name, l->n_fields, usual);
  return OK;
}

static void place_name(const text_layout *l, text_role role, char *out, size_t size) {
  static const char *const ROLE[N_ROLES] = {"", "user", "item", "value", "time"};
  int column = 0;
  for (int c = 0; c < l->n_columns; c++)
    if (l->role[c] == role)
      column = c + 1;
  const char *name = l->column_name[role][0] != '\0' ? l->column_name[role] : ROLE[role];
  snprintf(out, size, "column %d (%s)", column, name);
}

status text_samples(const char *name, const char *bytes, size_t n, bool whole, const text_wish *w, text_layout *l) {
  status st = OK;
  samples s = {0};
  char place[128];
  off line = l->skip_lines;
  const char *at = bytes + l->skip_bytes, *end = bytes + n;
  while (at < end) {
    text_place mark = PLACE_START;
    const char *next = text_scan(l, at, end, &mark, true);
    if (next == NULL && !whole)
      break;
    const char *stop = next != NULL ? next : end;
    size_t length = (size_t)(stop - at);
    while (length > 0 && (at[length - 1] == '\n' || at[length - 1] == '\r'))
      length--;
    see_record(&s, l, at, length, line + 1);
    line += text_count_lines(at, stop);
    at = stop;
  }
  TRY(decide_fields(&s, name, l));
  if (l->has_value) {
    place_name(l, ROLE_VALUE, place, sizeof place);
    TRY(number_decide(&s.numbers, w, name, place, l));
  }
  if (l->has_time) {
    place_name(l, ROLE_TIME, place, sizeof place);
    TRY(time_decide(&s.times, w, name, place, l));
  }
done:
  return st;
}
