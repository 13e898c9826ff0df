/* Detects the format of a text and its columns from its first lines. */
#include "io/text/json_lines.h"
#include "io/text/text_columns.h"
#include "io/text/text_guess.h"
#include "io/text/text_lines_detect.h"
#include "io/text/text_shape.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A comment above the data that has as many fields as the data, of which numbers stand where the data have numbers:
 * nobody can tell whether it is an event. */
static status refuse_event_as_comment(const table *t, const text_span *fields, int n) {
  bool alike = n == t->facts.columns && n > 1 && t->l->separator_length > 0 && t->facts.lines > 0, numbers = false;
  for (int i = 0; alike && i < n; i++) {
    const column_facts *f = &t->facts.column[i];
    if (i > 0 && (facts_numeric(f) || facts_dates(f))) {
      numbers = true;
      alike = field_is_number(&fields[i]) || field_is_date(&fields[i]);
    }
  }
  if (!alike || !numbers)
    return OK;
  return status_fail(
      USAGE,
      "%s:%lld: the line begins with %s as comments do, but holds the columns of an event; say --comment "
      "none if it is one, or remove it",
      t->h->name, (long long)t->l->skip_lines, t->l->comment);
}

/* Finds header and columns of a table whose format and separator are known. `comment`: the last one above it. */
static status detect_table(head *h, const text_wish *w, text_layout *l, const text_span *comment) {
  status st = OK;
  char first_copy[HEAD_COPY];
  text_span names[TEXT_COLUMNS_MAX];
  bool unsure = false, may_have = l->format == TEXT_CSV || l->format == TEXT_COUNTS;
  table t = {.h = h, .w = w, .l = l, .names = names, .column = {-1, -1, -1, -1, -1}};
  TRY(head_quoting(l, w->quoting));
  head_join_records(h, l);
  t.n_names = head_split(l, h, 0, first_copy, names);
  facts_of(h, l, 1, &t.facts);
  l->header = w->header == 1;
  if (w->header == 0 && may_have)
    l->header = guess_header(w, names, t.n_names, &t.facts, &unsure);
  if (!l->header && may_have && w->header == 0 && h->n > 1 && t.n_names < t.facts.columns) {
    char second_copy[HEAD_COPY];
    text_span second[TEXT_COLUMNS_MAX];
    int n = head_split(l, h, 1, second_copy, second);
    if (first_names_columns(w, second, n))
      TRY(status_fail(
          BAD_DATA, "%s: the header stands in line %lld, below something else; remove what is above it: tail -n +%lld",
          h->name, (long long)h->line_number[1], (long long)h->line_number[1]));
  }
  if (unsure && (w->column[ROLE_USER] == NULL || w->column[ROLE_ITEM] == NULL))
    TRY(columns_ask(&t, 0, "",
                    "whether the first line names the columns cannot be told: say --header yes or --header no"));
  if (l->header) {
    l->skip_bytes = h->line_end[0];
    l->skip_lines = h->line_number[0];
    t.first = 1;
  } else {
    facts_of(h, l, 0, &t.facts);
    t.n_names = 0;
    head line = {.name = h->name, .line = {*comment}, .n = comment->n > 0};
    int n = head_split(l, &line, 0, first_copy, names);
    if (n == t.facts.columns && w->header == 0 && may_have && first_names_columns(w, names, n)) {
      l->header = l->header_in_comment = true; /* `# user item plays` above the data */
      t.n_names = n;
    } else {
      TRY(refuse_event_as_comment(&t, names, n));
      if (may_have && (w->column[ROLE_USER] == NULL || w->column[ROLE_ITEM] == NULL))
        TRY(refuse_dense(h, l, &t.facts));
    }
  }
  TRY(choose_columns(&t));
done:
  return st;
}

