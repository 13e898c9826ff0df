/* Times by a format as strptime has it, without locales: names are English, and nothing depends on the machine. */
#include "io/values/text_number.h"
#include "io/values/text_time.h"

#include <string.h>

/* What is read besides the parts of civil_time. */
typedef struct found {
  civil_time time;
  int64_t seconds;
  bool has_seconds, has_half, zone;
  char half; /* a or p */
  int day_of_year;
} found;

static const char KNOWN[] = "YymdejbBhaAHkIlMSpfzZsTRDFnt%";

status time_format_check(const char *format) {
  bool year = false, half = false, hour12 = false, hour24 = false, day = false, date = false;
  if (strlen(format) >= TIME_FORMAT_MAX)
    return status_fail(USAGE, "--time-format takes at most %d bytes", TIME_FORMAT_MAX - 1);
  for (const char *f = format; *f != '\0'; f++) {
    if (*f != '%')
      continue;
    f++;
    if (*f == '\0')
      return status_fail(USAGE, "--time-format `%s` ends with a %%; a per cent sign is %%%%", format);
    if (strchr(KNOWN, *f) == NULL)
      return status_fail(USAGE,
                         "--time-format does not know %%%c; it knows %%Y %%y %%m %%d %%e %%j %%b %%B %%a %%A %%H %%I "
                         "%%M %%S %%p %%f %%z %%Z %%s %%T %%R %%D %%F",
                         *f);
    year |= strchr("YysDF", *f) != NULL;
    half |= *f == 'p';
    day |= *f == 'j';
    date |= strchr("mdebBhDF", *f) != NULL;
    hour12 |= *f == 'I' || *f == 'l';
    hour24 |= strchr("HkTR", *f) != NULL;
  }
  if (!year)
    return status_fail(USAGE, "--time-format `%s` has no year: add %%Y, %%y, %%F, %%D or %%s", format);
  if (hour12 != half)
    return status_fail(USAGE, "--time-format `%s`: %%I and %%p (AM or PM) need each other; %%H is the hour of 24",
                       format);
  if (day && date)
    return status_fail(USAGE, "--time-format `%s`: %%j is the day of the year, so no month or day can stand beside it",
                       format);
  if (hour12 && hour24)
    return status_fail(USAGE, "--time-format `%s` has the hour twice", format);
  return OK;
}

static void skip_blanks(const char **s, const char *end) {
  while (*s < end && (**s == ' ' || **s == '\t'))
    ++*s;
}

static bool read_seconds(const char **s, const char *end, found *out) {
  bool minus = *s < end && **s == '-';
  int digits = 0;
  out->seconds = 0;
  for (*s += minus; *s < end && **s >= '0' && **s <= '9' && digits < 12; ++*s, digits++)
    out->seconds = 10 * out->seconds + (**s - '0');
  if (minus)
    out->seconds = -out->seconds;
  out->has_seconds = true;
  return digits > 0;
}

static bool read_format(const char *format, const char **s, const char *end, found *out);

/* Reads what one conversion stands for. */
static bool read_one(char conversion, const char **s, const char *end, found *out) {
  civil_time *t = &out->time;
  bool beyond;
  switch (conversion) {
  case 'Y':
    return time_digits(s, end, 4, &t->year) == 4;
  case 'y':
    if (time_digits(s, end, 2, &t->year) != 2)
      return false;
    t->year += t->year < 69 ? 2000 : 1900; /* as POSIX says */
    return true;
  case 'm':
    return time_digits(s, end, 2, &t->month) > 0;
  case 'd':
  case 'e':
    skip_blanks(s, end);
    return time_digits(s, end, 2, &t->day) > 0;
  case 'j':
    return time_digits(s, end, 3, &out->day_of_year) > 0 && out->day_of_year >= 1;
  case 'b':
  case 'B':
  case 'h':
    return (t->month = time_month(s, end)) != 0;
  case 'a':
  case 'A':
    return time_weekday(s, end) != 0;
  case 'H':
  case 'k':
  case 'I':
  case 'l':
    skip_blanks(s, end);
    return time_digits(s, end, 2, &t->hour) > 0;
  case 'M':
    return time_digits(s, end, 2, &t->minute) > 0;
  case 'S':
    return time_digits(s, end, 2, &t->second) > 0;
  case 'f':
    if (*s == end || **s < '0' || **s > '9')
      return false;
    t->nano = time_fraction(s, end, &beyond);
    return true;
  case 'p': {
    int hour = 12; /* the hour itself may stand behind it */
    out->has_half = true;
    out->half = *s < end ? (char)(**s | 0x20) : '\0';
    return time_half(s, end, &hour);
  }
  case 'z':
    return time_zone(s, end, &t->offset);
  case 'Z':
    return *s < end && (**s == 'U' || **s == 'G' || **s == 'Z') && time_zone(s, end, &t->offset);
  case 's':
    return read_seconds(s, end, out);
  case 'T':
    return read_format("%H:%M:%S", s, end, out);
  case 'R':
    return read_format("%H:%M", s, end, out);
  case 'D':
    return read_format("%m/%d/%y", s, end, out);
  case 'F':
    return read_format("%Y-%m-%d", s, end, out);
  case 'n':
  case 't':
    skip_blanks(s, end);
    return true;
  default: /* %% */
    return *s < end && *(*s)++ == '%';
  }
}

static bool read_format(const char *format, const char **s, const char *end, found *out) {
  for (const char *f = format; *f != '\0'; f++) {
    if (*f == '%') {
      if (!read_one(*++f, s, end, out))
        return false;
    } else if (*f == ' ' || *f == '\t')
      skip_blanks(s, end);
    else if (*s == end || *(*s)++ != *f)
      return false;
  }
  return true;
}

const char *time_format_read(const char *format, const char *s, size_t n, int64_t *out, uint32_t *nano) {
  found f = {.time = {.month = 1, .day = 1}};
  text_trim(&s, &n);
  if (n == 0)
    return "the time is empty";
  const char *end = s + n;
  if (!read_format(format, &s, end, &f) || s != end)
    return "the time does not fit --time-format";
  *nano = f.time.nano;
  bool leap = (f.time.year % 4 == 0 && f.time.year % 100 != 0) || f.time.year % 400 == 0;
  bool good = !f.has_half || (f.time.hour >= 1 && f.time.hour <= 12);
  if (f.has_half)
    f.time.hour = f.time.hour % 12 + (f.half == 'p' ? 12 : 0);
  if (f.has_seconds)
    *out = f.seconds;
  else if (!good || !civil_seconds(&f.time, out) || f.day_of_year > 365 + leap)
    return "there is no such date or time of day";
  else if (f.day_of_year > 0) /* month and day are 1 then */
    *out += (int64_t)(f.day_of_year - 1) * 86400;
  return *out < EVENT_TIME_MIN || *out > EVENT_TIME_MAX ? "the time is out of range (1900 to 2100)" : NULL;
}
