/* Tables of titles and tags of items, and of names of users: which columns they have. Kernel: local. */
#ifndef PALATE_IO_TABLES_TEXT_TITLES_H
#define PALATE_IO_TABLES_TEXT_TITLES_H

#include "io/tables/title_names.h"
#include "io/text/text.h"

enum {
  TITLES_HEAD = 1 << 22, /* bytes from the beginning of a table that text_detect_titles looks at */
  TITLES_FLAGS = 32,     /* columns that are a tag each */
  TITLES_NAME = 64
};

/* What the user asked for; NULL or 0: detect it. */
typedef struct titles_wish {
  side side;
  const char *column[TITLES_ROLES]; /* as in text_wish; the title is a user's name; users have no tags */
  const char *separator;            /* of columns: taken if it fits the table */
  int quoting;
  const char *events_id; /* what the events call the column of these ids; "" if they have no header */
} titles_wish;

typedef struct titles_layout {
  text_layout text;
  int column[TITLES_ROLES];             /* -1: none */
  char name[TITLES_ROLES][TITLES_NAME]; /* from the header, for the log */
  int n_fields;                         /* columns of the table */
  bool rest;                            /* the last column has the rest of the line, separators too */
  bool words;                           /* the header says that tags are words between blanks (RecBole's token_seq) */
  int n_flags;                          /* columns with 1 where an item has the tag, 0 where not */
  uint8_t flag_column[TITLES_FLAGS];
  char flag_name[TITLES_FLAGS][TITLES_NAME];
} titles_layout;

/* Finds the layout of a table from its first n bytes, `head`; `whole` says that they are all of it. `name` is used in
 * messages. BAD_DATA if it is not a table; USAGE if columns cannot be told: the message has the header, the first row
 * and the options. */
status text_detect_titles(const char *name, const char *head, size_t n, bool whole, const titles_wish *wish,
                          titles_layout *out);

#endif
