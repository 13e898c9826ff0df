/* How the numbers of a value column are written. */
#include "io/detect/text_guess.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void guess_note(guess_example *e, const char *s, size_t n, off line) {
  if (e->count++ > 0)
    return;
  size_t length = n < sizeof e->text - 1 ? n : sizeof e->text - 1;
  for (size_t i = 0; i < length; i++)
    e->text[i] = s[i] == '\n' || s[i] == '\r' || s[i] == '\0' ? ' ' : s[i];
  e->text[length] = '\0';
  e->line = line;
}

/* 1:02:03, 2:03, the last part maybe with a fraction. Returns how many parts, 0 if it is no duration. */
static int duration_parts(const char *s, size_t n) {
  int parts = 1;
  size_t digits = 0;
  bool fraction = false;
  for (size_t i = 0; i < n; i++) {
    if (is_digit(s[i]))
      digits++;
    else if (digits == 0 || fraction)
      return 0;
    else if (s[i] == ':' && parts < 3) {
      parts++;
      digits = 0;
    } else if ((s[i] == '.' || s[i] == ',') && parts > 1) {
      fraction = true;
      digits = 0;
    } else
      return 0;
  }
  return digits > 0 && parts > 1 ? parts : 0;
}

/* The digits and marks of an unsigned number, split. */
typedef struct shape {
  size_t whole; /* bytes before the decimal sign or the exponent */
  size_t commas, points;
  char other; /* ' ', '\'' or '_' among the digits */
  size_t last_comma, last_point;
  bool exponent, good;
} shape;

static shape shape_of(const char *s, size_t n) {
  shape h = {.good = n > 0};
  size_t i = 0, digits = 0;
  while (i < n && h.good) {
    size_t blank = number_blank(s + i, n - i);
    if (is_digit(s[i]))
      digits++;
    else if (s[i] == ',') {
      h.commas++;
      h.last_comma = i;
    } else if (s[i] == '.') {
      h.points++;
      h.last_point = i;
    } else if (blank > 0 || s[i] == '\'' || s[i] == '_') {
      char mark = blank > 0 ? ' ' : s[i];
      h.good = h.other == '\0' || h.other == mark;
      h.other = mark;
    } else if ((s[i] == 'e' || s[i] == 'E') && digits > 0) {
      h.exponent = true;
      i++;
      i += i < n && (s[i] == '-' || s[i] == '+');
      h.good = i < n;
      for (; i < n; i++)
        h.good &= is_digit(s[i]);
      break;
    } else
      h.good = false;
    i += blank > 1 ? blank : 1;
  }
  h.whole = n;
  h.good &= digits > 0;
  return h;
}

/* A number with commas and points, or with other marks between groups: which is which? */
static void see_both(number_evidence *e, const shape *h, const char *s, size_t n, const char *all, size_t n_all,
                     off line) {
  bool comma_last = h->commas > 0 && (h->points == 0 || h->last_comma > h->last_point);
  bool fraction = h->commas + h->points > 0;
  size_t whole = !fraction ? n : comma_last ? h->last_comma : h->last_point;
  char mark = h->other != '\0' ? h->other : comma_last ? '.' : ',';
  bool one = comma_last ? h->commas == 1 : h->points <= 1;
  if (!one || h->exponent || (h->other != '\0' && h->commas > 0 && h->points > 0) || !number_grouped(s, whole, mark)) {
    e->others++;
    return;
  }
  if (fraction)
    guess_note(comma_last ? &e->decimal_comma : &e->decimal_point, all, n_all, line);
  if (h->other != '\0') {
    e->mixed_marks |= e->other_mark != '\0' && e->other_mark != mark;
    e->other_mark = mark;
    guess_note(&e->group_other, all, n_all, line);
  } else
    guess_note(comma_last ? &e->group_point : &e->group_comma, all, n_all, line);
}

/* An unsigned number without currency and per cent; `all` is the field for messages. */
static void see_body(number_evidence *e, const char *s, size_t n, const char *all, size_t n_all, off line) {
  shape h = shape_of(s, n);
  if (!h.good)
    e->others++;
  else if (h.other != '\0' || (h.commas > 0 && h.points > 0))
    see_both(e, &h, s, n, all, n_all, line);
  else if (h.commas == 0 && h.points == 0) {
    e->integers++;
    e->long_integer |= n >= 4;
  } else {
    char mark = h.commas > 0 ? ',' : '.';
    bool comma = mark == ',', grouped = number_grouped(s, n, mark);
    size_t count = h.commas + h.points;
    if (count == 1)
      guess_note(grouped ? comma ? &e->either_comma : &e->either_point
                 : comma ? &e->decimal_comma
                         : &e->decimal_point,
                 all, n_all, line);
    else if (grouped)
      guess_note(comma ? &e->group_comma : &e->group_point, all, n_all, line);
    else
      e->others++;
  }
}

