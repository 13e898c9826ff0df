/* Detects the layout of lists, baskets and matrices, whose lines give many events. */
#include "io/text/text_lines_detect.h"
#include "io/base/mem.h"
#include "io/text/text_columns.h"
#include "io/text/text_guess.h"
#include "io/text/text_lines.h"
#include "io/text/text_shape.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool text_lines_are_users(const text_layout *l) {
  if (l->format != TEXT_BASKETS && l->format != TEXT_MATRIX)
    return false;
  for (int c = 0; c < l->n_columns; c++)
    if (l->role[c] == ROLE_USER)
      return false;
  return true;
}

static bool is_none(const char *wish) {
  return wish != NULL && strcmp(wish, "none") == 0;
}

/* The separator of lines of any number of fields: what stands in most of them. Commas, semicolons and bars go before
 * blanks, which may be within a name. */
static status line_separator(const head *h, const text_wish *w, text_layout *l) {
  static const char MARKS[] = ",;|\t ";
  int with[5] = {0}, best = -1, rivals = 0;
  if (w->separator != NULL)
    return head_wished_separator(l, w->separator);
  for (int i = 0; i < h->n; i++)
    for (int k = 0; k < 5; k++) {
      size_t from = 0;
      while (k > 2 && from < h->line[i].n && (h->line[i].at[from] == ' ' || h->line[i].at[from] == '\t'))
        from++; /* in front of the first field */
      with[k] += memchr(h->line[i].at + from, MARKS[k], h->line[i].n - from) != NULL;
    }
  for (int k = 0; k < 3; k++)
    if (with[k] * 3 >= h->n && with[k] > 0) {
      rivals++;
      if (best < 0 || with[k] > with[best])
        best = k;
    }
  for (int k = 0; k < 3 && best < 0; k++) /* in few lines: between items, or within their names? */
    if (with[k] > 0) {
      rivals += with[4] > 0 ? 2 : 1;
      best = k;
    }
  if (rivals > 1 || (best < 0 && with[3] * 3 >= h->n && with[3] > 0 && with[4] > 0))
    return status_fail(USAGE,
                       "%s: the fields may be separated in two ways: say --separator comma, semicolon, pipe, tab or "
                       "blank; first row: `%.*s`",
                       h->name, (int)(h->line[0].n < 100 ? h->line[0].n : 100), h->line[0].at);
  char text[2] = {best >= 0 ? MARKS[best] : '\0', '\0'};
  head_set_separator(l, text);
  return OK;
}

status detect_lists(head *h, const text_wish *w, text_layout *l) {
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (w->column[role] != NULL && !(role >= ROLE_VALUE && is_none(w->column[role])))
      return status_fail(USAGE, "%s: lists have no columns to choose; --format baskets has", h->name);
  status st = line_separator(h, w, l);
  THEN(head_quoting(l, w->quoting));
  return st;
}

/* ---- baskets ---- */

/* The separators within the field of items: what stands in most of them. */
static status item_separator(const table *t, int column) {
  static const char MARKS[] = "|;, ";
  const head *h = t->h;
  int with[4] = {0}, fields = 0, best = -1, brackets = 0;
  for (int i = t->first; i < h->n; i++) {
    char copy[HEAD_COPY];
    text_span field[TEXT_COLUMNS_MAX];
    if (head_split(t->l, h, i, copy, field) <= column || field[column].n == 0)
      continue;
    text_trim(&field[column].at, &field[column].n);
    fields++;
    for (int k = 0; k < 4; k++)
      with[k] += memchr(field[column].at, MARKS[k], field[column].n) != NULL;
    brackets += field[column].n > 1 && (field[column].at[0] == '[' || field[column].at[0] == '{');
  }
  if (brackets * 2 > fields)
    return status_fail(BAD_DATA,
                       "%s: column %d holds lists in brackets, as Python writes them; write a line an item, or the "
                       "items between bars",
                       h->name, column + 1);
  for (int k = 0; k < 4; k++)
    if (with[k] > 0 && (best < 0 || with[k] > with[best]) && (k < 3 || best < 0))
      best = k;
  bool clear = best < 0 || with[best] * 2 >= fields || best < 3;
  for (int k = 0; k < 3 && best < 3 && best >= 0; k++)
    clear &= k == best || with[k] * 5 < fields;
  if (!clear)
    return status_fail(USAGE,
                       "%s: the items of column %d may be separated in several ways: say --item-separator comma, "
                       "semicolon, pipe or blank; first row: `%.*s`",
                       h->name, column + 1, (int)(h->line[t->first].n < 100 ? h->line[t->first].n : 100),
                       t->first < h->n ? h->line[t->first].at : "");
  t->l->item_separators[0] = best >= 0 ? MARKS[best] : '\0';
  t->l->item_separators[1] = '\0';
  return OK;
}

