/* The quick path of the text parser: reads plain records in one pass and leaves all others to the careful path. A
 * header, so that it is inlined into the parser's loop. Private to the parser. */
#ifndef PALATE_IO_TEXT_TEXT_QUICK_H
#define PALATE_IO_TEXT_TEXT_QUICK_H

#include "io/text/text_event.h"

#include <limits.h>

static inline bool ends_field(const char *s, char separator) {
  return *s == separator || *s == '\n' || *s == '\r';
}

/* Reads the digits at s and returns the byte after them; *number is their value modulo 2^64. */
static inline const char *quick_digits(const char *s, uint64_t *number) {
  unsigned digit;
  *number = 0;
  while ((digit = (unsigned char)*s - (unsigned)'0') <= 9) {
    *number = 10 * *number + digit;
    s++;
  }
  return s;
}

/* Returns the byte after the field at s, if it has no quote or control character. */
static inline const char *quick_skip(const char *s, char separator) {
  while (*s != separator && (unsigned char)*s >= ' ' && *s != '"')
    s++;
  return s;
}

/* Reads an id: a number if it is plain digits, else bytes without control characters and quotes. NULL: leave the record
 * to the careful path. */
static inline const char *quick_id(const char *s, char separator, token *out) {
  uint64_t number;
  const char *from = s;
  s = quick_digits(s, &number);
  if (s > from && ends_field(s, separator) && s - from <= 18 && (*from != '0' || s - from == 1)) {
    *out = (token){.number = number};
    return s;
  }
  s = quick_skip(s, separator);
  if (s == from || s - from > ID_MAX || !ends_field(s, separator))
    return NULL;
  *out = (token){.text = from, .n = (size_t)(s - from)};
  /* The table handles integers of 19 digits and the like. */
  return s;
}

static inline const char *quick_value(const text_layout *l, const char *s, char separator, real *out) {
  uint64_t number;
  const char *from = s;
  s = quick_digits(s, &number);
  if (s - from <= 9 && s > from && ends_field(s, separator) && l->number.form <= FORM_NUMBER) {
    *out = (real)(uint32_t)number; /* one rounding, as (real)(double) is for so few digits */
    return s;
  }
  s = quick_skip(s, separator);
  return ends_field(s, separator) && text_number(&l->number, from, (size_t)(s - from), out) == NULL ? s : NULL;
}

static inline const char *quick_time(const text_layout *l, const char *s, char separator, event *e) {
  uint64_t number;
  const char *from = s;
  s = quick_digits(s, &number);
  /* Eight digits may be a date. */
  if (l->unit <= UNIT_S && s > from && s - from <= 10 && s - from != 8 && number <= (uint64_t)EVENT_TIME_MAX &&
      ends_field(s, separator)) {
    e->time = (int64_t)number;
    e->nano = 0;
    e->unit = UNIT_S;
    return s;
  }
  s = quick_skip(s, separator);
  return ends_field(s, separator) && text_layout_time(l, from, (size_t)(s - from), &e->unit, &e->time, &e->nano) == NULL
             ? s
             : NULL;
}

/* Reads the record at s into *e; a line end must follow somewhere. Returns the byte after its line end, or NULL to
 * leave it to the careful path. */
static inline const char *quick_record(const text_layout *l, const char *s, event *e) {
  char separator = l->separator[0];
  int length = l->separator_length;
  if (*s == l->comment[0]) /* a text has no NULs; the careful path says what is wrong with one */
    return NULL;
  for (int c = 0; c < l->n_columns; c++) {
    if (c > 0) {
      for (int k = 0; k < length; k++)
        if (s[k] != l->separator[k])
          return NULL;
      s += length;
    }
    switch ((text_role)l->role[c]) {
    case ROLE_USER:
      s = quick_id(s, separator, &e->user);
      break;
    case ROLE_ITEM:
      s = quick_id(s, separator, &e->item);
      break;
    case ROLE_VALUE:
      s = quick_value(l, s, separator, &e->value);
      break;
    case ROLE_TIME:
      s = quick_time(l, s, separator, e);
      break;
    default:
      s = quick_skip(s, separator);
      if (!ends_field(s, separator))
        return NULL;
    }
    if (s == NULL)
      return NULL;
  }
  int more = l->n_fields > 0 ? l->n_fields - l->n_columns : INT_MAX;
  while (*s != '\n' && *s != '\r') { /* further columns */
    if (*s == '\0' || *s == '"')
      return NULL;
    more -= *s == separator;
    s++;
  }
  if (more < 0)
    return NULL;
  if (*s == '\r' && s[1] == '\n')
    s++;
  if (l->watch_header && text_repeats_header(l, e))
    return NULL;
  if (matrix_index(&e->user, l->most_user) != NULL || matrix_index(&e->item, l->most_item) != NULL)
    return NULL;
  return s + 1;
}

#endif
