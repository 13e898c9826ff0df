/* Detects the layout of a MatrixMarket file. */
#include "io/detect/column_names.h"
#include "io/detect/text_head.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 6, WORD = 24 };

static const char BANNER[] = "%%MatrixMarket matrix coordinate real general";

/* Splits a line at blanks into words in lower case; returns how many, at most WORDS. */
static int split_words(const text_span *line, char word[WORDS][WORD]) {
  int n = 0;
  for (size_t i = 0; i < line->n && n < WORDS; n++) {
    size_t length = 0;
    while (i < line->n && isspace((unsigned char)line->at[i]))
      i++;
    if (i == line->n)
      break;
    for (; i < line->n && !isspace((unsigned char)line->at[i]); i++)
      if (length + 1 < WORD)
        word[n][length++] = (char)tolower((unsigned char)line->at[i]);
    word[n][length] = '\0';
  }
  return n;
}

/* How many letters of `text` differ from `word` at least, if more may follow in `text`. */
static int misspelt(const char *text, const char *word) {
  enum { MOST = 16 };
  int row[MOST + 1], n = (int)strlen(word), best;
  for (int k = 0; k <= n; k++)
    row[k] = k;
  best = row[n];
  for (int i = 0; text[i] != '\0' && i < n + 4; i++) {
    int before = row[0];
    row[0] = i + 1;
    for (int k = 1; k <= n; k++) {
      int here = row[k], change = before + (text[i] != word[k - 1]);
      row[k] = change;
      if (here + 1 < row[k])
        row[k] = here + 1;
      if (row[k - 1] + 1 < row[k])
        row[k] = row[k - 1] + 1;
      before = here;
    }
    best = row[n] < best ? row[n] : best;
  }
  return best;
}

bool head_is_matrix_market(const text_span *line) {
  if (line->n == 0 || line->at[0] != '%')
    return false;
  char name[COLUMN_NAME_MAX];
  column_plain_name(line->at, line->n, name);
  return misspelt(name, "matrixmarket") <= 2 || strncmp(name, "matrixcoordinate", 16) == 0;
}

static bool is_one_of(const char *word, const char *const *list) {
  for (; *list != NULL; list++)
    if (strcmp(word, *list) == 0)
      return true;
  return false;
}

/* Checks the first line; *pattern becomes whether entries have no values. */
static status check_banner(const head *h, bool *pattern) {
  static const char *const FIELDS[] = {"real", "double", "integer", "unsigned-integer", "pattern", NULL};
  static const char *const HALVES[] = {"symmetric", "skew-symmetric", "hermitian", NULL};
  char word[WORDS][WORD];
  int n = split_words(&h->line[0], word), shown = h->line[0].n < 80 ? (int)h->line[0].n : 80;
  const char *line = h->line[0].at;
  if (n >= 3 && strcmp(word[2], "array") == 0)
    return status_fail(BAD_DATA,
                       "%s is a MatrixMarket `array`, a dense matrix; palate reads `coordinate`, which lists what is "
                       "there; convert it: python3 -c 'import scipy.io, scipy.sparse; scipy.io.mmwrite(\"NEW.mtx\", "
                       "scipy.sparse.coo_matrix(scipy.io.mmread(\"%s\")))'",
                       h->name, h->name);
  if (n == 5 && strcmp(word[0], "%%matrixmarket") == 0 && strcmp(word[1], "matrix") == 0 &&
      strcmp(word[2], "coordinate") == 0) {
    *pattern = strcmp(word[3], "pattern") == 0;
    if (is_one_of(word[4], HALVES) || strcmp(word[3], "complex") == 0)
      return status_fail(
          BAD_DATA,
          "%s: a %s %s matrix cannot hold users and items; palate reads general real, integer or pattern matrices",
          h->name, word[4], word[3]);
    if (strcmp(word[4], "general") == 0 && is_one_of(word[3], FIELDS))
      return OK;
  }
  return status_fail(
      BAD_DATA,
      "%s:1: `%.*s` is not a header of MatrixMarket that palate knows; write `%s` (or integer or pattern "
      "for real), or say what the file is with --format",
      h->name, shown, line, BANNER);
}

/* Reads `rows columns entries` into sizes[]; false if the line is anything else. */
static bool read_sizes(const char *line, size_t n, long long sizes[3]) {
  char text[128], *s = text;
  if (n >= sizeof text)
    return false;
  memcpy(text, line, n);
  text[n] = '\0';
  for (int i = 0; i < 3; i++) {
    char *end;
    errno = 0;
    sizes[i] = strtoll(s, &end, 10);
    if (end == s || errno != 0 || (*end != '\0' && !isspace((unsigned char)*end)))
      return false;
    s = end;
  }
  s += strspn(s, " \t\r");
  return *s == '\0' && sizes[0] >= 1 && sizes[1] >= 1 && sizes[2] >= 0;
}

static status check_wish(const head *h, const text_wish *w) {
  if (w->column[ROLE_USER] == NULL && w->column[ROLE_ITEM] == NULL && w->column[ROLE_VALUE] == NULL &&
      (w->column[ROLE_TIME] == NULL || strcmp(w->column[ROLE_TIME], "none") == 0))
    return OK;
  return status_fail(USAGE, "%s is a MatrixMarket file, which has no columns to choose; --rows says what its rows are",
                     h->name);
}

status detect_matrix_market(const head *h, const char *bytes, size_t n, const text_wish *w, text_layout *l) {
  status st = OK;
  bool pattern = false;
  off number = 0;
  TRY(check_banner(h, &pattern));
  TRY(check_wish(h, w));
  for (size_t i = (size_t)l->skip_bytes; i < n;) {
    const char *stop = text_line_end(bytes + i, bytes + n);
    size_t next = stop != NULL ? (size_t)(stop - bytes) : n, to = next, from = i;
    number++;
    i = next;
    while (to > from && isspace((unsigned char)bytes[to - 1]))
      to--;
    while (from < to && isspace((unsigned char)bytes[from]))
      from++;
    if (from == to || bytes[from] == '%')
      continue;
    long long sizes[3];
    if (!read_sizes(bytes + from, to - from, sizes))
      TRY(status_fail(BAD_DATA, "%s:%lld: `rows columns entries` expected, not `%.*s`", h->name, (long long)number,
                      (int)(to - from < 60 ? to - from : 60), bytes + from));
    l->most_user = (uint64_t)sizes[w->rows == 2];
    l->most_item = (uint64_t)sizes[w->rows != 2];
    l->entries = (off)sizes[2];
    l->skip_bytes = (off)next;
    l->skip_lines = number;
    head_set_separator(l, "");
    head_give_role(l, w->rows == 2 ? ROLE_ITEM : ROLE_USER, 0, NULL, 0);
    head_give_role(l, w->rows == 2 ? ROLE_USER : ROLE_ITEM, 1, NULL, 0);
    if (!pattern)
      head_give_role(l, ROLE_VALUE, 2, NULL, 0);
    goto done;
  }
  st = status_fail(BAD_DATA, "%s: no line with `rows columns entries` in the first %d bytes", h->name, TEXT_HEAD);
done:
  return st;
}
