/* How the times of a time column are written. */
#include "io/detect/text_guess.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void time_see(time_evidence *e, const char *s, size_t n, off line) {
  text_trim(&s, &n);
  if (n == 0)
    return;
  e->fields++;
  size_t digits = 0;
  while (digits < n && s[digits] >= '0' && s[digits] <= '9')
    digits++;
  if (digits == n || (digits > 0 && s[digits] == '.' && digits == 5)) {
    char head[16] = "";
    memcpy(head, s, n < sizeof head - 1 ? n : sizeof head - 1);
    long start = strtol(head, NULL, 10);
    e->numbers++;
    if (n == 8 && text_digits_date(s, n))
      guess_note(&e->eight_date, s, n, line);
    else if (n > 8 && text_digits_date(s, n)) {
      guess_note(&e->digits_date, s, n, line);
      e->long_dates += n > 10;
    } else if (n == 6 && start >= 190001 && start <= 210012 && start % 100 >= 1 && start % 100 <= 12)
      guess_note(&e->month, s, n, line);
    else if (n == 4 && start >= 1900 && start <= 2100)
      guess_note(&e->year, s, n, line);
    else if (digits == 5 && start >= 20000 && start < 60000)
      guess_note(&e->serial, s, n, line);
    return;
  }
  switch (text_date_shape(s, n)) {
  case SHAPE_EITHER:
    guess_note(&e->either, s, n, line);
    break;
  case SHAPE_DAY_FIRST:
    guess_note(&e->day_first, s, n, line);
    break;
  case SHAPE_MONTH_FIRST:
    guess_note(&e->month_first, s, n, line);
    break;
  case SHAPE_SHORT_YEAR:
    guess_note(&e->short_year, s, n, line);
    break;
  default:
    break;
  }
}

/* Writes the format of a date such as 3/4/2009 8:05:00 PM, or 3-Apr-09, into out. */
static void format_of(const char *date, bool month_first, char *out, size_t size) {
  int part = 0, time_part = 0;
  bool half = strpbrk(date, "mM") != NULL && strchr(date, ':') != NULL;
  size_t n = 0;
  out[0] = '\0';
  for (const char *s = date; *s != '\0' && n + 4 < size;) {
    if ((*s >= '0' && *s <= '9') || (part == 1 && ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'z'))) {
      const char *from = s;
      bool word = *s > '9';
      while ((*s >= '0' && *s <= '9') || (word && ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'z')))
        s++;
      const char *conversion = part == 0        ? month_first ? "%m" : "%d"
                               : part == 1      ? word          ? "%b"
                                                  : month_first ? "%d"
                                                                : "%m"
                               : part == 2      ? s - from == 4 ? "%Y" : "%y"
                               : time_part == 0 ? half ? "%I" : "%H"
                               : time_part == 1 ? "%M"
                               : time_part == 2 ? "%S"
                                                : "%f";
      time_part += part > 2;
      part++;
      n += (size_t)snprintf(out + n, size - n, "%s", conversion);
    } else if ((*s == 'A' || *s == 'a' || *s == 'P' || *s == 'p') && (s[1] | 0x20) == 'm') {
      n += (size_t)snprintf(out + n, size - n, "%%p");
      s += 2;
    } else if ((*s == 'Z' || *s == '+' || (*s == '-' && time_part > 0)) && time_part > 0) {
      snprintf(out + n, size - n, "%%z");
      return;
    } else
      n += (size_t)snprintf(out + n, size - n, "%c", *s++);
  }
}

static status ask_order(const time_evidence *e, const char *name, const char *place) {
  char month_first[64], day_first[64];
  format_of(e->either.text, true, month_first, sizeof month_first);
  format_of(e->either.text, false, day_first, sizeof day_first);
  return status_fail(USAGE,
                     "%s: %s has dates such as `%s` (line %lld), and nothing tells day from month; give --time-format "
                     "\"%s\" or --time-format \"%s\"",
                     name, place, e->either.text, (long long)e->either.line, month_first, day_first);
}