static status set_separator(const head *h, const text_wish *w, text_layout *l) {
  if (w->separator != NULL)
    return head_wished_separator(l, w->separator);
  if (l->format == TEXT_MOVIELENS)
    head_set_separator(l, "::");
  else if (l->format == TEXT_UDATA || l->format == TEXT_COUNTS)
    head_set_separator(l, "\t");
  else
    head_guess_separator(l, h);
  return OK;
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

/* `[` and then an object, in the same line or the next. */
static status refuse_json_array(const head *h) {
  text_span first = h->line[0];
  text_trim(&first.at, &first.n);
  if (first.n == 0 || first.at[0] != '[')
    return OK;
  text_span rest = {first.at + 1, first.n - 1};
  text_trim(&rest.at, &rest.n);
  if (rest.n == 0 && h->n > 1)
    rest = h->line[1];
  text_trim(&rest.at, &rest.n);
  if (rest.n == 0 || (rest.at[0] != '{' && rest.at[0] != '['))
    return OK;
  char path[400];
  shell_word(h->name, strlen(h->name), path, sizeof path);
  return status_fail(BAD_DATA,
                     "%s is a JSON array; palate reads JSON lines, an object a line: jq -c '.[]' %s > events.jsonl",
                     h->name, path);
}

static status guess_format(const head *h, const text_wish *w, text_layout *l) {
  status st = OK;
  if (is_netflix_item(&h->line[0]))
    l->format = TEXT_NETFLIX;
  else {
    st = guess_shape(h, w, l);
    /* user::item::rating::time; users.dat and movies.dat have other columns. */
    if (st == OK && w->separator == NULL && strcmp(l->separator, "::") == 0) {
      table_facts f;
      facts_of(h, l, 0, &f);
      if ((f.columns == 3 || f.columns == 4) && facts_numeric(&f.column[2]) &&
          (f.columns == 3 || facts_seconds(&f.column[3], false)))
        l->format = TEXT_MOVIELENS;
    }
  }
  return st;
}

status text_detect(const char *name, const char *bytes, size_t n, bool whole, const text_wish *wish, text_layout *out) {
  status st = OK;
  head h;
  size_t from;
  text_span comment;
  *out = (text_layout){.format = wish->format, .unit = wish->unit};
  if (n >= 8 && memcmp(bytes, "\x89HDF\r\n\x1a\n", 8) == 0) {
    out->format = TEXT_H5;
    return OK;
  }
  if (wish->format == TEXT_H5)
    return status_fail(BAD_DATA, "%s is not an HDF5 file", name);
  if (wish->format == TEXT_JSONL || (wish->format == TEXT_AUTO && json_likely(bytes, n)))
    return json_detect(name, bytes, n, whole, wish, out);
  /* The first list may be longer than the head: a part of it tells its separator. */
  bool part = (wish->format == TEXT_LISTS || wish->format == TEXT_BASKETS) && memchr(bytes, '\n', n) == NULL;
  TRY(head_read(&h, name, bytes, n, whole || part, &from));
  out->skip_bytes = (off)from;
  if (out->format == TEXT_MTX || (out->format == TEXT_AUTO && head_is_matrix_market(&h.line[0]))) {
    out->format = TEXT_MTX;
    return detect_matrix_market(&h, bytes, n, wish, out);
  }
  if (out->format == TEXT_AUTO)
    TRY(refuse_json_array(&h));
  head_comments(&h, out, wish->comment, &comment);
  text_wish with_separator = *wish;
  char separator[2] = "";
  if (head_separator_line(&h, out, separator) && wish->separator == NULL) {
    with_separator.separator = separator;
    wish = &with_separator;
  }
  if (out->format == TEXT_AUTO)
    TRY(guess_format(&h, wish, out));
  else if (out->format == TEXT_LISTS)
    return detect_lists(&h, wish, out);
  else if (out->format == TEXT_BASKETS) {
    TRY(detect_baskets(&h, wish, out));
    return out->has_time ? text_samples(name, bytes, n, whole, wish, out) : OK;
  } else if (out->format == TEXT_MATRIX)
    return detect_matrix(&h, bytes, wish, out);
  else
    TRY(set_separator(&h, wish, out));
  if (out->format == TEXT_LISTS)
    return OK;
  TRY(out->format == TEXT_NETFLIX ? detect_netflix(wish, out) : detect_table(&h, wish, out, &comment));
  st = text_samples(name, bytes, n, whole, wish, out);
done:
  return st;
}
