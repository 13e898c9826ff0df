/* Lines with more columns than their header: a decimal comma, or a text with a separator, that is not in quotes. Where
 * it could have shifted a column that is used, such a line must not be read. */
#include "io/text/text.h"

#include <string.h>

int text_count_columns(const text_layout *l, const char *record, size_t n, int column, text_span *field) {
  char separator = l->separator[0];
  text_place place = PLACE_START;
  int count = 1, full = 0;
  const char *from = record;
  *field = (text_span){record, 0};
  for (size_t i = 0; i <= n; i++) {
    bool inside = l->quoting && place == PLACE_QUOTED;
    if (i == n || (record[i] == separator && !inside)) {
      text_span f = {from, (size_t)(record + i - from)};
      if (f.n > 0)
        full = count;
      if (count - 1 == column)
        *field = f;
      count++;
      from = record + i + 1;
      place = PLACE_START;
    } else if (!l->quoting)
      continue;
    else if (l->backslash && inside && record[i] == '\\')
      i++;
    else if (record[i] == '"')
      place = inside ? PLACE_QUOTE : place == PLACE_PLAIN ? PLACE_PLAIN : PLACE_QUOTED;
    else if (!inside)
      place = PLACE_PLAIN;
  }
  return full;
}

bool text_surplus(const text_layout *l, const char *record, size_t n) {
  int value = -1;
  bool gaps = false;
  text_span next;
  if (l->n_fields == 0)
    return false;
  for (int c = 0; c < l->n_columns; c++) {
    if (l->role[c] == ROLE_VALUE)
      value = c;
    gaps |= l->role[c] == ROLE_SKIP;
  }
  if (text_count_columns(l, record, n, value + 1, &next) <= l->n_fields)
    return false;
  if (gaps || l->n_columns == l->n_fields)
    return true;
  /* All that is used stands in front; only a fraction behind a comma could be among it. */
  size_t digits = 0;
  while (digits < next.n && next.at[digits] >= '0' && next.at[digits] <= '9')
    digits++;
  return value >= 0 && digits > 0 && digits == next.n;
}
