/* The first lines of a text: finding them, splitting them, naming their columns. Private to the parser. */
#ifndef PALATE_IO_TEXT_TEXT_HEAD_H
#define PALATE_IO_TEXT_TEXT_HEAD_H

#include "io/text/text.h"

enum { LINES = 1000 /* lines looked at */ };

typedef struct head {
  const char *name;
  text_span line[LINES]; /* the first complete lines that are not empty, after the byte order mark */
  off line_end[LINES];   /* byte after each, counted from the first byte of the file */
  off line_number[LINES];
  int n;
} head;

/* Finds the lines, whatever the format. *from becomes the byte where they begin (after a byte order mark). BAD_DATA if
 * the text is empty, is UTF-16, or has no complete line. */
status head_read(head *h, const char *name, const char *bytes, size_t n, bool whole, size_t *from);

/* Removes the comments above the data: lines that begin with `#`, `%` or `//`, or with `wish` if it is not NULL
 * ("none": there are no comments). l->skip_bytes, skip_lines and comment say what was removed; *last (length 0: none)
 * becomes the last comment without its mark, which may name the columns. All lines are kept if all are comments. */
void head_comments(head *h, text_layout *l, const char *wish, text_span *last);

/* Removes a first line `sep=;`, with which Excel says what separates columns; returns whether there was one. */
bool head_separator_line(head *h, text_layout *l, char separator[2]);

/* Joins lines within quotes, as the layout's quoting says: the lines become records. */
void head_join_records(head *h, const text_layout *l);

void head_set_separator(text_layout *l, const char *separator);
/* Sets the column separator to what the user gave ("tab", "::", …); USAGE. */
status head_wished_separator(text_layout *l, const char *text);
/* Sets l->quoting: on for commas and semicolons unless `wish` says otherwise (see text_wish.quoting). USAGE. */
status head_quoting(text_layout *l, int wish);

/* How the lines are split by a separator. */
typedef struct head_split_facts {
  int columns; /* that most lines have */
  int alike;   /* lines with so many */
  int split;   /* lines with two or more */
  int lines;   /* … of so many that are whole */
} head_split_facts;
head_split_facts head_try_separator(const text_layout *l, const head *h);

/* Sets the separator that splits most of the lines into the same number of columns, if several do the one that gives
 * most columns; "" if none splits half of them alike. *rival (may be NULL) becomes another that does as well, or NULL.
 */
void head_guess_separator_of(text_layout *l, const head *h, const char **rival);
void head_guess_separator(text_layout *l, const head *h);

/* How many columns a line has, at most TEXT_COLUMNS_MAX; -1 if its quotes are broken. */
int head_count_fields(const text_layout *l, const text_span *line);

/* Splits line i into at most TEXT_COLUMNS_MAX fields, which lie in `copy` (HEAD_COPY bytes). Returns how many, 0 if
 * there is no such line or it is broken. */
enum { HEAD_COPY = 8192 };
int head_split(const text_layout *l, const head *h, int i, char *copy, text_span *fields);

/* Finds the column given by name or by number from 1. `option` is for messages. USAGE if there is no such column. */
status head_column(const head *h, const text_layout *l, const char *wish, const char *option, const text_span *names,
                   int n_names, int *out);

/* Gives a role to a column; its name (if the layout has a header) is kept for the log. */
void head_give_role(text_layout *l, text_role role, int column, const text_span *names, int n_names);

/* Returns true if a line is the header of a MatrixMarket file, or a misspelt one. */
bool head_is_matrix_market(const text_span *line);

/* Finds the layout of a MatrixMarket file, the first n bytes of which are `bytes`: a banner, comments, and a line of
 * sizes before the entries. BAD_DATA, USAGE. */
status detect_matrix_market(const head *h, const char *bytes, size_t n, const text_wish *w, text_layout *l);

#endif
