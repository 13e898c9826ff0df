/* An event as read from one record; its ids are not yet in the tables. Private to the parser. */
#ifndef PALATE_IO_TEXT_TEXT_EVENT_H
#define PALATE_IO_TEXT_TEXT_EVENT_H

#include "io/text/text.h"

#include <string.h>

/* An id in a record: its number, or (text != NULL) its bytes. */
typedef struct token {
  const char *text;
  size_t n;
  uint64_t number;
} token;

typedef struct event {
  token user, item;
  real value;
  int64_t time;
  uint32_t nano; /* nanoseconds beyond the second */
  text_time_unit unit;
} event;

/* NULL, or what is wrong with an id of a MatrixMarket file, which declares its numbers of rows and columns. */
static inline const char *matrix_index(const token *id, uint64_t most) {
  if (most == 0)
    return NULL;
  return id->text != NULL || id->number < 1 || id->number > most ? "the index is not within the declared size" : NULL;
}

/* Returns true if the ids of an event are the names of its columns: the header of a file that was put behind another.
 */
static inline bool text_repeats_header(const text_layout *l, const event *e) {
  const char *user = l->column_name[ROLE_USER], *item = l->column_name[ROLE_ITEM];
  return e->user.text != NULL && e->item.text != NULL && e->user.n == strlen(user) && e->item.n == strlen(item) &&
         memcmp(e->user.text, user, e->user.n) == 0 && memcmp(e->item.text, item, e->item.n) == 0;
}

#endif