static status wished_item_separator(const char *wish, text_layout *l) {
  static const struct {
    const char *word, *separators;
  } WORDS[] = {{"blank", " \t"}, {"comma", ","}, {"semicolon", ";"}, {"pipe", "|"}, {"bar", "|"}, {"tab", "\t"}};
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (strcasecmp(wish, WORDS[i].word) == 0)
      wish = WORDS[i].separators;
  if (strlen(wish) >= sizeof l->item_separators || strpbrk(wish, "\n\r\"") != NULL)
    return status_fail(USAGE, "--item-separator takes blank, comma, semicolon, pipe, tab, or up to %zu characters",
                       sizeof l->item_separators - 1);
  strcpy(l->item_separators, wish);
  return OK;
}

status detect_baskets(head *h, const text_wish *wish, text_layout *l) {
  status st = OK;
  char first_copy[HEAD_COPY];
  text_span names[TEXT_COLUMNS_MAX];
  text_wish w = *wish; /* without what baskets do not have */
  table t = {.h = h, .w = &w, .l = l, .names = names, .column = {-1, -1, -1, -1, -1}};
  bool no_users = is_none(w.column[ROLE_USER]), columns = w.header == 1;
  if (w.column[ROLE_VALUE] != NULL && !is_none(w.column[ROLE_VALUE]))
    return status_fail(USAGE, "%s: a basket has no values, so --value-column cannot be used with --format baskets",
                       h->name);
  w.column[ROLE_VALUE] = "none";
  if (no_users)
    w.column[ROLE_USER] = NULL;
  for (int role = ROLE_USER; role < N_ROLES; role++)
    columns |= w.column[role] != NULL && !is_none(w.column[role]);
  if (w.separator != NULL)
    TRY(head_wished_separator(l, w.separator));
  else
    head_guess_separator(l, h);
  TRY(head_quoting(l, w.quoting));
  t.n_names = head_split(l, h, 0, first_copy, names);
  columns |= w.header == 0 && first_names_columns(&w, names, t.n_names);
  if (!columns || l->separator_length == 0) {
    TRY(line_separator(h, &w, l));
    TRY(head_quoting(l, w.quoting));
  }
  if (!columns) { /* a line is a basket */
    TRY(refuse_counted(h, l, 0));
    if (w.header == 0 && t.n_names > 0 && known_column_name(&names[0]))
      TRY(status_fail(USAGE, "%s: `%.*s` may be a header; say --header yes and --item-column, or --header no", h->name,
                      (int)(h->line[0].n < 100 ? h->line[0].n : 100), h->line[0].at));
    if (w.item_separator != NULL)
      TRY(wished_item_separator(w.item_separator, l));
    return OK;
  }
  head_join_records(h, l);
  t.n_names = head_split(l, h, 0, first_copy, names);
  l->header = w.header == 1 || (w.header == 0 && first_names_columns(&w, names, t.n_names));
  t.first = l->header;
  if (l->header) {
    l->skip_bytes = h->line_end[0];
    l->skip_lines = h->line_number[0];
  } else
    t.n_names = 0;
  facts_of(h, l, t.first, &t.facts);
  TRY(refuse_counted(h, l, t.first));
  TRY(choose_basket_columns(&t, no_users));
  l->item_field = t.column[ROLE_ITEM] >= 0;
  if (w.item_separator != NULL)
    TRY(wished_item_separator(w.item_separator, l));
  else if (l->item_field)
    TRY(item_separator(&t, t.column[ROLE_ITEM]));
done:
  return st;
}

/* ---- matrices ---- */

