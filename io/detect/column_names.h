/* What the usual names of columns mean, in tables of events, items and users. */
#ifndef PALATE_IO_DETECT_COLUMN_NAMES_H
#define PALATE_IO_DETECT_COLUMN_NAMES_H

#include <stddef.h>

/* A name may stand in several lists: `title` is an item where no id is, and a title in a table of items. */
typedef enum column_use {
  NAMES_USER,
  NAMES_ITEM,
  NAMES_VALUE, /* what is counted or rated */
  NAMES_TIME,
  NAMES_TITLE,
  NAMES_TAGS,
  NAMES_OTHER, /* known to be none of user, item, value and time: price, order, age, … */
  N_COLUMN_USES
} column_use;

enum { COLUMN_NAME_MAX = 64 };

/* Writes the plain name of a header field of n bytes, NUL-terminated: letters in lower case; no quotes, blanks,
 * underscores, dashes, dots or other marks; no byte order mark; no type as RecBole adds it (`user_id:token`). */
void column_plain_name(const char *field, size_t n, char out[COLUMN_NAME_MAX]);

/* Returns how sure a plain name is of this use: 0 most (ids), larger numbers less (names, then words of several
 * meanings), -1 if it is not known. Two names with one rank are equally good. */
int column_name_rank(column_use use, const char *plain);

#endif
