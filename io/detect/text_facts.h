/* What stands in the columns of a text, from its first lines. Private to the parser. */
#ifndef PALATE_IO_DETECT_TEXT_FACTS_H
#define PALATE_IO_DETECT_TEXT_FACTS_H

#include "io/detect/text_head.h"

/* Of one column: how many of its fields are … */
typedef struct column_facts {
  int fields, empty;  /* of all lines; without anything, or NA, null, \N, … */
  int numbers;        /* numbers as people write them: 4.5, 4,5, 1,234.50, $3 */
  int whole;          /* … digits alone */
  int padded;         /* … with a zero in front, as ids are: 0042 */
  int zeros, nines;   /* … that are 0; that are 99, for nothing as in Jester */
  int dates;          /* 2009-05-04, 28.11.2011 12:38, … */
  int seconds;        /* numbers that are times of 1973 to 2100 in s, ms, µs or ns */
  int recent;         /* … of 1989 to 2040 */
  int parts;          /* fields that are numbers between blanks, commas, semicolons or bars: 11 12 13 */
  int bars;           /* fields with a bar, comma, semicolon or blank within */
  int first_again;    /* fields of later lines that equal the first line's */
  double least, most; /* of the numbers */
} column_facts;

typedef struct table_facts {
  int lines;   /* looked at */
  int columns; /* that most of them have */
  int alike;   /* lines with so many columns */
  int longer;  /* lines with more, of which something stands in the further ones */
  column_facts column[TEXT_COLUMNS_MAX];
} table_facts;

/* Looks at the lines from `first` on. */
void facts_of(const head *h, const text_layout *l, int first, table_facts *out);

/* Returns true if `count` are most of the fields that hold something: one odd line does not change a column. */
bool facts_mostly(const column_facts *f, int count);

bool facts_numeric(const column_facts *f);
/* A column of dates; of numbers that can only be times (`recent`) or may be. */
bool facts_dates(const column_facts *f);
bool facts_seconds(const column_facts *f, bool recent);

/* Returns true if one field alone is a number or a date as above. */
bool field_is_number(const text_span *field);
bool field_is_date(const text_span *field);
bool field_is_empty(const text_span *field);

#endif