static status ask_short_year(const time_evidence *e, const char *name, const char *place) {
  char month_first[64], day_first[64];
  format_of(e->short_year.text, true, month_first, sizeof month_first);
  format_of(e->short_year.text, false, day_first, sizeof day_first);
  return status_fail(USAGE,
                     "%s: %s has dates with a year of two digits, such as `%s` (line %lld); give --time-format \"%s\" "
                     "or --time-format \"%s\" (%%y: 69 to 99 are 1969 to 1999)",
                     name, place, e->short_year.text, (long long)e->short_year.line, day_first, month_first);
}

/* Columns whose numbers may be something else than seconds. */
static status decide_numbers(const time_evidence *e, const char *name, const char *place, text_layout *l) {
  if (e->numbers > 0 && e->eight_date.count + e->long_dates == e->numbers) {
    l->unit = UNIT_DATE; /* as seconds they would be of 1970 */
    return OK;
  }
  if (e->eight_date.count > 0)
    return status_fail(USAGE,
                       "%s: %s has `%s` (line %lld), which may be a date or a number of seconds, and not all other "
                       "numbers are dates; give --time-unit date or --time-unit s",
                       name, place, e->eight_date.text, (long long)e->eight_date.line);
  const struct {
    const guess_example *example;
    const char *what;
  } DOUBTS[] = {
      {&e->digits_date,
       "which may be a date with the hour or a number of seconds; give --time-unit date or --time-unit s"},
      {&e->month, "which may be a year and month or a number of seconds; give --time-format %Y%m or --time-unit s"},
      {&e->year, "which may be a year or a number of seconds; give --time-format %Y or --time-unit s"},
      {&e->serial,
       "which may be days as spreadsheets count them or a number of seconds; write dates to the file, or give "
       "--time-unit s"},
  };
  for (size_t i = 0; i < sizeof DOUBTS / sizeof *DOUBTS; i++)
    if (DOUBTS[i].example->count > 0 && DOUBTS[i].example->count == e->numbers)
      return status_fail(USAGE, "%s: %s has `%s` (line %lld), %s", name, place, DOUBTS[i].example->text,
                         (long long)DOUBTS[i].example->line, DOUBTS[i].what);
  return OK;
}

status time_decide(const time_evidence *e, const text_wish *w, const char *name, const char *place, text_layout *l) {
  status st = OK;
  char *reading = l->reading[ROLE_TIME];
  size_t size = sizeof l->reading[ROLE_TIME];
  l->unit = w->unit;
  if (w->time_format != NULL) {
    TRY(time_format_check(w->time_format));
    if (w->unit != UNIT_AUTO)
      return status_fail(USAGE, "--time-format and --time-unit cannot both be given");
    strcpy(l->time_format, w->time_format);
    l->unit = UNIT_DATE;
    snprintf(reading, size, "%s", w->time_format);
    return OK;
  }
  if (e->day_first.count > 0 && e->month_first.count > 0)
    TRY(status_fail(BAD_DATA,
                    "%s: %s has `%s` (line %lld), which can only be day/month/year, and `%s` (line %lld), which can "
                    "only be month/day/year",
                    name, place, e->day_first.text, (long long)e->day_first.line, e->month_first.text,
                    (long long)e->month_first.line));
  if (w->unit != UNIT_AUTO && w->unit != UNIT_DATE)
    return OK;
  if (e->short_year.count > 0)
    TRY(ask_short_year(e, name, place));
  if (e->day_first.count > 0 || e->month_first.count > 0) {
    const guess_example *told = e->day_first.count > 0 ? &e->day_first : &e->month_first;
    l->unit = told == &e->day_first ? UNIT_DMY : UNIT_MDY;
    snprintf(reading, size, "%s, as `%s` (line %lld) tells", l->unit == UNIT_DMY ? "day/month/year" : "month/day/year",
             told->text, (long long)told->line);
  } else if (e->either.count > 0)
    TRY(ask_order(e, name, place));
  else if (w->unit == UNIT_AUTO)
    TRY(decide_numbers(e, name, place, l));
  if (l->unit == UNIT_DATE && e->numbers > 0)
    snprintf(reading, size, "numbers YYYYMMDD are dates");
done:
  return st;
}
