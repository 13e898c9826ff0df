#include "io/detect/text_facts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool digit(char c) {
  return c >= '0' && c <= '9';
}

static text_span trimmed(const text_span *field) {
  text_span f = *field;
  while (f.n > 0 && (*f.at == ' ' || *f.at == '\t')) {
    f.at++;
    f.n--;
  }
  while (f.n > 0 && (f.at[f.n - 1] == ' ' || f.at[f.n - 1] == '\t'))
    f.n--;
  return f;
}

bool field_is_empty(const text_span *field) {
  static const char *const WORDS[] = {"na", "n/a", "nan", "null", "none", "nil", "\\n", "-", "?"};
  text_span f = trimmed(field);
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (f.n == strlen(WORDS[i]) && strncasecmp(f.at, WORDS[i], f.n) == 0)
      return true;
  return f.n == 0;
}

/* Whether all are digits. */
static bool all_digits(const text_span *f) {
  for (size_t i = 0; i < f->n; i++)
    if (!digit(f->at[i]))
      return false;
  return f->n > 0;
}

bool field_is_date(const text_span *field) {
  text_span f = trimmed(field);
  real value;
  if (all_digits(&f)) /* ten digits are rather seconds */
    return f.n != 10 && text_digits_date(f.at, f.n);
  return text_value(f.at, f.n, &value) != NULL &&
         (text_time_likely(f.at, f.n) || text_date_shape(f.at, f.n) != SHAPE_OTHER);
}

/* 5, -2.5, 1e3, 4,5, 1,234.50, 1.234,50, 1 234, $5.00, 3 €, 80%, 1:02:03 */
bool field_is_number(const text_span *field) {
  text_span f = trimmed(field);
  real value;
  if (f.n == 0 || f.n > 40)
    return false;
  if (text_value(f.at, f.n, &value) == NULL)
    return true;
  size_t digits = 0, marks = 0, sign;
  if ((sign = currency_sign(f.at, f.n, false)) > 0)
    f = (text_span){f.at + sign, f.n - sign};
  else if ((sign = currency_sign(f.at, f.n, true)) > 0)
    f.n -= sign;
  if (f.n > 0 && f.at[f.n - 1] == '%')
    f.n--;
  f = trimmed(&f);
  for (size_t i = 0, step; i < f.n; i += step) {
    step = 1;
    if (digit(f.at[i]))
      digits++;
    else if (f.at[i] != '\0' && strchr(".,':_", f.at[i]) != NULL && digits > 0)
      marks++;
    else if (digits > 0 && (step = number_blank(f.at + i, f.n - i)) > 0)
      marks++;
    else if (i > 0 || (f.at[i] != '-' && f.at[i] != '+'))
      return false;
    else
      step = 1;
  }
  return digits > 0 && marks <= digits / 2 + 1 && !field_is_date(field);
}

/* Times as plain numbers: 0 none, 1 possible (from 1973), 2 likely (1989 to 2040). */
static int seconds_of(const text_span *field) {
  text_span f = trimmed(field);
  if (f.n < 9 || f.n > 20 || !digit(f.at[0]))
    return 0;
  char copy[24], *end;
  memcpy(copy, f.at, f.n);
  copy[f.n] = '\0';
  double t = strtod(copy, &end);
  if (*end != '\0' || strpbrk(copy, "eExX") != NULL)
    return 0;
  for (int unit = 0; unit < 3 && t >= 1e11; unit++)
    t /= 1e3;
  return t < 1e8 || t > 4102444800.0 ? 0 : t >= 6e8 && t <= 2.2e9 ? 2 : 1;
}

/* Returns true if the field is several whole numbers between one kind of mark. */
static bool is_list(const text_span *field) {
  text_span f = trimmed(field);
  int numbers = 0;
  char mark = '\0';
  for (size_t i = 0; i < f.n;) {
    size_t from = i;
    while (i < f.n && digit(f.at[i]))
      i++;
    if (i == from)
      return false;
    numbers++;
    if (i == f.n)
      break;
    if (strchr(" ,;|", f.at[i]) == NULL || f.at[i] == '\0' || (mark != '\0' && f.at[i] != mark))
      return false;
    mark = f.at[i];
    while (i < f.n && f.at[i] == mark)
      i++;
  }
  return numbers > 1;
}

static void add_field(column_facts *c, const text_span *field) {
  c->fields++;
  if (field_is_empty(field)) {
    c->empty++;
    return;
  }
  text_span f = trimmed(field);
  bool within = false;
  for (size_t i = 0; i < f.n; i++)
    within |= f.at[i] == '|' || f.at[i] == ',' || f.at[i] == ';' || f.at[i] == ' ';
  c->bars += within;
  c->parts += is_list(&f);
  if (field_is_date(&f)) {
    c->dates++;
    return;
  }
  if (!field_is_number(&f))
    return;
  real value = 0;
  size_t digits = 0;
  while (digits < f.n && digit(f.at[digits]))
    digits++;
  c->whole += digits == f.n;
  c->padded += digits == f.n && f.n > 1 && f.at[0] == '0';
  if (text_value(f.at, f.n, &value) == NULL) {
    c->zeros += value == 0;
    c->nines += value == 99;
    if (c->numbers == 0 || (double)value < c->least)
      c->least = (double)value;
    if (c->numbers == 0 || (double)value > c->most)
      c->most = (double)value;
  }
  c->numbers++;
  int time = seconds_of(&f);
  c->seconds += time > 0;
  c->recent += time > 1;
}

void facts_of(const head *h, const text_layout *l, int first, table_facts *out) {
  char copy[HEAD_COPY], first_copy[HEAD_COPY];
  text_span fields[TEXT_COLUMNS_MAX], top[TEXT_COLUMNS_MAX];
  *out = (table_facts){0};
  /* The number of columns is that of most lines; longer ones count as these if nothing stands in the rest. */
  int of[TEXT_COLUMNS_MAX + 1] = {0}, n_top = head_split(l, h, 0, first_copy, top);
  for (int i = first; i < h->n; i++) {
    int n = head_split(l, h, i, copy, fields);
    of[n]++;
    out->lines++;
  }
  for (int n = 1; n <= TEXT_COLUMNS_MAX; n++)
    if (of[n] > 0 && of[n] >= out->alike) { /* of two, the longer: the other lines lack something */
      out->alike = of[n];
      out->columns = n;
    }
  for (int i = first; i < h->n; i++) {
    int n = head_split(l, h, i, copy, fields);
    bool more = false;
    for (int k = out->columns; k < n; k++)
      more |= fields[k].n > 0;
    out->longer += more;
    for (int k = 0; k < n && !more; k++) {
      add_field(&out->column[k], &fields[k]);
      out->column[k].first_again += i > 0 && k < n_top && top[k].n == fields[k].n && top[k].n > 0 &&
                                    memcmp(top[k].at, fields[k].at, top[k].n) == 0;
    }
  }
}

bool facts_mostly(const column_facts *f, int count) {
  int held = f->fields - f->empty;
  return count * 2 > held;
}

bool facts_numeric(const column_facts *f) {
  return facts_mostly(f, f->numbers);
}

bool facts_dates(const column_facts *f) {
  return facts_mostly(f, f->dates);
}

bool facts_seconds(const column_facts *f, bool recent) {
  return facts_mostly(f, recent ? f->recent : f->seconds);
}
