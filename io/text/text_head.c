/* The first lines of a text: finding them, splitting them, naming their columns. */
#include "io/text/text_head.h"

#include "io/text/column_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nothing but blanks and what may separate columns. */
static bool is_empty(const char *line, size_t n) {
  size_t i = 0;
  while (i < n && line[i] != '\0' && strchr(" \t,;|", line[i]) != NULL)
    i++;
  return i == n;
}

static void find_lines(head *h, const char *bytes, size_t n, size_t from, bool whole) {
  off number = 0;
  h->n = 0;
  for (size_t i = from; i < n && h->n < LINES;) {
    const char *stop = text_line_end(bytes + i, bytes + n);
    if (!whole && (stop == NULL || (stop == bytes + n && stop[-1] == '\r'))) /* a \n may follow */
      break;
    size_t next = stop != NULL ? (size_t)(stop - bytes) : n, length = next - i;
    number++;
    while (length > 0 && (bytes[i + length - 1] == '\n' || bytes[i + length - 1] == '\r'))
      length--;
    if (!is_empty(bytes + i, length)) {
      h->line[h->n] = (text_span){bytes + i, length};
      h->line_end[h->n] = (off)next;
      h->line_number[h->n++] = number;
    }
    i = next;
  }
}

status head_read(head *h, const char *name, const char *bytes, size_t n, bool whole, size_t *from) {
  *h = (head){.name = name};
  *from = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  if (n == 0)
    return status_fail(BAD_DATA, "%s is empty", name);
  if (n >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
    return status_fail(BAD_DATA, "%s is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 %s", name, name);
  find_lines(h, bytes, n, *from, whole);
  if (h->n > 0)
    return OK;
  return whole ? status_fail(BAD_DATA, "%s has only empty lines", name)
               : status_fail(BAD_DATA, "%s: the first line is longer than %d bytes", name, TEXT_HEAD);
}

/* The mark that a comment begins with, "" if the line is none. */
static const char *comment_mark(const text_span *line, const char *wish) {
  static const char *const MARKS[] = {"#", "%", "//"};
  size_t blank = 0;
  while (blank < line->n && (line->at[blank] == ' ' || line->at[blank] == '\t'))
    blank++;
  for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++) {
    const char *mark = wish != NULL ? wish : MARKS[i];
    size_t n = strlen(mark);
    if (line->n - blank >= n && memcmp(line->at + blank, mark, n) == 0)
      return mark;
  }
  return "";
}

/* Removes the first n lines, which are not data. */
static void drop_lines(head *h, text_layout *l, int n) {
  l->skip_bytes = h->line_end[n - 1];
  l->skip_lines = h->line_number[n - 1];
  memmove(h->line, h->line + n, (size_t)(h->n - n) * sizeof *h->line);
  memmove(h->line_end, h->line_end + n, (size_t)(h->n - n) * sizeof *h->line_end);
  memmove(h->line_number, h->line_number + n, (size_t)(h->n - n) * sizeof *h->line_number);
  h->n -= n;
}

void head_comments(head *h, text_layout *l, const char *wish, text_span *last) {
  int n = 0;
  const char *mark = "";
  *last = (text_span){NULL, 0};
  if (wish != NULL && (strcmp(wish, "none") == 0 || wish[0] == '\0'))
    return;
  while (n < h->n && *comment_mark(&h->line[n], wish) != '\0')
    n++;
  if (n == 0 || n == h->n)
    return;
  mark = comment_mark(&h->line[n - 1], wish);
  text_span line = h->line[n - 1];
  const char *at = memchr(line.at, mark[0], line.n), *end = line.at + line.n;
  while (at < end && (strchr(mark, *at) != NULL || *at == ' '))
    at++;
  *last = (text_span){at, (size_t)(end - at)};
  snprintf(l->comment, sizeof l->comment, "%s", mark);
  drop_lines(h, l, n);
}

