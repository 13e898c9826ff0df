/* Reading the numbers of a value column as its source writes them. Kernel: local, no allocation. */
#ifndef PALATE_IO_VALUES_TEXT_NUMBER_H
#define PALATE_IO_VALUES_TEXT_NUMBER_H

#include "io/base/types.h"

/* What stands in a value column. */
typedef enum number_form {
  FORM_AUTO,    /* in a wish: detect it; in a style: as FORM_NUMBER */
  FORM_NUMBER,  /* 4.5 */
  FORM_PERCENT, /* 85% -> 85 */
  FORM_SHARE,   /* 85% -> 0.85 */
  FORM_HMS,     /* 1:02:03 -> 3723 seconds; 2:03 -> 123 */
  FORM_MS,      /* 2:03 -> 123 seconds; 1:02:03 -> 3723 */
  FORM_HM       /* 2:03 -> 7380 seconds; 2:03:04 -> 7384 */
} number_form;

/* "auto|number|…" in the order of number_form. */
#define NUMBER_FORM_WORDS "auto|number|percent|share|h:m:s|m:s|h:m"

enum { CURRENCY_MAX = 8 };

/* How the numbers of a column are written. {0} is [-+]digits[.digits][e[-+]digits]. */
typedef struct number_style {
  char decimal;   /* '.' or ','; 0 is '.' */
  char thousands; /* ',', '.', '\'', '_' or ' ' (also the no-break spaces); 0: digits are not grouped */
  number_form form;
  bool doubtful;               /* refuse 1.234, which may be 1234 in a file that has shown no other fraction */
  char currency[CURRENCY_MAX]; /* a sign that may stand before or after the number; "": none */
} number_style;

/* Reads a finite number [-+]digits[.digits][e[-+]digits] in single precision. Returns NULL, or what is wrong. */
const char *text_value(const char *s, size_t n, real *out);

/* The same for a number in the style of its column. */
const char *text_number(const number_style *style, const char *s, size_t n, real *out);

/* If the bytes begin (or, with `last`, end) with a currency sign (dollar, euro, pound, yen, rupee, …), returns its
 * length, else 0. */
size_t currency_sign(const char *s, size_t n, bool last);

/* Returns the length of a blank at s (also the no-break spaces), 0 if there is none. */
size_t number_blank(const char *s, size_t n);

/* Returns true if the digits at s are in groups of three as in 1,234 or 12 345 678: at least two groups, the first of
 * one to three digits and not beginning with 0. */
bool number_grouped(const char *s, size_t n, char mark);

/* Moves *s and *n past blanks and tabs at both ends. */
void text_trim(const char **s, size_t *n);

#endif
