/* Finding the ends of records and fields, with and without quotes. */
#include "io/text/text.h"

#include <string.h>

const char *text_line_end(const char *at, const char *end) {
  const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL, *to = stop != NULL ? stop : end;
  const char *alone = at < to ? memchr(at, '\r', (size_t)(to - at)) : NULL;
  if (alone != NULL)
    return alone + 1 == stop ? stop + 1 : alone + 1;
  return stop != NULL ? stop + 1 : NULL;
}

off text_count_lines(const char *from, const char *to) {
  off lines = 0;
  for (const char *at = from; at < to && (at = memchr(at, '\n', (size_t)(to - at))) != NULL; at++)
    lines++;
  for (const char *at = from; at < to && (at = memchr(at, '\r', (size_t)(to - at))) != NULL; at++)
    lines += at + 1 == to || at[1] != '\n';
  return lines;
}

/* Inside quotes: passes over bytes up to the quote that may close them, and returns the byte after it; NULL if there is
 * none. */
static const char *next_mark(bool backslash, const char *at, const char *end, text_place *place) {
  if (!backslash) {
    at = memchr(at, '"', (size_t)(end - at));
    if (at == NULL)
      return NULL;
    *place = PLACE_QUOTE;
    return at + 1;
  }
  for (; at < end; at++) {
    if (*place == PLACE_ESCAPE)
      *place = PLACE_QUOTED;
    else if (*at == '\\')
      *place = PLACE_ESCAPE;
    else if (*at == '"') {
      *place = PLACE_QUOTE;
      return at + 1;
    }
  }
  return NULL;
}

const char *text_scan(const text_layout *layout, const char *at, const char *end, text_place *place, bool record) {
  if (!layout->quoting) {
    return record ? text_line_end(at, end) : NULL;
  }
  char separator = layout->separator[0];
  text_place now = *place;
  while (at < end) {
    if (now == PLACE_QUOTED || now == PLACE_ESCAPE) {
      at = next_mark(layout->backslash, at, end, &now);
      if (at == NULL)
        break;
      continue;
    }
    char c = *at++;
    if (c == '"' && now != PLACE_PLAIN) /* opens, or is the second of a doubled one */
      now = PLACE_QUOTED;
    else if (c == '\n' || c == '\r') {
      now = PLACE_START;
      if (c == '\r' && at < end && *at == '\n')
        at++;
      if (record) {
        *place = now;
        return at;
      }
    } else
      now = c == separator ? PLACE_START : PLACE_PLAIN;
  }
  *place = now;
  return NULL;
}

int text_split_blanks(char *record, size_t n, text_span *fields, int most) {
  int count = 0;
  for (size_t i = 0; i < n && count < most;) {
    while (i < n && (record[i] == ' ' || record[i] == '\t'))
      i++;
    size_t from = i;
    while (i < n && record[i] != ' ' && record[i] != '\t')
      i++;
    if (i > from)
      fields[count++] = (text_span){record + from, i - from};
  }
  return count;
}

/* unquote() where a backslash may escape a quote or a backslash. */
static const char *unquote_escaped(char *record, size_t n, size_t i, char separator, text_span *field, size_t *next) {
  size_t to = i + 1, from = i + 1;
  for (; from < n; from++) {
    bool doubled = record[from] == '"' && from + 1 < n && record[from + 1] == '"';
    bool escaped = record[from] == '\\' && from + 1 < n && (record[from + 1] == '"' || record[from + 1] == '\\');
    if (record[from] == '"' && !doubled)
      break;
    from += doubled || escaped;
    record[to++] = record[from];
  }
  if (from == n)
    return "a quote is not closed";
  from++;
  if (from < n && record[from] != separator)
    return "text after a closing quote";
  *field = (text_span){record + i + 1, to - (i + 1)};
  *next = from;
  return NULL;
}

/* Removes the quotes of the field that begins at record[i]; *next is the place of the separator or the end after it. */
static const char *unquote(char *record, size_t n, size_t i, char separator, text_span *field, size_t *next) {
  size_t to = i + 1, from = i + 1;
  for (;;) {
    const char *mark = from < n ? memchr(record + from, '"', n - from) : NULL;
    if (mark == NULL)
      return "a quote is not closed";
    size_t length = (size_t)(mark - record) - from;
    memmove(record + to, record + from, length);
    to += length;
    from += length + 1;
    if (from == n || record[from] != '"')
      break;
    record[to++] = '"';
    from++;
  }
  if (from < n && record[from] != separator)
    return from >= 2 && record[from - 2] == '\\'
               ? "text after a closing quote; --quoting backslash reads \\\" as a quote within the text"
               : "text after a closing quote";
  *field = (text_span){record + i + 1, to - (i + 1)};
  *next = from;
  return NULL;
}

int text_split(const text_layout *layout, char *record, size_t n, text_span *fields, int most, const char **bad,
               size_t *bad_at) {
  size_t length = (size_t)layout->separator_length;
  if (length == 0)
    return text_split_blanks(record, n, fields, most);
  int count = 0;
  size_t i = 0;
  while (count < most) {
    size_t next;
    if (layout->quoting && i < n && record[i] == '"') {
      *bad = layout->backslash ? unquote_escaped(record, n, i, layout->separator[0], &fields[count], &next)
                               : unquote(record, n, i, layout->separator[0], &fields[count], &next);
      if (*bad != NULL) {
        *bad_at = i;
        return -1;
      }
    } else {
      const char *found = i < n ? record + i : NULL;
      while (found != NULL) {
        found = memchr(found, layout->separator[0], (size_t)(record + n - found));
        if (found == NULL || length == 1)
          break;
        if ((size_t)(record + n - found) >= length && memcmp(found, layout->separator, length) == 0)
          break;
        found++;
      }
      next = found != NULL ? (size_t)(found - record) : n;
      fields[count] = (text_span){record + i, next - i};
    }
    count++;
    if (next >= n)
      return count;
    i = next + length;
  }
  return count;
}
