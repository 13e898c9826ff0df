/* How the numbers and dates of a column are written, found from the fields of its first lines. Where the fields allow
 * two readings, the user is asked. Kernel: local, no allocation. Private to the parser. */
#ifndef PALATE_IO_DETECT_TEXT_GUESS_H
#define PALATE_IO_DETECT_TEXT_GUESS_H

#include "io/detect/detect.h"

enum { GUESS_SHOWN = 40 };

/* The first field of a kind, and how many there are. */
typedef struct guess_example {
  off count, line;
  char text[GUESS_SHOWN];
} guess_example;

/* What the fields of a value column have shown. */
typedef struct number_evidence {
  off fields, integers, others;               /* others: not numbers */
  guess_example plain;                        /* no mark of a duration or per cent */
  guess_example decimal_comma, decimal_point; /* 4,5 and 4.5: can only be a fraction */
  guess_example group_comma, group_point;     /* 1,234,567 and 1.234.567: can only be groups */
  guess_example either_comma, either_point;   /* 1,234 and 1.234 */
  guess_example group_other;                  /* 1 234, 1'234 and 1_234 */
  char other_mark;
  bool mixed_marks, long_integer; /* two kinds of group_other; an integer of four digits or more without groups */
  guess_example currency, currency_other;
  char sign[CURRENCY_MAX];
  guess_example per_cent, hms, two_parts; /* 85%, 1:02:03, 2:03 */
} number_evidence;

/* What the fields of a time column have shown. */
typedef struct time_evidence {
  off fields, numbers;
  guess_example day_first, month_first, either, short_year; /* see date_shape */
  guess_example eight_date;                                 /* of eight digits, and a date */
  guess_example digits_date;                                /* of 10, 12 or 14 digits, and a date */
  off long_dates;                                           /* of these, those of 12 or 14 */
  guess_example month, year, serial;                        /* 200905, 2009, and a spreadsheet's days since 1900 */
} time_evidence;

/* Takes a field of a line (from 1) into account. */
void number_see(number_evidence *e, const char *s, size_t n, off line);
void time_see(time_evidence *e, const char *s, size_t n, off line);

/* Decides how the column is read, which `place` calls `column 3 (rating)`, and writes it into the layout (number, or
 * unit and time_format; and reading). BAD_DATA if the fields contradict each other, USAGE if the user has to say; both
 * messages show fields and the options to type. */
status number_decide(const number_evidence *e, const text_wish *w, const char *name, const char *place, text_layout *l);
status time_decide(const time_evidence *e, const text_wish *w, const char *name, const char *place, text_layout *l);

/* Does this for the value and the time column of a text with columns, from its first n bytes. Also finds n_fields. */
status text_samples(const char *name, const char *bytes, size_t n, bool whole, const text_wish *w, text_layout *l);

/* Notes an example; for the two above. */
void guess_note(guess_example *e, const char *s, size_t n, off line);

#endif
