/* Detects the format of a text and its columns from its first lines. */
#include "io/text/column_names.h"
#include "io/text/text_head.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- columns ---- */

/* The role of a column by its name; ROLE_SKIP if it is not known. */
static text_role role_of_name(const text_span *field) {
  static const column_use USE[N_ROLES] = {N_COLUMN_USES, NAMES_USER, NAMES_ITEM, NAMES_VALUE, NAMES_TIME};
  char name[COLUMN_NAME_MAX];
  column_plain_name(field->at, field->n, name);
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (column_name_rank(USE[role], name) >= 0)
      return (text_role)role;
  return ROLE_SKIP;
}

static bool is_number(const text_span *field) {
  real value;
  return text_value(field->at, field->n, &value) == NULL;
}

static bool is_time(const text_span *field) {
  text_time_unit unit = UNIT_AUTO;
  int64_t time;
  return text_time(field->at, field->n, &unit, &time) == NULL;
}

/* A third column without a name is a time, not a value, if it is a date or at least 10^8 seconds (1973). */
static bool looks_like_time(const text_span *field) {
  text_time_unit unit = UNIT_AUTO;
  int64_t time;
  return text_time(field->at, field->n, &unit, &time) == NULL &&
         (unit == UNIT_DATE || (field->n >= 9 && time > 100000000));
}

static bool any_name_wished(const text_wish *w) {
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    const char *c = w->column[role];
    if (c != NULL && strcmp(c, "none") != 0 && c[strspn(c, "0123456789")] != '\0')
      return true;
  }
  return false;
}

/* Returns true if the first line names columns, false if it is an event. */
static bool guess_header(const text_wish *w, const text_span *first, int n_first, const text_span *second,
                         int n_second) {
  if (any_name_wished(w))
    return true;
  bool users = false, items = false;
  for (int i = 0; i < n_first; i++) {
    users |= role_of_name(&first[i]) == ROLE_USER;
    items |= role_of_name(&first[i]) == ROLE_ITEM;
  }
  if (users && items)
    return true;
  int64_t number;
  /* A column of numbers or dates whose first line is neither has a header. */
  for (int i = 0; i < n_first && i < n_second; i++) {
    bool a = id_integer(first[i].at, first[i].n, &number) || is_number(&first[i]) || is_time(&first[i]);
    bool b = id_integer(second[i].at, second[i].n, &number) || is_number(&second[i]) || is_time(&second[i]);
    if (!a && b && first[i].n > 0)
      return true;
  }
  return false;
}

static status choose_columns(const head *h, text_layout *l, const text_wish *w, const text_span *names, int n_names,
                             const text_span *data, int n_data) {
  static const char *const OPTION[N_ROLES] = {"", "user", "item", "value", "time"};
  int column[N_ROLES] = {-1, -1, -1, -1, -1};
  bool taken[TEXT_COLUMNS_MAX] = {false}, none[N_ROLES] = {false};
  status st = OK;
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    const char *wish = w->column[role];
    if (wish == NULL)
      continue;
    if (strcmp(wish, "none") == 0) {
      none[role] = true;
      if (role <= ROLE_ITEM)
        return status_fail(USAGE, "--%s-column cannot be none", OPTION[role]);
      continue;
    }
    TRY(head_column(h, l, wish, OPTION[role], names, n_names, &column[role]));
    if (taken[column[role]])
      return status_fail(USAGE, "column %d is given twice", column[role] + 1);
    if (n_data > 0 && column[role] >= n_data)
      return status_fail(USAGE, "--%s-column %s: %s has only %d columns", OPTION[role], wish, h->name, n_data);
    taken[column[role]] = true;
  }
  bool named = false; /* the header named at least one of them */
  if (l->header)
    for (int role = ROLE_USER; role < N_ROLES; role++)
      for (int i = 0; i < n_names && column[role] < 0 && !none[role]; i++)
        if (!taken[i] && role_of_name(&names[i]) == (text_role)role) {
          column[role] = i;
          taken[i] = named = true;
        }
  int n = n_data > 0 ? n_data : n_names;
  for (int role = ROLE_USER; role <= ROLE_ITEM; role++) /* then by position */
    for (int i = 0; i < n && column[role] < 0; i++)
      if (!taken[i]) {
        column[role] = i;
        taken[i] = true;
      }
  if (column[ROLE_USER] < 0 || column[ROLE_ITEM] < 0)
    return status_fail(
        BAD_DATA, "%s has %d column, but a user and an item are needed; give the column separator with --separator",
        h->name, n);
  if (!named) { /* no names: user, item, value, time, or user, item, time */
    bool time_third = !none[ROLE_TIME] && column[ROLE_TIME] < 0 && n == 3 && n_data > 2 && !taken[2] &&
                      column[ROLE_VALUE] < 0 && looks_like_time(&data[2]);
    if (time_third)
      none[ROLE_VALUE] = true;
    if (column[ROLE_VALUE] < 0 && !none[ROLE_VALUE] && n > 2 && !taken[2]) {
      column[ROLE_VALUE] = 2;
      taken[2] = true;
    }
    bool fixed = l->format == TEXT_MOVIELENS || l->format == TEXT_UDATA;
    for (int i = 2; i < n && i < 4 && column[ROLE_TIME] < 0 && !none[ROLE_TIME]; i++)
      if (!taken[i] && (fixed || (n_data > i && looks_like_time(&data[i])))) {
        column[ROLE_TIME] = i;
        taken[i] = true;
      }
  }
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (column[role] >= 0)
      head_give_role(l, (text_role)role, column[role], names, n_names);
