/* Parsing numbers, times and titles. */
#include "io/text/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static void trim(const char **s, size_t *n) {
  while (*n > 0 && (**s == ' ' || **s == '\t')) {
    ++*s;
    --*n;
  }
  while (*n > 0 && ((*s)[*n - 1] == ' ' || (*s)[*n - 1] == '\t'))
    --*n;
}

/* Returns true if the bytes are [-+]digits[.digits][e[-+]digits]. What else strtod accepts (hexadecimal, names, a
 * locale's forms) is not a number in a data file. */
static bool is_decimal(const char *s, size_t n) {
  size_t i = 0, digits = 0;
  if (i < n && (s[i] == '-' || s[i] == '+'))
    i++;
  for (; i < n && is_digit(s[i]); i++)
    digits++;
  if (i < n && s[i] == '.')
    for (i++; i < n && is_digit(s[i]); i++)
      digits++;
  if (digits == 0)
    return false;
  if (i < n && (s[i] == 'e' || s[i] == 'E')) {
    i++;
    if (i < n && (s[i] == '-' || s[i] == '+'))
      i++;
    if (i == n)
      return false;
    while (i < n && is_digit(s[i]))
      i++;
  }
  return i == n;
}

const char *text_value(const char *s, size_t n, real *out) {
  static const double TEN[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  trim(&s, &n);
  if (n == 0)
    return "the value is empty";
  /* Up to 15 digits with a point: numerator and power of ten are exact, so their quotient is the nearest double. */
  bool minus = s[0] == '-';
  size_t i = minus, fraction = 0;
  uint64_t digits = 0;
  if (n <= 16 + (size_t)minus) {
    for (; i < n && is_digit(s[i]); i++)
      digits = 10 * digits + (uint64_t)(s[i] - '0');
    size_t whole = i - minus;
    if (i < n && s[i] == '.')
      for (i++; i < n && is_digit(s[i]); i++, fraction++)
        digits = 10 * digits + (uint64_t)(s[i] - '0');
    if (i == n && whole + fraction > 0 && whole + fraction <= 15) {
      double value = (double)digits / TEN[fraction];
      *out = (real)(minus ? -value : value);
      return NULL;
    }
  }
  if (!is_decimal(s, n)) {
    char word[10];
    size_t m = 0;
    for (size_t k = s[0] == '-' || s[0] == '+'; k < n && m < sizeof word - 1; k++)
      word[m++] = (char)(s[k] | 0x20);
    word[m] = '\0';
    if (strcmp(word, "nan") == 0)
      return "the value is NaN";
    if (strcmp(word, "inf") == 0 || strcmp(word, "infinity") == 0)
      return "the value is infinite";
    return "the value is not a number";
  }
  char copy[512];
  if (n >= sizeof copy)
    return "the value has too many digits";
  memcpy(copy, s, n);
  copy[n] = '\0';
  double value = strtod(copy, NULL);
  /* Half a unit above the largest float would round to infinity. */
  if (!(fabs(value) < 3.40282356779733661637e38))
    return "the value is out of range";
  *out = (real)value;
  return NULL;
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar, by eras of 400 years. */
static int64_t days_of(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Reads exactly `count` digits at *s and moves *s after them; -1 if they are not there. */
static int take(const char **s, const char *end, int count) {
  int value = 0;
  if (end - *s < count)
    return -1;
  for (int i = 0; i < count; i++) {
    if (!is_digit((*s)[i]))
      return -1;
    value = 10 * value + ((*s)[i] - '0');
  }
  *s += count;
  return value;
}

enum { NANOS = 1000000000 };

/* Reads the digits at *s as those behind a point, to the nanosecond, and moves *s after them; *beyond becomes whether
 * a finer one is not 0. */
static uint32_t take_fraction(const char **s, const char *end, bool *beyond) {
  uint32_t value = 0, size = NANOS;
  *beyond = false;
  for (; *s < end && is_digit(**s); ++*s) {
    size /= 10;
    value += size * (uint32_t)(**s - '0');
    *beyond |= size == 0 && **s != '0';
  }
  return value;
}

static bool iso_time(const char *s, size_t n, int64_t *out, uint32_t *nano) {
  static const int LENGTH[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const char *end = s + n;
  *nano = 0;
  int year = take(&s, end, 4);
  if (year < 0 || end - s < 6 || (*s != '-' && *s != '/'))
    return false;
  char mark = *s++;
  int month = take(&s, end, 2);
  if (month < 1 || month > 12 || *s++ != mark)
    return false;
  int day = take(&s, end, 2);
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day < 1 || day > LENGTH[month - 1] + (month == 2 && leap))
    return false;
  int64_t time = days_of(year, month, day) * 86400;
  if (s < end) {
    if (*s != 'T' && *s != 't' && *s != ' ')
      return false;
    s++;
    int hour = take(&s, end, 2);
    if (hour < 0 || hour > 23 || s == end || *s++ != ':')
      return false;
    int minute = take(&s, end, 2), second = 0;
    if (minute < 0 || minute > 59)
      return false;
    if (s < end && *s == ':') {
      s++;
      second = take(&s, end, 2);
      if (second < 0 || second > 60) /* 60 is a leap second */
        return false;
      if (s < end && (*s == '.' || *s == ',')) {
        s++;
        bool beyond;
        if (s == end || !is_digit(*s))
          return false;
        *nano = take_fraction(&s, end, &beyond);
      }
    }
    time += hour * 3600 + minute * 60 + second;
    if (s < end && *s == ' ')
      s++;
    if (end - s == 1 && (*s == 'Z' || *s == 'z'))
      s++;
    else if (end - s == 3 && memcmp(s, "UTC", 3) == 0)
      s += 3;
    else if (s < end && (*s == '+' || *s == '-')) {
      int sign = *s++ == '+' ? 1 : -1;
      int hours = take(&s, end, 2), minutes = 0;
      if (s < end && *s == ':')
        s++;
      if (s < end)
        minutes = take(&s, end, 2);
      if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
      time -= sign * (hours * 3600 + minutes * 60);
    }
  }
  *out = time;
  return s == end;
}

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

const char *text_time(const char *s, size_t n, text_time_unit *unit, int64_t *out, uint32_t *nano) {
  static const int64_t PER_SECOND[] = {1, 1, 1000, 1000000, 1000000000};
  trim(&s, &n);
  if (n == 0)
    return "the time is empty";
  bool minus = s[0] == '-';
  size_t i = minus;
  int64_t number = 0;
  for (; i < n && is_digit(s[i]); i++) {
    if (i - minus >= 18)
      return "the time is out of range (1900 to 2100)";
    number = 10 * number + (s[i] - '0');
  }
  bool beyond = false;
  uint32_t fraction = 0;
  if (i < n && i > (size_t)minus && s[i] == '.') {
    const char *at = s + i + 1;
    fraction = take_fraction(&at, s + n, &beyond);
    i = (size_t)(at - s);
  }
  if (i == n && i > (size_t)minus) {
    int64_t size = number + (minus && (fraction != 0 || beyond));
    text_time_unit u = *unit == UNIT_DATE ? UNIT_AUTO : *unit;
    if (u == UNIT_AUTO)
      u = size < INT64_C(100000000000)         ? UNIT_S
          : size < INT64_C(100000000000000)    ? UNIT_MS
          : size < INT64_C(100000000000000000) ? UNIT_US
                                               : UNIT_NS;
    *unit = u;
    split_seconds(number, minus, fraction, beyond, PER_SECOND[u], out, nano);
  } else if (iso_time(s, n, out, nano))
    *unit = UNIT_DATE;
  else
    return "the time is neither a number nor a date such as 2009-05-04 or 2009-05-04T23:08:57Z";
  return *out < EVENT_TIME_MIN || *out > EVENT_TIME_MAX ? "the time is out of range (1900 to 2100)" : NULL;
}

/* Length of the well-formed UTF-8 sequence at s (RFC 3629), 0 if there is none. */
static size_t utf8_length(const unsigned char *s, size_t n) {
  if (s[0] < 0x80)
    return 1;
  size_t length = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
  if (length == 0 || length > n)
    return 0;
  for (size_t i = 1; i < length; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
      (s[0] == 0xf4 && s[1] > 0x8f))
    return 0;
  return length;
}

int text_title(const char *text, size_t n, char *out, size_t size) {
  const unsigned char *s = (const unsigned char *)text;
  bool latin = false;
  for (size_t i = 0; i < n && !latin;) {
    size_t length = utf8_length(s + i, n - i);
    latin = length == 0;
    i += length;
  }
  size_t used = 0, i = 0;
  while (i < n) {
    char piece[4];
    size_t from = 1, to = 1;
    if (s[i] < 0x20 || s[i] == 0x7f)
      piece[0] = ' ';
    else if (s[i] < 0x80)
      piece[0] = (char)s[i];
    else if (latin) {
      piece[0] = (char)(0xc0 | s[i] >> 6);
      piece[1] = (char)(0x80 | (s[i] & 0x3f));
      to = 2;
    } else {
      from = to = utf8_length(s + i, n - i);
      memcpy(piece, s + i, to);
    }
    if (used + to >= size)
      break;
    memcpy(out + used, piece, to);
    used += to;
    i += from;
  }
  out[used] = '\0';
  return (latin ? 1 : 0) | (i < n ? 2 : 0);
}
