#include "io/values/text_number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void text_trim(const char **s, size_t *n) {
  while (*n > 0 && (**s == ' ' || **s == '\t')) {
    ++*s;
    --*n;
  }
  while (*n > 0 && ((*s)[*n - 1] == ' ' || (*s)[*n - 1] == '\t'))
    --*n;
}

/* ---- plain numbers ---- */

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

static const char *round_to_real(double value, real *out) {
  /* Half a unit above the largest float would round to infinity. */
  if (!(fabs(value) < 3.40282356779733661637e38))
    return "the value is out of range";
  *out = (real)value;
  return NULL;
}

const char *text_value(const char *s, size_t n, real *out) {
  static const double TEN[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  text_trim(&s, &n);
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
  return round_to_real(strtod(copy, NULL), out);
}

/* ---- styles ---- */

/* Longer ones first where one begins with another. Also the euro, pound and yen of Latin-1 and Windows-1252. */
static const char *const CURRENCIES[] = {"$",
                                         "\xe2\x82\xac" /* euro */,
                                         "\xc2\xa3" /* pound */,
                                         "\xc2\xa5" /* yen */,
                                         "\xc2\xa2" /* cent */,
                                         "\xe2\x82\xb9" /* Indian rupee */,
                                         "\xe2\x82\xbd" /* rouble */,
                                         "\xe2\x82\xa9" /* won */,
                                         "\xe2\x82\xba" /* Turkish lira */,
                                         "\xe2\x82\xaa" /* shekel */,
                                         "\xe2\x82\xab" /* dong */,
                                         "\xe2\x82\xb4" /* hryvnia */,
                                         "\xe2\x82\xb1" /* peso */,
                                         "\x80",
                                         "\xa3",
                                         "\xa5"};

size_t currency_sign(const char *s, size_t n, bool last) {
  for (size_t i = 0; i < sizeof CURRENCIES / sizeof *CURRENCIES; i++) {
    size_t length = strlen(CURRENCIES[i]);
    if (n >= length && memcmp(last ? s + n - length : s, CURRENCIES[i], length) == 0)
      return length;
  }
  return 0;
}

size_t number_blank(const char *s, size_t n) {
  static const char *const BLANKS[] = {" ", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89", "\xa0"};
  for (size_t i = 0; i < sizeof BLANKS / sizeof *BLANKS; i++)
    if (n >= strlen(BLANKS[i]) && memcmp(s, BLANKS[i], strlen(BLANKS[i])) == 0)
      return strlen(BLANKS[i]);
  return 0;
}

/* Length of the mark between groups at s, 0 if there is none. */
static size_t group_mark(const char *s, size_t n, char mark) {
  return mark == ' ' ? number_blank(s, n) : n > 0 && mark != '\0' && *s == mark;
}

bool number_grouped(const char *s, size_t n, char mark) {
  size_t i = 0, digits = 0, groups = 0;
  if (n == 0 || s[0] == '0')
    return false;
  while (i < n) {
    size_t length = group_mark(s + i, n - i, mark);
    if (length > 0) {
      if (groups == 0 ? digits < 1 || digits > 3 : digits != 3)
        return false;
      groups++;
      digits = 0;
      i += length;
    } else if (is_digit(s[i++]))
      digits++;
    else
      return false;
  }
  return groups > 0 && digits == 3;
}

static const char *duration(number_form form, const char *s, size_t n, real *out) {
  double part[3] = {0};
  int parts = 0;
  size_t i = 0;
  bool fraction = false;
  while (i < n && parts < 3 && !fraction) {
    size_t from = i, digits = 0;
    for (; i < n && is_digit(s[i]); i++, digits++)
      part[parts] = 10 * part[parts] + (s[i] - '0');
    if (digits == 0 || digits > 9 || (parts > 0 && (digits != 2 || part[parts] > 59)))
      return "the value is not a duration such as 1:02:03";
    if (i < n && (s[i] == '.' || s[i] == ',')) {
      fraction = true;
      char copy[32] = "0.";
      size_t m = 2;
      for (i++; i < n && is_digit(s[i]); i++)
        if (m < sizeof copy - 1)
          copy[m++] = s[i];
      part[parts] += strtod(copy, NULL);
    }
    parts++;
    if (i < n && (s[i] != ':' || i + 1 == n || i == from))
      return "the value is not a duration such as 1:02:03";
    i += i < n;
  }
  if (i < n || parts < 2 || (fraction && parts == 2 && form == FORM_HM))
    return "the value is not a duration such as 1:02:03";
  double seconds = parts == 3        ? 3600 * part[0] + 60 * part[1] + part[2]
                   : form == FORM_HM ? 3600 * part[0] + 60 * part[1]
                                     : 60 * part[0] + part[1];
  return round_to_real(seconds, out);
}

/* Removes the mark (a currency or a per cent sign) and the blanks between it and the number. */
static bool strip_mark(const char **s, size_t *n, const char *mark, bool front) {
  size_t length = strlen(mark), blank;
  if (front && *n >= length && memcmp(*s, mark, length) == 0) {
    *s += length;
    *n -= length;
    while ((blank = number_blank(*s, *n)) > 0) {
      *s += blank;
      *n -= blank;
    }
    return true;
  }
  if (*n < length || memcmp(*s + *n - length, mark, length) != 0)
    return false;
  *n -= length;
  for (size_t k = 1; k <= 3 && k <= *n; k++)
    if (number_blank(*s + *n - k, k) == k) {
      *n -= k;
      k = 0;
    }
  return true;
}

/* Copies the number without its marks and with a point into copy[size]; 0 if it is not one or too long. */
static size_t normal_form(const number_style *style, const char *s, size_t n, char *copy, size_t size) {
  char decimal = style->decimal == ',' ? ',' : '.';
  size_t whole = 0, m = 0;
  while (whole < n && s[whole] != decimal && s[whole] != 'e' && s[whole] != 'E')
    whole++;
  bool grouped = number_grouped(s, whole, style->thousands);
  if (n >= size)
    return 0;
  for (size_t i = 0; i < n; i++) {
    size_t mark = grouped && i < whole ? group_mark(s + i, whole - i, style->thousands) : 0;
    if (mark > 0)
      i += mark - 1;
    else if (s[i] == decimal)
      copy[m++] = '.';
    else if (is_digit(s[i]) || ((s[i] == '-' || s[i] == '+') && i > whole) || s[i] == 'e' || s[i] == 'E')
      copy[m++] = s[i];
    else
      return 0;
  }
  return m;
}

static const char *styled(const number_style *style, const char *s, size_t n, real *out) {
  char copy[512];
  const char *bad;
  bool minus = false, per_cent = style->form == FORM_PERCENT || style->form == FORM_SHARE;
  text_trim(&s, &n);
  if (n == 0)
    return "the value is empty";
  for (int pass = 0, sign = 0; pass < 2; pass++) { /* -$5 and $-5 */
    if (n > 0 && sign == 0 && (*s == '-' || *s == '+')) {
      minus = *s == '-';
      sign = 1;
      s++;
      n--;
    }
    if (pass == 0 && style->currency[0] != '\0')
      strip_mark(&s, &n, style->currency, true);
  }
  if (per_cent && !strip_mark(&s, &n, "%", false))
    return "the value has no per cent sign, but others of its column do";
  if (style->form >= FORM_HMS)
    bad = duration(style->form, s, n, out);
  else {
    size_t m = normal_form(style, s, n, copy, sizeof copy - 4);
    if (m > 0 && style->form == FORM_SHARE) {
      memcpy(copy + m, "e-2", 3); /* an exponent of its own makes it no number */
      m += 3;
    }
    bad = m == 0 ? text_value(s, n, out) == NULL ? "the value is not written as others of its column are"
                                                 : "the value is not a number as others of its column are"
                 : text_value(copy, m, out);
  }
  if (bad == NULL && minus)
    *out = -*out;
  return bad;
}

/* 1.234 and the like: a point behind one to three digits and before three. */
static bool is_doubtful(const char *s, size_t n) {
  text_trim(&s, &n);
  if (n > 0 && (*s == '-' || *s == '+')) {
    s++;
    n--;
  }
  return n >= 5 && n <= 7 && s[n - 4] == '.' && number_grouped(s, n, '.');
}

const char *text_number(const number_style *style, const char *s, size_t n, real *out) {
  if (style->decimal == ',' || style->thousands != '\0' || style->form > FORM_NUMBER || style->currency[0] != '\0')
    return styled(style, s, n, out);
  const char *bad = text_value(s, n, out);
  if (bad == NULL)
    return style->doubtful && is_doubtful(s, n)
               ? "the value may be a fraction or thousands: give --decimal . or --thousands ."
               : NULL;
  text_trim(&s, &n);
  if (memchr(s, ',', n) != NULL && memchr("0123456789-+,.", s[0], 14) != NULL)
    return "the value has a comma: --decimal , or --thousands , says what it means";
  return bad;
}
