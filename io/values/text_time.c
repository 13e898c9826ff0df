#include "io/values/text_time.h"

#include "io/values/text_number.h"

#include <string.h>
#include <strings.h>

enum { NANOS = 1000000000 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- parts of a date ---- */

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar, by eras of 400 years. */
static int64_t days_of(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool civil_seconds(const civil_time *t, int64_t *out) {
  static const int LENGTH[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (t->year % 4 == 0 && t->year % 100 != 0) || t->year % 400 == 0;
  if (t->month < 1 || t->month > 12 || t->day < 1 || t->day > LENGTH[t->month - 1] + (t->month == 2 && leap) ||
      t->hour < 0 || t->hour > 23 || t->minute < 0 || t->minute > 59 || t->second < 0 || t->second > 60)
    return false;
  *out = days_of(t->year, t->month, t->day) * 86400 + t->hour * 3600 + (t->minute - t->offset) * 60 + t->second;
  return true;
}

int time_digits(const char **s, const char *end, int most, int *value) {
  int count = 0;
  *value = 0;
  for (; *s < end && count < most && is_digit(**s); ++*s, count++)
    *value = 10 * *value + (**s - '0');
  return count;
}

uint32_t time_fraction(const char **s, const char *end, bool *beyond) {
  uint32_t value = 0, size = NANOS;
  *beyond = false;
  for (; *s < end && is_digit(**s); ++*s) {
    size /= 10;
    value += size * (uint32_t)(**s - '0');
    *beyond |= size == 0 && **s != '0';
  }
  return value;
}

/* The place, from 1, of the word of letters at *s in a list of names; 0 if it is not there. */
static int find_name(const char **s, const char *end, const char *const *names, int count) {
  size_t n = 0;
  while (*s + n < end && is_letter((*s)[n]))
    n++;
  for (int i = 0; i < count && n >= 3; i++)
    if ((n == 3 || n == strlen(names[i])) && strncasecmp(*s, names[i], n) == 0) {
      *s += n;
      return i + 1;
    }
  return 0;
}

int time_month(const char **s, const char *end) {
  static const char *const MONTHS[] = {"January", "February",  "March",   "April",    "May",      "June", "July",
                                       "August",  "September", "October", "November", "December", "Sept"};
  int month = find_name(s, end, MONTHS, 13);
  return month == 13 ? 9 : month;
}

int time_weekday(const char **s, const char *end) {
  static const char *const DAYS[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  return find_name(s, end, DAYS, 7);
}

bool time_zone(const char **s, const char *end, int *offset) {
  const char *at = *s;
  *offset = 0;
  if (end - at >= 3 && (memcmp(at, "UTC", 3) == 0 || memcmp(at, "GMT", 3) == 0))
    at += 3;
  else if (at < end && (*at == 'Z' || *at == 'z'))
    at++;
  else if (at < end && (*at == '+' || *at == '-')) {
    int sign = *at++ == '+' ? 1 : -1, hours, minutes = 0;
    if (time_digits(&at, end, 2, &hours) != 2 || hours > 23)
      return false;
    bool colon = at < end && *at == ':';
    at += colon;
    int digits = time_digits(&at, end, 2, &minutes);
    if ((digits != 2 && (digits != 0 || colon)) || minutes > 59)
      return false;
    *offset = sign * (60 * hours + minutes);
  } else
    return false;
  if (at < end && is_letter(*at)) /* another word */
    return false;
  *s = at;
  return true;
}

bool time_half(const char **s, const char *end, int *hour) {
  if (end - *s < 2 || ((*s)[1] != 'M' && (*s)[1] != 'm') || *hour < 1 || *hour > 12)
    return false;
  char half = (char)(**s | 0x20);
  if (half != 'a' && half != 'p')
    return false;
  *hour = *hour % 12 + (half == 'p' ? 12 : 0);
  *s += 2;
  return true;
}

static void skip_blanks(const char **s, const char *end) {
  while (*s < end && (**s == ' ' || **s == '\t'))
    ++*s;
}

/* hh:mm[:ss[.fraction]] [AM|PM] [zone]; the colons may be left out. */
static bool time_of_day(const char **s, const char *end, civil_time *t) {
  bool beyond;
  int digits = time_digits(s, end, 2, &t->hour);
  if (digits == 0 || *s == end)
    return false;
  bool colon = **s == ':';
  *s += colon;
  if ((digits != 2 && !colon) || time_digits(s, end, 2, &t->minute) != 2)
    return false;
  if (*s < end && (colon ? **s == ':' : is_digit(**s))) {
    *s += colon;
    if (time_digits(s, end, 2, &t->second) != 2)
      return false;
    if (*s < end && (**s == '.' || **s == ',')) {
      if (++*s == end || !is_digit(**s))
        return false;
      t->nano = time_fraction(s, end, &beyond);
    }
  }
  const char *after = *s;
  skip_blanks(s, end);
  if (!time_half(s, end, &t->hour))
    *s = after;
  after = *s;
  skip_blanks(s, end);
  if (!time_zone(s, end, &t->offset))
    *s = after;
  return true;
}

/* ---- dates ---- */

/* The separators between the parts of a date with the name of a month. */
static void skip_marks(const char **s, const char *end) {
  while (*s < end && (**s == ' ' || **s == '-' || **s == '/' || **s == '.' || **s == ','))
    ++*s;
}

/* What a date is made of: its numbers in the order they stand in, and the marks between them. */
typedef enum found { NO_DATE, A_DATE, ORDER_OPEN, YEAR_SHORT } found;

/* d.m.yyyy or m/d/yyyy behind its first number; `unit` says which. */
static found year_last(const char **s, const char *end, text_time_unit unit, int first, civil_time *t) {
  char mark = **s;
  int second;
  ++*s;
  if (time_digits(s, end, 2, &second) == 0 || *s == end || *(*s)++ != mark)
    return NO_DATE;
  int digits = time_digits(s, end, 5, &t->year);
  if (digits != 4 && digits != 2)
    return NO_DATE;
  t->month = unit == UNIT_DMY ? second : first;
  t->day = unit == UNIT_DMY ? first : second;
  return digits == 2 ? YEAR_SHORT : unit == UNIT_DMY || unit == UNIT_MDY || first == second ? A_DATE : ORDER_OPEN;
}

/* A date that begins with a number. */
static found number_first(const char **s, const char *end, text_time_unit unit, civil_time *t) {
  int first, digits = time_digits(s, end, 4, &first);
  if (*s == end || digits == 0)
    return NO_DATE;
  char mark = **s;
  if (digits == 4) {
    t->year = first;
    if (is_digit(mark)) /* 20090504 before a time of day; alone it is a number */
      return time_digits(s, end, 2, &t->month) == 2 && time_digits(s, end, 2, &t->day) == 2 && *s < end ? A_DATE
                                                                                                        : NO_DATE;
    if (mark != '-' && mark != '/' && mark != '.')
      return NO_DATE;
    ++*s;
    if (*s < end && is_letter(**s)) {
      if ((t->month = time_month(s, end)) == 0)
        return NO_DATE;
    } else if (time_digits(s, end, 2, &t->month) == 0)
      return NO_DATE;
    return *s < end && *(*s)++ == mark && time_digits(s, end, 2, &t->day) > 0 && (*s == end || !is_digit(**s))
               ? A_DATE
               : NO_DATE;
  }
  if (digits == 3)
    return NO_DATE;
  const char *after = *s;
  skip_marks(s, end);
  if (*s < end && is_letter(**s) && (t->month = time_month(s, end)) != 0) { /* 4 May 2009 */
    t->day = first;
    skip_marks(s, end);
    digits = time_digits(s, end, 5, &t->year);
    return digits == 4 ? A_DATE : digits == 2 ? YEAR_SHORT : NO_DATE;
  }
  *s = after;
  return mark == '-' || mark == '/' || mark == '.' ? year_last(s, end, unit, first, t) : NO_DATE;
}

/* Everything that text_time reads but plain numbers. */
static found read_date(const char *s, const char *end, text_time_unit unit, civil_time *t) {
  *t = (civil_time){0};
  if (s < end && is_letter(*s)) {
    if (time_weekday(&s, end) != 0)
      skip_marks(&s, end);
    if (s < end && is_letter(*s)) { /* May 4, 2009; May 04 23:08:57 +0000 2009 */
      if ((t->month = time_month(&s, end)) == 0)
        return NO_DATE;
      skip_marks(&s, end);
      if (time_digits(&s, end, 2, &t->day) == 0)
        return NO_DATE;
      skip_marks(&s, end);
      const char *after = s;
      int digits = time_digits(&s, end, 5, &t->year);
      if (s < end && *s == ':') {
        s = after;
        if (!time_of_day(&s, end, t) || s == end || *s != ' ')
          return NO_DATE;
        skip_blanks(&s, end);
        return time_digits(&s, end, 4, &t->year) == 4 && s == end ? A_DATE : NO_DATE;
      }
      if (digits != 4)
        return NO_DATE;
    }
  }
  found what = A_DATE;
  if (t->year == 0)
    what = number_first(&s, end, unit, t);
  if (what == NO_DATE || s == end)
    return what;
  if (*s == 'T' || *s == 't')
    s++;
  else if (*s == ' ' || *s == ',') {
    s += *s == ',';
    skip_blanks(&s, end);
  } else
    return NO_DATE;
  return time_of_day(&s, end, t) && s == end ? what : NO_DATE;
}

/* 20090504, 2009050423, 200905042308, 20090504230857; the n bytes are digits. */
static bool digits_date(const char *s, size_t n, civil_time *t) {
  const char *end = s + n;
  *t = (civil_time){0};
  if (n != 8 && n != 10 && n != 12 && n != 14)
    return false;
  time_digits(&s, end, 4, &t->year);
  time_digits(&s, end, 2, &t->month);
  time_digits(&s, end, 2, &t->day);
  time_digits(&s, end, 2, &t->hour);
  time_digits(&s, end, 2, &t->minute);
  time_digits(&s, end, 2, &t->second);
  return true;
}

bool text_digits_date(const char *s, size_t n) {
  civil_time t;
  int64_t seconds;
  for (size_t i = 0; i < n; i++)
    if (!is_digit(s[i]))
      return false;
  return digits_date(s, n, &t) && t.year >= 1900 && t.year <= 2100 && civil_seconds(&t, &seconds);
}

date_shape text_date_shape(const char *s, size_t n) {
  civil_time t;
  text_trim(&s, &n);
  switch (read_date(s, s + n, UNIT_AUTO, &t)) {
  case YEAR_SHORT:
    return SHAPE_SHORT_YEAR;
  case ORDER_OPEN: /* month: the first number, day: the second */
    return t.month > 12 && t.month <= 31 && t.day <= 12 ? SHAPE_DAY_FIRST
           : t.day > 12 && t.day <= 31 && t.month <= 12 ? SHAPE_MONTH_FIRST
           : t.day <= 12 && t.month <= 12               ? SHAPE_EITHER
                                                        : SHAPE_OTHER;
  default:
    return SHAPE_OTHER;
  }
}

bool text_time_likely(const char *s, size_t n) {
  text_time_unit unit = UNIT_AUTO;
  int64_t time;
  uint32_t nano;
  text_trim(&s, &n);
  if (text_time(s, n, &unit, &time, &nano) == NULL)
    return unit == UNIT_DATE || (n >= 9 && time > 100000000);
  return (n == 8 && text_digits_date(s, n)) || text_date_shape(s, n) != SHAPE_OTHER;
}

/* ---- numbers ---- */

static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}

/* A number of units and a fraction of one, `nano` (in 10^-9 units) and whether there is more beyond it -> seconds and
 * nanoseconds, rounded down. */
static void split_seconds(int64_t number, bool minus, uint32_t fraction, bool beyond, int64_t per_second, int64_t *out,
                          uint32_t *nano) {
  int64_t each = NANOS / per_second, part = (int64_t)fraction / per_second;
  if (minus && (fraction != 0 || beyond)) { /* what is taken off a whole unit */
    part = ((int64_t)NANOS - fraction - beyond) / per_second;
    number = -number - 1;
  } else if (minus)
    number = -number;
  *out = floor_div(number, per_second);
  *nano = (uint32_t)((number - *out * per_second) * each + part);
}

static const char *number_time(const char *s, size_t n, text_time_unit *unit, int64_t *out, uint32_t *nano) {
  static const int64_t PER_SECOND[] = {1, 1, 1000, 1000000, 1000000000};
  bool minus = s[0] == '-', beyond = false;
  size_t i = minus;
  int64_t number = 0;
  uint32_t fraction = 0;
  for (; i < n && is_digit(s[i]); i++) {
    if (i - minus >= 19 || number > (INT64_MAX - 9) / 10)
      return "the time is out of range (1900 to 2100)";
    number = 10 * number + (s[i] - '0');
  }
  size_t digits = i - minus;
  if (i < n) { /* the point */
    const char *at = s + i + 1;
    fraction = time_fraction(&at, s + n, &beyond);
  }
  int64_t size = number + (minus && (fraction != 0 || beyond));
  text_time_unit u = *unit;
  if (u == UNIT_AUTO && !minus && (digits == 8 || digits == 12) && text_digits_date(s, digits))
    return "the time may be a date or a number of seconds: give --time-unit date or --time-unit s";
  if (u == UNIT_AUTO)
    u = size < INT64_C(100000000000)         ? UNIT_S
        : size < INT64_C(100000000000000)    ? UNIT_MS
        : size < INT64_C(100000000000000000) ? UNIT_US
                                             : UNIT_NS;
  *unit = u;
  split_seconds(number, minus, fraction, beyond, PER_SECOND[u], out, nano);
  return NULL;
}

/* Returns true if the bytes are [-]digits[.[digits]]. */
static bool is_number(const char *s, size_t n) {
  size_t i = s[0] == '-', from = i;
  while (i < n && is_digit(s[i]))
    i++;
  if (i == from)
    return false;
  if (i < n && s[i] == '.')
    for (i++; i < n && is_digit(s[i]);)
      i++;
  return i == n;
}

const char *text_time(const char *s, size_t n, text_time_unit *unit, int64_t *out, uint32_t *nano) {
  civil_time t;
  const char *bad = NULL;
  *nano = 0;
  text_trim(&s, &n);
  if (n == 0)
    return "the time is empty";
  if (is_number(s, n) && *unit < UNIT_DATE)
    bad = number_time(s, n, unit, out, nano);
  else if (is_number(s, n)) {
    if (*unit != UNIT_DATE)
      return "the time is a number, but others of its column are dates";
    if (!text_digits_date(s, n) || !digits_date(s, n, &t) || !civil_seconds(&t, out))
      return "the time is not a date such as 20090504, as others of its column are";
  } else {
    switch (read_date(s, s + n, *unit, &t)) {
    case NO_DATE:
      return "the time is neither a number nor a date such as 2009-05-04 or 2009-05-04T23:08:57Z";
    case ORDER_OPEN:
      return "the time is a date whose day and month cannot be told apart: give --time-format";
    case YEAR_SHORT:
      return "the year of the date has two digits: give --time-format with %y";
    default:
      break;
    }
    if (!civil_seconds(&t, out))
      return *unit == UNIT_DMY   ? "there is no such date (day/month/year, as others of its column are)"
             : *unit == UNIT_MDY ? "there is no such date (month/day/year, as others of its column are)"
                                 : "there is no such date or time of day";
    *nano = t.nano;
    *unit = UNIT_DATE;
  }
  if (bad != NULL)
    return bad;
  return *out < EVENT_TIME_MIN || *out > EVENT_TIME_MAX ? "the time is out of range (1900 to 2100)" : NULL;
}
