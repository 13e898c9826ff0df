/* The interface of detection: the first bytes of a text -> its layout, or a message that says what is unclear and what
 * to type. Kernel: local, opens no files. */
#ifndef PALATE_IO_DETECT_DETECT_H
#define PALATE_IO_DETECT_DETECT_H

#include "io/text/text.h"

enum {
  TEXT_HEAD = 1 << 16,     /* bytes from the beginning of a file that text_detect needs … */
  TEXT_HEAD_MOST = 4 << 20 /* … and those it may be given where these do not tell */
};

/* What the user asked for; NULL or 0: detect it. A column is given as a number from 1, a name in the header, or "none"
 * (value and time only). */
typedef struct text_wish {
  text_format format;
  const char *separator; /* ",", "tab", "\t", "::", "blank", … */
  int header;            /* 0 detect, 1 yes, 2 no */
  int quoting;           /* 0 detect, 1 yes, 2 no, 3 yes, and quotes may be escaped by a backslash */
  text_time_unit unit;
  int rows;                /* MatrixMarket: 0 or 1: a row is a user, 2: an item */
  const char *time_format; /* see time_format_check; NULL: detect */
  char decimal, thousands; /* see number_style; 0: detect */
  number_form value_form;
  const char *column[N_ROLES]; /* JSON lines: keys, with dots before those of objects within (`reviewer.id`) */
  const char *item_separator;  /* baskets: between the items of a field; NULL: detect */
  const char *comment;         /* what comments above the data begin with; "none": there are none */
} text_wish;

/* Finds the layout of a text from its first n bytes, `head`; `whole` says that they are all of it. `name` is used in
 * messages. BAD_DATA if the format is unknown, USAGE if a wish does not fit the text; both messages say what to do. */
status text_detect(const char *name, const char *head, size_t n, bool whole, const text_wish *wish, text_layout *out);

/* The word that --separator takes for a layout's separator. */
const char *text_separator_word(const text_layout *l);

#endif
