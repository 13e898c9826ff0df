/* Records that give many events: lists, baskets and matrices. Private to the parser. */
#ifndef PALATE_IO_TEXT_TEXT_LINES_H
#define PALATE_IO_TEXT_TEXT_LINES_H

#include "io/text/text_batch.h"

/* Whether the records of a format give many events each. */
static inline bool text_gives_many(text_format f) {
  return f == TEXT_LISTS || f == TEXT_BASKETS || f == TEXT_MATRIX;
}

/* Takes the events of such a record: all of them, or none if it is rejected. `shown` is the record for a message, as
 * quotes are removed in place. */
status text_many_record(text_parser *p, batch *b, char *record, const char *shown, size_t n);

/* Orders `const text_span *` bytewise, for qsort. */
int text_compare_spans(const void *a, const void *b);

/* All fields of a line, allocated; they lie in `line`, which is changed. */
status text_all_fields(const text_layout *l, char *line, size_t n, text_span **fields, int *count);

#endif