static int compare_spans(const void *a, const void *b) {
  const text_span *x = *(const text_span *const *)a, *y = *(const text_span *const *)b;
  size_t n = x->n < y->n ? x->n : y->n;
  int order = n > 0 ? memcmp(x->at, y->at, n) : 0;
  return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* All fields of a line, allocated; they lie in `line`, which is changed. */
static status all_fields(const text_layout *l, char *line, size_t n, text_span **fields, int *count) {
  status st = OK;
  off most = 1;
  const char *bad = NULL;
  size_t bad_at;
  *fields = NULL;
  for (size_t i = 0; i < n; i++)
    most += l->separator_length == 0 ? line[i] == ' ' || line[i] == '\t' : line[i] == l->separator[0];
  TRY(mem_alloc(fields, most, sizeof **fields, "names of items"));
  *count = text_split(l, line, n, *fields, (int)most, &bad, &bad_at);
  if (*count < 0)
    st = status_fail(BAD_DATA, "the header of a matrix is broken: %s", bad);
done:
  return st;
}

status text_matrix_names(const text_layout *l, char *header, size_t n, text_span **names) {
  status st = OK;
  const text_span **sorted = NULL;
  int count = 0;
  while (n > 0 && (header[n - 1] == '\n' || header[n - 1] == '\r'))
    n--;
  TRY(all_fields(l, header, n, names, &count));
  int skip = count - l->matrix_items;
  if (skip < 0 || skip > 1)
    TRY(status_fail(BAD_DATA, "the header of a matrix names %d columns, and its rows have %d items", count,
                    l->matrix_items));
  memmove(*names, *names + skip, (size_t)l->matrix_items * sizeof **names);
  TRY(MEM_ALLOC(sorted, l->matrix_items, "names of items"));
  for (int i = 0; i < l->matrix_items; i++) {
    sorted[i] = &(*names)[i];
    text_trim(&(*names)[i].at, &(*names)[i].n);
    if ((*names)[i].n == 0 || (*names)[i].n > ID_MAX)
      TRY(status_fail(BAD_DATA, "the header of a matrix has %s for column %d",
                      (*names)[i].n == 0 ? "no name" : "too long a name", i + skip + 1));
  }
  qsort(sorted, (size_t)l->matrix_items, sizeof *sorted, compare_spans);
  for (int i = 1; i < l->matrix_items; i++)
    if (compare_spans(&sorted[i - 1], &sorted[i]) == 0)
      TRY(status_fail(BAD_DATA, "the header of a matrix names the item `%.*s` twice", (int)sorted[i]->n,
                      sorted[i]->at));
done:
  mem_free(sorted);
  if (st != OK) {
    mem_free(*names);
    *names = NULL;
  }
  return st;
}

/* Columns of line i, however many; -1 if it is broken. */
static status count_columns(const head *h, const text_layout *l, int i, int *count) {
  status st = OK;
  char *copy = NULL;
  text_span *fields = NULL;
  *count = 0;
  if (i >= h->n)
    return OK;
  TRY(mem_alloc(&copy, (off)h->line[i].n + 1, 1, "a line"));
  memcpy(copy, h->line[i].at, h->line[i].n);
  TRY(all_fields(l, copy, h->line[i].n, &fields, count));
done:
  mem_free(fields);
  mem_free(copy);
  return st;
}

/* How the numbers are written, and whether 99 stands for nothing, as in Jester. */
static status look_at_numbers(const table *t, int first_item, const text_wish *w) {
  number_evidence numbers = {0};
  int nines = 0, cells = 0, large = 0;
  for (int i = t->first; i < t->h->n; i++) {
    char copy[HEAD_COPY];
    text_span field[TEXT_COLUMNS_MAX];
    int n = head_split(t->l, t->h, i, copy, field);
    for (int k = first_item; k < n; k++) {
      real value;
      if (field_is_empty(&field[k]))
        continue;
      cells++;
      number_see(&numbers, field[k].at, field[k].n, t->h->line_number[i]);
      if (text_value(field[k].at, field[k].n, &value) == NULL) {
        nines += value == 99;
        large += value != 99 && (value > 20 || value < -20);
      }
    }
  }
  if (nines * 10 >= cells && nines > 0 && large == 0) {
    static const char EMPTY[] = "s/(^|[^0-9.-])99([^0-9.]|$)/\\1\\2/g";
    char path[400];
    shell_word(t->h->name, strlen(t->h->name), path, sizeof path);
    return status_fail(BAD_DATA,
                       "%s: 99 seems to stand for nothing in this matrix, but would be read as a value; make the 99s "
                       "empty: sed -E '%s; %s' %s > matrix.csv",
                       t->h->name, EMPTY, EMPTY, path);
  }
  return number_decide(&numbers, w, t->h->name, "the matrix", t->l);
}

/* Whether the first column can be the users': no id twice. */
static bool first_is_distinct(const table *t) {
  text_span *seen = NULL;
  const text_span **sorted = NULL;
  int n = 0;
  bool distinct = true;
  if (mem_alloc(&seen, LINES, sizeof *seen, "lines") == OK &&
      mem_alloc(&sorted, LINES, sizeof *sorted, "lines") == OK) {
    for (int i = t->first; i < t->h->n; i++) {
      char copy[HEAD_COPY];
      text_span field[TEXT_COLUMNS_MAX];
      if (head_split(t->l, t->h, i, copy, field) > 0) {
        seen[n] = (text_span){t->h->line[i].at + (field[0].at - copy), field[0].n};
        sorted[n] = &seen[n];
        n++;
      }
    }
    qsort(sorted, (size_t)n, sizeof *sorted, compare_spans);
    for (int i = 1; i < n; i++)
      distinct &= compare_spans(&sorted[i - 1], &sorted[i]) != 0;
  }
  mem_free(seen);
  mem_free(sorted);
  return distinct;
}

status detect_matrix(head *h, const char *bytes, const text_wish *w, text_layout *l) {
  status st = OK;
  char copy[HEAD_COPY];
  text_span first[TEXT_COLUMNS_MAX];
  table t = {.h = h, .w = w, .l = l, .column = {-1, -1, -1, -1, -1}};
  const char *user = w->column[ROLE_USER];
  int n_header = 0, n_data = 0;
  if (w->column[ROLE_ITEM] != NULL || w->column[ROLE_VALUE] != NULL ||
      (w->column[ROLE_TIME] != NULL && !is_none(w->column[ROLE_TIME])))
    return status_fail(USAGE, "%s: the columns of a matrix are its items; only --user-column 1 or none can be chosen",
                       h->name);
  if (user != NULL && !is_none(user) && strcmp(user, "1") != 0)
    return status_fail(USAGE, "%s: with --format matrix, --user-column takes 1 (the first column) or none (the lines)",
                       h->name);
  if (w->separator != NULL)
    TRY(head_wished_separator(l, w->separator));
  else
    head_guess_separator(l, h);
  TRY(head_quoting(l, w->quoting));
  head_join_records(h, l);
  int n = head_split(l, h, 0, copy, first);
  l->header = w->header == 1;
  for (int i = w->header == 0 ? 1 : n; i < n; i++)
    l->header |= !field_is_number(&first[i]) && !field_is_empty(&first[i]);
  t.first = l->header;
  TRY(count_columns(h, l, 0, &n_header));
  TRY(count_columns(h, l, h->n > t.first ? t.first : 0, &n_data));
  bool users = !is_none(user);
  int rank = -1;
  if (l->header && n > 0)
    rank = field_name_rank(&first[0], NAMES_USER) >= 0 ? 0 : -1;
  if (user == NULL && !(l->header && n_header == n_data - 1) && rank < 0 && (!l->header || !first_is_distinct(&t)))
    TRY(status_fail(
        USAGE,
        "%s: are the users in the first column? Say --user-column 1, or --user-column none if each line is "
        "a user (its number) and the first column an item, too; first row: `%.*s`",
        h->name, (int)(h->line[t.first < h->n ? t.first : 0].n < 100 ? h->line[t.first < h->n ? t.first : 0].n : 100),
        h->line[t.first < h->n ? t.first : 0].at));
  l->matrix_items = n_data - users;
  if (l->matrix_items < 1)
    TRY(status_fail(BAD_DATA, "%s: a matrix needs a column for each item; give the column separator with --separator",
                    h->name));
  if (users)
    head_give_role(l, ROLE_USER, 0, NULL, 0);
  l->has_value = true;
  l->matrix_header = -1;
  if (l->header) {
    text_span *names = NULL;
    char *header = NULL;
    l->matrix_header = (off)(h->line[0].at - bytes);
    l->skip_bytes = h->line_end[0];
    l->skip_lines = h->line_number[0];
    size_t length = (size_t)(l->skip_bytes - l->matrix_header);
    st = mem_alloc(&header, (off)length, 1, "names of items");
    if (st == OK) {
      memcpy(header, bytes + l->matrix_header, length);
      st = text_matrix_names(l, header, length, &names); /* as every rank will do */
    }
    mem_free(names);
    mem_free(header);
    TRY(st);
  }
  TRY(look_at_numbers(&t, users, w));
done:
  return st;
}
