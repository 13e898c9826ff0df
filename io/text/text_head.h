/* The first lines of a text, for the two that look at them: text_detect.c and text_titles.c. */
#ifndef PALATE_IO_TEXT_TEXT_HEAD_H
#define PALATE_IO_TEXT_TEXT_HEAD_H

#include "io/text/text.h"

enum { LINES = 50 /* looked at */ };

typedef struct head {
  const char *name;
  const char *at, *end;  /* the line in question and what follows it */
  text_span line[LINES]; /* the first whole lines that are not empty, behind a byte order mark */
  off line_end[LINES];   /* place behind each, counted from the first byte of the file */
  off line_number[LINES];
  int n;
} head;

/* Reads what can be told before the kind is known: byte order mark, emptiness, encoding. *from is where lines begin. */
status head_read(head *h, const char *name, const char *bytes, size_t n, bool whole, size_t *from);

/* Sets the separator as the person said ("tab", "::", …), or as cuts most of the first lines alike. */
status head_wished_separator(text_layout *l, const char *text);
void head_guess_separator(text_layout *l, const head *h);
/* Commas and semicolons go with quotes unless the person said otherwise (see text_wish). */
status head_quoting(text_layout *l, int wish);

/* Line i in at most TEXT_COLUMNS_MAX fields, which lie in `copy` (HEAD_COPY bytes); 0 where there is no such line. */
enum { HEAD_COPY = 8192 };
int head_split(const text_layout *l, const head *h, int i, char *copy, text_span *fields);

/* The column that a name or a number from 1 means. `option` is for messages. USAGE where there is none. */
status head_column(const head *h, const text_layout *l, const char *wish, const char *option, const text_span *names,
                   int n_names, int *out);

/* The name in small letters and digits alone. */
void head_plain_name(const text_span *field, char *out, size_t size);

#endif