done:
  return st;
}

static status detect_table(head *h, const text_wish *w, text_layout *l) {
  status st = OK;
  if (w->separator != NULL)
    TRY(head_wished_separator(l, w->separator));
  else if (l->format == TEXT_MOVIELENS)
    head_set_separator(l, "::");
  else if (l->format == TEXT_UDATA || l->format == TEXT_COUNTS)
    head_set_separator(l, "\t");
  else if (l->format == TEXT_MTX)
    head_set_separator(l, "");
  else if (l->format == TEXT_NETFLIX)
    head_set_separator(l, ",");
  else
    head_guess_separator(l, h);
  TRY(head_quoting(l, w->quoting));
  char first_copy[HEAD_COPY], second_copy[HEAD_COPY];
  text_span names[TEXT_COLUMNS_MAX], data[TEXT_COLUMNS_MAX];
  int n_names = head_split(l, h, 0, first_copy, names), n_data = head_split(l, h, 1, second_copy, data);
  bool may_have = l->format == TEXT_CSV || l->format == TEXT_COUNTS;
  l->header = w->header == 1 || (w->header == 0 && may_have && guess_header(w, names, n_names, data, n_data));
  if (l->header) {
    l->skip_bytes = h->line_end[0];
    l->skip_lines = h->line_number[0];
  } else {
    memcpy(data, names, sizeof data);
    n_data = n_names;
  }
  st = choose_columns(h, l, w, names, l->header ? n_names : 0, data, n_data);
done:
  return st;
}

/* Lines `item:`, each followed by lines user,rating,date. */
static status detect_netflix(const text_wish *w, text_layout *l) {
  head_set_separator(l, ",");
  if (w->column[ROLE_USER] != NULL || w->column[ROLE_ITEM] != NULL)
    return status_fail(USAGE, "--user-column and --item-column cannot be used with --format netflix");
  bool value = w->column[ROLE_VALUE] == NULL, time = w->column[ROLE_TIME] == NULL;
  if ((!value && strcmp(w->column[ROLE_VALUE], "none") != 0) || (!time && strcmp(w->column[ROLE_TIME], "none") != 0))
    return status_fail(USAGE, "with --format netflix, --value-column and --time-column can only be `none`");
  head_give_role(l, ROLE_USER, 0, NULL, 0);
  if (value)
    head_give_role(l, ROLE_VALUE, 1, NULL, 0);
  if (time)
    head_give_role(l, ROLE_TIME, 2, NULL, 0);
  return OK;
}

static bool is_netflix_item(const text_span *line) {
  if (line->n < 2 || line->at[line->n - 1] != ':')
    return false;
  for (size_t i = 0; i + 1 < line->n; i++)
    if (line->at[i] < '0' || line->at[i] > '9')
      return false;
  return true;
}

static status guess_format(const head *h, text_format *out) {
  const text_span *first = &h->line[0];
  if (head_is_matrix_market(first))
    *out = TEXT_MTX;
  else if (is_netflix_item(first))
    *out = TEXT_NETFLIX;
  else {
    text_layout l = {.format = TEXT_CSV};
    head_guess_separator(&l, h);
    if (strcmp(l.separator, "::") == 0)
      *out = TEXT_MOVIELENS;
    else if (l.separator_length > 0)
      *out = TEXT_CSV;
    else { /* blanks: lists if the lines differ in their number of fields, or have two */
      int least = TEXT_COLUMNS_MAX, most = 0;
      for (int i = 0; i < h->n; i++) {
        int fields = head_count_fields(&l, &h->line[i]);
        least = fields < least ? fields : least;
        most = fields > most ? fields : most;
      }
      if (most < 2)
        return status_fail(BAD_DATA, "%s: the first line has one column; give the column separator with --separator",
                           h->name);
      if (least == most && (least == 3 || least == 4))
        return status_fail(USAGE,
                           "%s has %d columns separated by blanks: use --format lists (user item item …) or "
                           "--format csv --separator blank (user item value time)",
                           h->name, least);
      *out = TEXT_LISTS;
    }
  }
  return OK;
}

status text_detect(const char *name, const char *bytes, size_t n, bool whole, const text_wish *wish, text_layout *out) {
  status st = OK;
  head h;
  size_t from;
  *out = (text_layout){.format = wish->format, .unit = wish->unit};
  if (n >= 8 && memcmp(bytes, "\x89HDF\r\n\x1a\n", 8) == 0) {
    out->format = TEXT_H5;
    return OK;
  }
  if (wish->format == TEXT_H5)
    return status_fail(BAD_DATA, "%s is not an HDF5 file", name);
  if (wish->format == TEXT_LISTS && n > 0) { /* no header, no columns; the first line may have any length */
    out->skip_bytes = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return OK;
  }
  TRY(head_read(&h, name, bytes, n, whole, &from));
  out->skip_bytes = (off)from;
  if (out->format == TEXT_AUTO)
    TRY(guess_format(&h, &out->format));
  if (out->format == TEXT_MTX)
    return detect_matrix_market(&h, bytes, n, wish, out);
  if (out->format == TEXT_NETFLIX)
    return detect_netflix(wish, out);
  if (out->format == TEXT_LISTS)
    return OK;
  return detect_table(&h, wish, out);
done:
  return st;
}
