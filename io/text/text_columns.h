/* Which column is the user, the item, the value and the time. Private to the parser. */
#ifndef PALATE_IO_TEXT_TEXT_COLUMNS_H
#define PALATE_IO_TEXT_TEXT_COLUMNS_H

#include "io/text/column_names.h"
#include "io/text/text_facts.h"

/* The words of the roles as options have them, and the lists of their names. */
extern const char *const ROLE_OPTION[N_ROLES];
extern const column_use ROLE_NAMES[N_ROLES];

/* The rank of a header field among the names of this use; see column_name_rank. A field without a name is NAMES_OTHER:
 * the row numbers that pandas writes. */
int field_name_rank(const text_span *field, column_use use);

/* Returns true for a usual name of any column. */
bool known_column_name(const text_span *field);

/* What is known of a table of events. */
typedef struct table {
  const head *h;
  const text_wish *w;
  text_layout *l;         /* separator, quoting and header are set */
  const text_span *names; /* [n_names] of the header; 0 if there is none */
  int n_names;
  table_facts facts;   /* of the lines behind the header */
  int first;           /* the first line that is an event */
  int column[N_ROLES]; /* -1: none, or not known yet */
  bool none[N_ROLES];  /* the user said that there is none */
} table;

/* Fills the layout's columns. With a header, names decide; without one, position and what the columns hold. USAGE where
 * more than one answer is possible: the message shows the first lines and what to type. */
status choose_columns(table *t);

/* Fails with USAGE: `why` (a sentence without its point), the header, the first row, and the command that would read
 * the file, with NAME or a number for what has to be filled in. `missing` is a set of bits 1 << role. `hint` (may be
 * "") comes last. */
status columns_ask(const table *t, unsigned missing, const char *hint, const char *why, ...)
    __attribute__((format(printf, 4, 5)));

/* Appends to a text of `room` bytes. */
void text_add(char *to, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes `text` so that a shell takes it as one word. */
void shell_word(const char *text, size_t n, char *out, size_t room);

/* Returns true if the first line has to be names: the user says so, or names for a user and an item stand in it. */
bool first_names_columns(const text_wish *w, const text_span *first, int n);

/* Returns true if the first line names columns, false if it is an event; *unsure if neither can be told. */
bool guess_header(const text_wish *w, const text_span *first, int n_first, const table_facts *rest, bool *unsure);

/* Fills the layout's columns of a table of baskets: user (unless `no_users`), time, and the field that holds the items;
 * t->column[ROLE_ITEM] stays -1 if the items are all columns without a role. USAGE. */
status choose_basket_columns(table *t, bool no_users);

#endif
