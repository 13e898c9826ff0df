/* Reading times and dates as sources write them. Kernel: local, no allocation. */
#ifndef PALATE_IO_VALUES_TEXT_TIME_H
#define PALATE_IO_VALUES_TEXT_TIME_H

#include "io/base/status.h"
#include "io/base/types.h"

/* Valid times of events, in seconds since 1970: 1900 to 2100, which fit in 33 bits. A time outside comes from a wrong
 * column or unit. */
#define EVENT_TIME_MIN INT64_C(-2208988800)
#define EVENT_TIME_MAX INT64_C(4102444800)

/* What stands in a time column. AUTO: dates, and numbers whose unit their size decides: below 10^11 seconds, below
 * 10^14 milliseconds, below 10^17 microseconds, else nanoseconds. DATE: dates, and numbers are dates too: YYYYMMDD,
 * with hhmm or hhmmss behind it or not. A date with the year at its end is read only by DMY (day/month/year) and MDY
 * (month/day/year), which read no numbers. */
typedef enum text_time_unit {
  UNIT_AUTO,
  UNIT_S,
  UNIT_MS,
  UNIT_US,
  UNIT_NS,
  UNIT_DATE,
  UNIT_DMY,
  UNIT_MDY,
  N_UNITS
} text_time_unit;

enum { TIME_FORMAT_MAX = 64 };

/* Reads a time: a number, maybe with a fraction, or a date and maybe a time of day behind a blank or T:
 *   2009-05-04, 2009/5/4, 2009.05.04, 20090504T230857Z; 4 May 2009, 04-May-2009, May 4, 2009; 4/5/2009, 4.5.2009
 *   23:08, 23:08:57, 23:08:57.25, 11:08 PM, each with Z, UTC, GMT, +02:00 or +0200 behind it or not (UTC if not)
 *   Mon May 04 23:08:57 +0000 2009
 * *unit says how to read it, and becomes how it was read (DATE for every kind of date). *nano becomes the nanoseconds
 * beyond the second *out; what is finer is dropped. Returns NULL, or what is wrong. */
const char *text_time(const char *s, size_t n, text_time_unit *unit, int64_t *out, uint32_t *nano);

/* The kinds of a date whose order of day and month its column has to tell. */
typedef enum date_shape {
  SHAPE_OTHER,
  SHAPE_EITHER,    /* 4/5/2009 */
  SHAPE_DAY_FIRST, /* 28/5/2009 */
  SHAPE_MONTH_FIRST /* 5/28/2009 */,
  SHAPE_SHORT_YEAR /* 4/5/09, 4-May-09 */
} date_shape;

date_shape text_date_shape(const char *s, size_t n);

/* Returns true if a field is likely a time whatever its column is called: a date of any kind, eight digits that are
 * one, or a number of at least 10^8 (seconds: 1973). */
bool text_time_likely(const char *s, size_t n);

/* Returns true if the n bytes are digits and a date from 1900 to 2100: YYYYMMDD (8 of them), YYYYMMDDhh (10),
 * YYYYMMDDhhmm (12) or YYYYMMDDhhmmss (14). */
bool text_digits_date(const char *s, size_t n);

/* ---- a format as strptime has it (text_time_format.c) ---- */

/* USAGE unless every conversion is known and the format says which year (or %s). Known are %Y %y %m %d %e %j %b %B %h
 * %a %A %H %k %I %l %M %S %p %f (a fraction) %z %Z (UTC and GMT only) %s %T %R %D %F %n %t %%; blanks stand for any
 * number of blanks, other characters for themselves. */
status time_format_check(const char *format);

/* Reads a time by a format that has been checked; see text_time. */
const char *time_format_read(const char *format, const char *s, size_t n, int64_t *out, uint32_t *nano);

/* ---- what both share ---- */

/* A date and a time of day. */
typedef struct civil_time {
  int year, month, day, hour, minute, second, offset; /* offset: minutes east of UTC */
  uint32_t nano;
} civil_time;

/* Seconds since 1970; false if there is no such day or time of day (second 60 is a leap second). */
bool civil_seconds(const civil_time *t, int64_t *out);

/* Reads 1 to `most` digits at *s and moves *s after them; returns how many. */
int time_digits(const char **s, const char *end, int most, int *value);

/* Reads the digits at *s as those behind a point, to the nanosecond, and moves *s after them; *beyond becomes whether
 * a finer one is not 0. */
uint32_t time_fraction(const char **s, const char *end, bool *beyond);

/* Reads the letters at *s as the name of a month (1 … 12) or a weekday (1 … 7), whole or by its first three letters
 * (Sept also), in any case, and moves *s after it; 0 and nothing moved if they are not one. */
int time_month(const char **s, const char *end);
int time_weekday(const char **s, const char *end);

/* Reads Z, UTC, GMT, or [-+]hh[[:]mm] and moves *s after it; false, and nothing moved, if it is none. */
bool time_zone(const char **s, const char *end, int *offset);

/* Reads AM or PM, in any case, at *s and moves *s after it; *hour of 12 becomes that of 24. False if there is none, or
 * the hour is not 1 … 12. */
bool time_half(const char **s, const char *end, int *hour);

#endif