bool head_separator_line(head *h, text_layout *l, char separator[2]) {
  const text_span *first = &h->line[0];
  if (h->n < 2 || first->n != 5 || strncasecmp(first->at, "sep=", 4) != 0)
    return false;
  separator[0] = first->at[4];
  separator[1] = '\0';
  drop_lines(h, l, 1);
  return true;
}

void head_join_records(head *h, const text_layout *l) {
  if (!l->quoting || h->n == 0)
    return;
  int n = 0;
  for (int i = 0; i < h->n; n++) {
    const char *from = h->line[i].at;
    int last = i;
    text_place place = PLACE_START;
    /* Each line with its end, until a line end is outside quotes. */
    while (last < h->n) {
      const char *start = last > i ? h->line[last - 1].at + h->line[last - 1].n : from;
      text_scan(l, start, h->line[last].at + h->line[last].n, &place, false);
      if (place != PLACE_QUOTED)
        break;
      last++;
    }
    if (last == h->n) /* a quote is never closed: the parser will say so */
      last = i;
    h->line[n] = (text_span){from, (size_t)(h->line[last].at + h->line[last].n - from)};
    h->line_end[n] = h->line_end[last];
    h->line_number[n] = h->line_number[last];
    i = last + 1;
  }
  h->n = n;
}

void head_set_separator(text_layout *l, const char *separator) {
  l->separator_length = (int)strlen(separator);
  memcpy(l->separator, separator, strlen(separator) + 1);
}

status head_wished_separator(text_layout *l, const char *text) {
  static const struct {
    const char *word, *separator;
  } WORDS[] = {{"tab", "\t"}, {"\\t", "\t"}, {"comma", ","}, {"semicolon", ";"},
               {"pipe", "|"}, {"blank", ""}, {" ", ""}};
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (strcasecmp(text, WORDS[i].word) == 0)
      text = WORDS[i].separator;
  for (const char *s = text; *s != '\0'; s++)
    if (isalnum((unsigned char)*s) || strchr("\"\n\r.-+", *s) != NULL)
      return status_fail(USAGE, "--separator cannot hold the character `%c`", *s);
  if (strlen(text) >= sizeof l->separator)
    return status_fail(USAGE, "--separator takes at most %zu characters", sizeof l->separator - 1);
  head_set_separator(l, text);
  return OK;
}

int head_count_fields(const text_layout *l, const text_span *line) {
  text_span fields[TEXT_COLUMNS_MAX];
  char copy[HEAD_COPY];
  const char *bad;
  size_t bad_at, n = line->n < sizeof copy ? line->n : sizeof copy;
  memcpy(copy, line->at, n);
  return text_split(l, copy, n, fields, TEXT_COLUMNS_MAX, &bad, &bad_at);
}

head_split_facts head_try_separator(const text_layout *l, const head *h) {
  head_split_facts f = {0};
  int of[TEXT_COLUMNS_MAX + 1] = {0};
  for (int i = 0; i < h->n; i++) {
    int columns = head_count_fields(l, &h->line[i]);
    if (columns < 0) /* a quoted field goes on in the next line */
      continue;
    of[columns]++;
    f.lines++;
    f.split += columns > 1;
  }
  for (int columns = 0; columns <= TEXT_COLUMNS_MAX; columns++)
    if (of[columns] > f.alike) {
      f.alike = of[columns];
      f.columns = columns;
    }
  return f;
}

void head_guess_separator_of(text_layout *l, const head *h, const char **rival) {
  static const char *const CANDIDATES[] = {"\t", ",", ";", "|", "::"};
  const char *chosen = "", *second = NULL;
  int best_alike = 0, best_columns = 0;
  for (size_t i = 0; i < sizeof CANDIDATES / sizeof *CANDIDATES; i++) {
    head_set_separator(l, CANDIDATES[i]);
    l->quoting = *CANDIDATES[i] == ',' || *CANDIDATES[i] == ';';
    head_split_facts f = head_try_separator(l, h);
    if (f.columns < 2 || f.alike * 2 < f.lines)
      continue;
    /* A separator of a few lines less may still be the better one: a comma within some titles says little. */
    int gain = (f.alike - best_alike) * 10;
    bool better = best_columns == 0 || gain > h->n || (gain >= -h->n && f.columns > best_columns);
    if (!better && f.alike == best_alike && f.columns == best_columns)
      second = CANDIDATES[i];
    if (better) {
      best_alike = f.alike;
      best_columns = f.columns;
      chosen = CANDIDATES[i];
      second = NULL;
    }
  }
  head_set_separator(l, chosen);
  l->quoting = *chosen == ',' || *chosen == ';';
  if (rival != NULL)
    *rival = second;
}