static void strip_blanks(const char **s, size_t *n) {
  for (size_t blank; (blank = number_blank(*s, *n)) > 0; *n -= blank)
    *s += blank;
  for (size_t k = 1; k <= 3 && k <= *n; k++)
    if (number_blank(*s + *n - k, k) == k) {
      *n -= k;
      k = 0;
    }
}

static void see_currency(number_evidence *e, const char *sign, size_t length, const char *all, size_t n_all, off line) {
  if (e->sign[0] == '\0')
    memcpy(e->sign, sign, length);
  bool same = strlen(e->sign) == length && memcmp(e->sign, sign, length) == 0;
  guess_note(same ? &e->currency : &e->currency_other, all, n_all, line);
}

void number_see(number_evidence *e, const char *s, size_t n, off line) {
  text_trim(&s, &n);
  const char *all = s;
  size_t n_all = n, length;
  if (n == 0)
    return;
  e->fields++;
  bool minus = *s == '-' || *s == '+';
  s += minus;
  n -= minus;
  if ((length = currency_sign(s, n, false)) > 0) {
    see_currency(e, s, length, all, n_all, line);
    s += length;
    n -= length;
    strip_blanks(&s, &n);
    if (!minus && n > 0 && (*s == '-' || *s == '+')) {
      s++;
      n--;
    }
  } else if ((length = currency_sign(s, n, true)) > 0) {
    see_currency(e, s + n - length, length, all, n_all, line);
    n -= length;
    strip_blanks(&s, &n);
  }
  int parts = duration_parts(s, n);
  if (parts > 0) {
    guess_note(parts == 3 ? &e->hms : &e->two_parts, all, n_all, line);
    return;
  }
  if (n > 0 && s[n - 1] == '%') {
    n--;
    strip_blanks(&s, &n);
    guess_note(&e->per_cent, all, n_all, line);
  } else if (shape_of(s, n).good)
    guess_note(&e->plain, all, n_all, line);
  see_body(e, s, n, all, n_all, line);
}

/* ---- deciding ---- */

/* What is asked about, for messages. */
typedef struct where {
  const char *name, *place;
} where;

static status contradict(const where *at, const guess_example *a, const guess_example *b, const char *what) {
  return status_fail(BAD_DATA, "%s: %s has `%s` (line %lld) and `%s` (line %lld): %s", at->name, at->place, a->text,
                     (long long)a->line, b->text, (long long)b->line, what);
}

static status ask(const where *at, const guess_example *e, const char *what) {
  return status_fail(USAGE, "%s: %s has `%s` (line %lld), %s", at->name, at->place, e->text, (long long)e->line, what);
}

static status decide_wished_marks(const number_evidence *e, const text_wish *w, number_style *out) {
  char decimal = w->decimal, thousands = w->thousands;
  if (decimal == '\0')
    decimal = thousands == '.' ? ',' : '.';
  if (decimal == thousands)
    return status_fail(USAGE, "--decimal and --thousands cannot be the same character");
  if (thousands == '\0') { /* once the decimal sign is known, the other mark can only group digits */
    bool other = decimal == ',' ? e->group_point.count + e->either_point.count > 0
                                : e->group_comma.count + e->either_comma.count > 0;
    thousands = other ? decimal == ',' ? '.' : ',' : e->other_mark;
  }
  out->decimal = decimal;
  out->thousands = thousands;
  return OK;
}

static status decide_marks(const number_evidence *e, const text_wish *w, const where *at, const text_layout *l,
                           number_style *out) {
  const char *both = "the comma and the point cannot both be the decimal sign; give --decimal , or --decimal .";
  if (w->decimal != '\0' || w->thousands != '\0')
    return decide_wished_marks(e, w, out);
  const guess_example *comma = e->decimal_comma.count > 0 ? &e->decimal_comma : &e->group_point;
  const guess_example *point = e->decimal_point.count > 0 ? &e->decimal_point : &e->group_comma;
  if (comma->count > 0 && point->count > 0)
    return contradict(at, comma, point, both);
  if (e->mixed_marks)
    return ask(at, &e->group_other, "and other lines have other marks between thousands; give one with --thousands");
  if (comma->count > 0) {
    out->decimal = ',';
    out->thousands = e->group_point.count + e->either_point.count > 0 ? '.' : '\0';
  } else if (point->count > 0) {
    out->decimal = '.';
    out->thousands = e->group_comma.count + e->either_comma.count > 0 ? ',' : '\0';
  } else if (e->group_other.count > 0) {
    if (e->either_comma.count > 0 && e->either_point.count > 0)
      return contradict(at, &e->either_comma, &e->either_point, both);
    out->decimal = e->either_comma.count > 0 ? ',' : '.';
  } else if (e->either_comma.count > 0)
    return ask(at, &e->either_comma,
               "which may be a number in thousands or a fraction; give --thousands , or --decimal ,");
  else if (e->either_point.count > 0) {
    /* Programs that write a fixed number of decimals write them always; a semicolon speaks of decimal commas. */
    bool fixed = e->integers == 0 && strcmp(l->separator, ";") != 0;
    if (!fixed && !e->long_integer)
      return ask(at, &e->either_point,
                 "which may be a number in thousands or a fraction; give --thousands . or --decimal .");
    out->decimal = '.';
  } else
    out->doubtful = !e->long_integer;
  if (e->group_other.count > 0) {
    if (out->thousands != '\0')
      return ask(at, &e->group_other, "and other lines have other marks between thousands; give one with --thousands");
    out->thousands = e->other_mark;
  }
  return OK;
}

static status decide_form(const number_evidence *e, const text_wish *w, const where *at, number_style *out) {
  const guess_example *clock = e->hms.count > 0 ? &e->hms : &e->two_parts;
  out->form = w->value_form;
  if (w->value_form != FORM_AUTO)
    return OK;
  if (clock->count > 0 && e->per_cent.count > 0)
    return contradict(at, clock, &e->per_cent, "these are not values of one kind");
  if (clock->count > 0 && e->plain.count > 0)
    return contradict(at, clock, &e->plain,
                      "durations and plain numbers in one column; give --value-format h:m:s, and --max-bad-lines to "
                      "leave the others out, or another --value-column");
  if (e->per_cent.count > 0 && e->plain.count > 0)
    return contradict(at, &e->per_cent, &e->plain,
                      "per cent and plain numbers in one column; give --value-format percent, and --max-bad-lines to "
                      "leave the others out, or another --value-column");
  if (e->hms.count > 0)
    out->form = FORM_HMS;
  else if (e->two_parts.count > 0)
    return ask(at, clock,
               "a duration in minutes and seconds or in hours and minutes; give --value-format m:s or h:m (both are "
               "read as seconds)");
  else if (e->per_cent.count > 0)
    return ask(at, &e->per_cent,
               "in per cent; give --value-format percent (85% is 85) or --value-format share (85% is 0.85)");
  return OK;
}

static void describe(const number_style *style, char *out, size_t size) {
  static const char *const FORM[] = {"",
                                     "",
                                     "per cent as they stand",
                                     "per cent as shares",
                                     "durations h:m:s as seconds",
                                     "durations m:s as seconds",
                                     "durations h:m as seconds"};
  size_t n = 0;
  out[0] = '\0';
  if (style->form > FORM_NUMBER)
    n += (size_t)snprintf(out + n, size - n, "%s", FORM[style->form]);
  if (style->decimal == ',' && style->form < FORM_HMS)
    n += (size_t)snprintf(out + n, size - n, "%sdecimal comma", n > 0 ? ", " : "");
  if (style->thousands != '\0' && style->form < FORM_HMS)
    n += (size_t)snprintf(out + n, size - n,
                          style->thousands == ' ' ? "%sblanks between thousands" : "%s`%c` between thousands",
                          n > 0 ? ", " : "", style->thousands);
  if (style->currency[0] != '\0')
    snprintf(out + n, size - n, "%scurrency %s left out", n > 0 ? ", " : "", style->currency);
}

status number_decide(const number_evidence *e, const text_wish *w, const char *name, const char *place,
                     text_layout *l) {
  const where at = {name, place};
  number_style *style = &l->number;
  status st = OK;
  *style = (number_style){0};
  TRY(decide_form(e, w, &at, style));
  if (style->form < FORM_HMS)
    TRY(decide_marks(e, w, &at, l, style));
  if (e->currency_other.count > 0)
    TRY(contradict(&at, &e->currency, &e->currency_other, "amounts of two currencies cannot be compared"));
  if (e->currency.count > 0)
    memcpy(style->currency, e->sign, sizeof style->currency);
  describe(style, l->reading[ROLE_VALUE], sizeof l->reading[ROLE_VALUE]);
done:
  return st;
}