void head_guess_separator(text_layout *l, const head *h) {
  head_guess_separator_of(l, h, NULL);
}

status head_quoting(text_layout *l, int wish) {
  l->backslash = wish == 3;
  l->quoting =
      wish == 1 || wish == 3 || (wish == 0 && (strcmp(l->separator, ",") == 0 || strcmp(l->separator, ";") == 0));
  if (l->quoting && l->separator_length != 1)
    return status_fail(USAGE, "--quoting yes needs a separator of one character");
  return OK;
}

int head_split(const text_layout *l, const head *h, int i, char *copy, text_span *fields) {
  if (i >= h->n)
    return 0;
  const char *bad;
  size_t bad_at, n = h->line[i].n < HEAD_COPY ? h->line[i].n : HEAD_COPY;
  memcpy(copy, h->line[i].at, n);
  int count = text_split(l, copy, n, fields, TEXT_COLUMNS_MAX, &bad, &bad_at);
  return count > 0 ? count : 0; /* the parser will report what is wrong */
}

void head_give_role(text_layout *l, text_role role, int column, const text_span *names, int n_names) {
  l->role[column] = (uint8_t)role;
  if (column + 1 > l->n_columns)
    l->n_columns = column + 1;
  if (l->header && column < n_names) {
    size_t n = names[column].n < sizeof l->column_name[role] - 1 ? names[column].n : sizeof l->column_name[role] - 1;
    memcpy(l->column_name[role], names[column].at, n);
    l->column_name[role][n] = '\0';
  }
  l->has_value |= role == ROLE_VALUE;
  l->has_time |= role == ROLE_TIME;
}

status head_column(const head *h, const text_layout *l, const char *wish, const char *option, const text_span *names,
                   int n_names, int *out) {
  if (wish[0] != '\0' && wish[strspn(wish, "0123456789")] == '\0') {
    long number = strtol(wish, NULL, 10);
    if (number < 1 || number > TEXT_COLUMNS_MAX)
      return status_fail(USAGE, "--%s-column takes a name or a number from 1 to %d, not `%s`", option, TEXT_COLUMNS_MAX,
                         wish);
    *out = (int)number - 1;
    return OK;
  }
  for (int fold = 0; l->header && fold < 2; fold++)
    for (int i = 0; i < n_names; i++)
      if (names[i].n == strlen(wish) &&
          (fold ? strncasecmp(names[i].at, wish, names[i].n) : strncmp(names[i].at, wish, names[i].n)) == 0) {
        *out = i;
        return OK;
      }
  char wished[COLUMN_NAME_MAX], plain[COLUMN_NAME_MAX];
  column_plain_name(wish, strlen(wish), wished);
  int alike = 0;
  for (int i = 0; l->header && i < n_names; i++) { /* `user id` finds user_id:token */
    column_plain_name(names[i].at, names[i].n, plain);
    if (strcmp(plain, wished) == 0 && alike++ == 0)
      *out = i;
  }
  if (alike == 1 && wished[0] != '\0')
    return OK;
  char list[512] = "";
  for (int i = 0; i < n_names && strlen(list) + names[i].n + 3 < sizeof list; i++) {
    strcat(list, i > 0 ? ", " : "");
    strncat(list, names[i].at, names[i].n);
  }
  return l->header
             ? status_fail(USAGE, "%s has no column `%s`; its header names: %s", h->name, wish, list)
             : status_fail(USAGE, "--%s-column %s: %s has no header; give the column's number", option, wish, h->name);
}
