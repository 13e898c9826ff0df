#include "io/detect/text_shape.h"

#include "io/detect/text_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *text_separator_word(const text_layout *l) {
  return l->separator_length == 0          ? "blank"
         : strcmp(l->separator, "\t") == 0 ? "tab"
         : strcmp(l->separator, ",") == 0  ? "comma"
         : strcmp(l->separator, ";") == 0  ? "semicolon"
         : strcmp(l->separator, "|") == 0  ? "pipe"
                                           : l->separator;
}

static status shape_fail(const head *h, status st, const char *what, const char *how) {
  char path[400], text[700];
  int n = (int)(h->line[0].n < 120 ? h->line[0].n : 120);
  shell_word(h->name, strlen(h->name), path, sizeof path);
  size_t k = 0;
  for (const char *s = how; *s != '\0' && k + sizeof path < sizeof text; s++) /* FILE is the path */
    if (strncmp(s, "FILE", 4) == 0) {
      k += (size_t)snprintf(text + k, sizeof text - k, "%s", path);
      s += 3;
    } else
      text[k++] = *s;
  text[k] = '\0';
  return status_fail(st, "%s: %s; first row: `%.*s%s`; %s", h->name, what, n, h->line[0].at, n == 120 ? "…" : "", text);
}

/* ---- matrices ---- */

static bool mostly_zero(const column_facts *f) {
  return f->fields > 0 && (f->empty + f->zeros + f->nines) * 5 >= f->fields;
}

status refuse_dense(const head *h, const text_layout *l, const table_facts *f) {
  int numeric = 0, sparse = 0, nines = 0, n = f->columns;
  bool small = true, times = false;
  for (int i = 0; i < n; i++) {
    const column_facts *c = &f->column[i];
    numeric += c->fields == c->empty || facts_numeric(c);
    sparse += mostly_zero(c);
    nines += c->nines > 0;
    times |= facts_dates(c) || facts_seconds(c, true);
    small &= c->numbers == 0 || (c->most < 100000 && c->least > -100000);
  }
  if (n < 3 || numeric < n || times || !small || f->lines < 2)
    return OK;
  bool dense = n >= 5 ? sparse * 4 >= n || nines > 1 : sparse == n;
  if (!dense)
    return OK;
  char how[500];
  if (nines > 1)
    snprintf(how, sizeof how,
             "99 seems to stand for nothing; make events of it: awk -F'%s' '{for(i=2;i<=NF;i++) if($i!=99) print "
             "NR\",\"i-1\",\"$i}' "
             "FILE > events.csv (from i=1 if the first column is an item, too)",
             l->separator);
  else
    snprintf(
        how, sizeof how,
        "it is read by: palate ingest FILE --format matrix --header no --user-column none%s%s -o DATASET (users and "
        "items get their numbers; --user-column 1 if the first column is the user)",
        strcmp(l->separator, ",") == 0 ? "" : " --separator ",
        strcmp(l->separator, ",") == 0 ? "" : text_separator_word(l));
  return shape_fail(h, BAD_DATA,
                    "this looks like a dense matrix (a row a user, a column an item), not a list of events", how);
}

/* ---- lines of many fields ---- */

typedef struct word {
  const char *at;
  size_t n;
} word;

static int compare_words(const void *a, const void *b) {
  const word *x = a, *y = b;
  size_t n = x->n < y->n ? x->n : y->n;
  int order = memcmp(x->at, y->at, n);
  return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* What the lines' first fields are to the rest. */
typedef struct line_facts {
  int lines;     /* with a field */
  int counting;  /* lines whose first field counts the rest */
  int following; /* lines whose first field is the number after that of the line before */
  int repeated;  /* first fields that an earlier line has */
  int shared;    /* first fields that stand elsewhere in a line, too */
  int numbers;   /* first fields that are whole numbers */
  int single;    /* lines of one field */
  int pairs;     /* lines whose second field is a pair: 12:3.5 */
  int colons;    /* first fields that end with a colon */
} line_facts;

/* INDEX:VALUE, as LIBSVM and LDA-C write them. */
static bool is_pair(const text_span *field) {
  const char *colon = memchr(field->at, ':', field->n);
  int64_t number;
  if (colon == NULL || !id_integer(field->at, (size_t)(colon - field->at), &number))
    return false;
  text_span value = {colon + 1, (size_t)(field->at + field->n - colon - 1)};
  return field_is_number(&value) && memchr(value.at, ':', value.n) == NULL;
}

static line_facts facts_of_lines(const head *h, const text_layout *l, int first) {
  enum { MOST = 200, WORDS = MOST * 100 };
  line_facts f = {0};
  word firsts[MOST];
  word *others = NULL;
  int n_others = 0;
  int64_t before = -2;
  others = malloc(WORDS * sizeof *others);
  for (int i = first; i < h->n && f.lines < MOST; i++) {
    text_span fields[TEXT_COLUMNS_MAX];
    char copy[HEAD_COPY];
    int n = head_split(l, h, i, copy, fields);
    if (n < 1 || n == TEXT_COLUMNS_MAX || h->line[i].n > sizeof copy)
      continue;
    int64_t number;
    while (n > 1 && fields[n - 1].n == 0) /* padded rows */
      n--;
    bool whole = id_integer(fields[0].at, fields[0].n, &number);
    f.numbers += whole;
    f.counting += whole && number == n - 1;
    f.following += whole && number == before + 1;
    f.single += n == 1;
    f.pairs += n > 1 && is_pair(&fields[1]);
    f.colons += fields[0].n > 1 && fields[0].at[fields[0].n - 1] == ':';
    before = whole ? number : -2;
    for (int k = 0; k < n; k++) { /* the copy goes; the line stays */
      word w = {h->line[i].at + (fields[k].at - copy), fields[k].n};
      if (k == 0)
        firsts[f.lines] = w;
      else if (others != NULL && n_others < WORDS)
        others[n_others++] = w;
    }
    f.lines++;
  }
  if (others != NULL && n_others > 0) {
    qsort(others, (size_t)n_others, sizeof *others, compare_words);
    for (int i = 0; i < f.lines; i++)
      f.shared += bsearch(&firsts[i], others, (size_t)n_others, sizeof *others, compare_words) != NULL;
  }
  free(others);
  qsort(firsts, (size_t)f.lines, sizeof *firsts, compare_words);
  for (int i = 1; i < f.lines; i++)
    f.repeated += compare_words(&firsts[i - 1], &firsts[i]) == 0;
  return f;
}

static status refuse_pairs(const head *h, const line_facts *f) {
  char how[300];
  snprintf(how, sizeof how,
           "make events of them, with %s for users: awk '{for(i=2;i<=NF;i++){split($i,p,\":\"); print "
           "%s\",\"p[1]\",\"p[2]}}' "
           "FILE > events.csv",
           f->counting == f->lines ? "the numbers of the lines" : "the first field",
           f->counting == f->lines ? "NR" : "$1");
  return shape_fail(h, BAD_DATA, "these are pairs of an item and a value, as LIBSVM and LDA-C write them", how);
}

static status refuse_counts(const head *h, const text_layout *l) {
  char how[300];
  snprintf(how, sizeof how,
           "take the count away and read the rest as baskets, a line a user: cut -d'%s' -f2- FILE > lists.txt; palate "
           "ingest lists.txt --format baskets --separator %s -o DATASET",
           l->separator_length > 0 ? l->separator : " ", text_separator_word(l));
  return shape_fail(h, BAD_DATA,
                    "the first number of every line is the count of the rest, so these are lists of items with "
                    "a count in front",
                    how);
}

/* Columns at fixed places: all lines of one length, with runs of blanks. */
static bool fixed_width(const head *h) {
  int alike = 0, runs = 0;
  if (h->n < 2)
    return false;
  for (int i = 0; i < h->n; i++) {
    alike += h->line[i].n == h->line[0].n;
    const char *s = h->line[i].at;
    bool run = h->line[i].n > 0 && s[0] == ' ';
    for (size_t k = 1; k < h->line[i].n; k++)
      run |= s[k] == ' ' && s[k - 1] == ' ';
    runs += run;
  }
  return alike * 10 >= h->n * 9 && runs * 2 >= h->n;
}

static status refuse_fixed_width(const head *h) {
  return shape_fail(
      h, USAGE, "columns of a fixed width, as a till writes them, and no header says which is which",
      "type: palate ingest FILE --format csv --separator blank --user-column N --item-column N "
      "--value-column N|none --time-column N|none -o DATASET (if no field holds blanks; else save it as CSV)");
}

status refuse_counted(const head *h, const text_layout *l, int first) {
  line_facts f = facts_of_lines(h, l, first);
  return f.lines > 2 && f.counting == f.lines ? refuse_counts(h, l) : OK;
}

/* Lines of any number of fields: lists (with a user in front) or baskets. */
static status guess_lists(const head *h, text_layout *l, const line_facts *f) {
  char how[400];
  if (l->separator_length == 0 && fixed_width(h))
    return refuse_fixed_width(h);
  bool labelled =
      f->repeated == 0 && (f->shared == 0 || (f->numbers == f->lines && f->following == f->lines - 1 && f->lines > 2));
  if (l->separator_length == 0 && labelled) {
    l->format = TEXT_LISTS;
    return OK;
  }
  snprintf(
      how, sizeof how,
      "type: palate ingest FILE --format baskets --separator %s -o DATASET (a line is a basket of items), or --format "
      "lists (the first field is the user, the rest are items)",
      text_separator_word(l));
  return shape_fail(h, USAGE, "the lines have different numbers of fields, so these are baskets or lists", how);
}

/* Blanks between the same number of fields on most lines: a table, or lists of equal length. */
static status guess_blank_table(const head *h, bool header, text_layout *l, int columns, const line_facts *lines,
                                bool differ) {
  table_facts facts;
  char how[400];
  facts_of(h, l, 0, &facts);
  const column_facts *c = facts.column;
  l->format = TEXT_CSV;
  if (header)
    return OK;
  if (columns > 3 && fixed_width(h))
    return refuse_fixed_width(h);
  status st = refuse_dense(h, l, &facts);
  if (st != OK)
    return st;
  /* `ann heat 3`: the last field is a number and the items are not. */
  bool words = columns >= 3 && !facts_numeric(&c[1]);
  bool time = columns >= 3 && (facts_dates(&c[columns - 1]) || facts_seconds(&c[columns - 1], true));
  if ((columns == 3 && words && (facts_numeric(&c[2]) || time)) || (columns == 4 && facts_numeric(&c[2]) && time))
    return OK;
  int numeric = 0;
  for (int i = 0; i < columns; i++)
    numeric += facts_numeric(&c[i]);
  if (differ && (columns == 2 || (numeric < columns && facts.alike * 10 < facts.lines * 9)))
    return guess_lists(h, l, lines);
  if (columns == 2) { /* a pair a line: the same as a list of one item */
    l->format = TEXT_LISTS;
    return OK;
  }
  snprintf(
      how, sizeof how,
      "type: palate ingest FILE --format csv --separator blank --user-column 1 --item-column 2 --value-column N|none "
      "--time-column N|none -o DATASET (a line is an event), or --format lists (user item item …), or --format "
      "baskets (item item …)");
  char what[80];
  snprintf(what, sizeof what, "%d columns separated by blanks may be events, lists or baskets", columns);
  return shape_fail(h, USAGE, what, how);
}

/* The separator that stands in a third of the lines, if none gives columns: a line of one item has none. */
static void ragged_separator(const head *h, text_layout *l) {
  static const char *const CANDIDATES[] = {"\t", ",", ";", "|"};
  int best = 0;
  const char *chosen = "";
  for (size_t i = 0; i < sizeof CANDIDATES / sizeof *CANDIDATES; i++) {
    head_set_separator(l, CANDIDATES[i]);
    int with = 0;
    for (int k = 0; k < h->n; k++)
      with += memchr(h->line[k].at, CANDIDATES[i][0], h->line[k].n) != NULL;
    if (with > best) {
      best = with;
      chosen = CANDIDATES[i];
    }
  }
  head_set_separator(l, best * 3 >= h->n ? chosen : "");
  l->quoting = *l->separator == ',' || *l->separator == ';';
}

/* A comma that only is in decimals: `u1 i1 4,5`. */
static bool decimal_comma(const head *h) {
  text_layout blank = {.format = TEXT_CSV};
  head_split_facts f = head_try_separator(&blank, h);
  if (f.columns < 3 || f.alike * 2 < f.lines)
    return false;
  for (int i = 0; i < h->n; i++)
    for (size_t k = 0; k < h->line[i].n; k++) {
      const char *s = h->line[i].at;
      if (s[k] == ',' &&
          (k == 0 || k + 1 == h->line[i].n || s[k - 1] < '0' || s[k - 1] > '9' || s[k + 1] < '0' || s[k + 1] > '9'))
        return false;
    }
  return true;
}

status guess_shape(const head *h, const text_wish *w, text_layout *l) {
  status st = OK;
  const char *rival = NULL;
  bool decimals = false;
  char copy[HEAD_COPY];
  text_span first[TEXT_COLUMNS_MAX];
  l->format = TEXT_CSV;
  if (w->separator != NULL)
    TRY(head_wished_separator(l, w->separator));
  else {
    head_guess_separator_of(l, h, &rival);
    if (rival != NULL)
      return status_fail(USAGE, "%s: the columns may be separated by `%s` or by `%s`; say --separator", h->name,
                         l->separator, rival);
    if (*l->separator == ',' && head_try_separator(l, h).columns == 2 && decimal_comma(h)) {
      head_set_separator(l, "");
      l->quoting = false;
      decimals = true;
    }
  }
  head_split_facts f = head_try_separator(l, h);
  bool columns = f.columns >= 2 && f.alike * 2 >= f.lines;
  if (w->separator == NULL && l->separator_length == 0 && !decimals) {
    ragged_separator(h, l);
    if (l->separator_length > 0) {
      f = head_try_separator(l, h);
      columns = false;
    }
  }
  bool header = first_names_columns(w, first, head_split(l, h, 0, copy, first));
  if (header || (w->column[ROLE_USER] != NULL && w->column[ROLE_ITEM] != NULL)) {
    if (f.split > 0)
      return OK;
  } else if (f.split * 3 >= f.lines && f.split > 0) {
    line_facts lines = facts_of_lines(h, l, 0);
    bool differ = f.alike < f.lines;
    if (lines.pairs * 2 > lines.lines)
      return refuse_pairs(h, &lines);
    if (l->separator_length == 0 && lines.lines > 0 && lines.colons == lines.lines)
      return shape_fail(
          h, BAD_DATA, "a colon stands behind the first field of every line, which would be part of the id",
          "take it away: sed -E 's/^([^ ]+):/\\1/' FILE > lists.txt; palate ingest lists.txt --format lists "
          "-o DATASET");
    /* The count may be padded to a table; a table of few columns counts by chance. */
    if (lines.lines > 1 && lines.counting >= lines.lines - (lines.lines > 19 ? lines.lines / 20 : 0) &&
        (differ || f.columns > 4))
      return refuse_counts(h, l);
    if (!columns)
      return guess_lists(h, l, &lines);
    if (l->separator_length == 0)
      return guess_blank_table(h, header, l, f.columns, &lines, differ);
    return OK;
  }
  return status_fail(
      BAD_DATA,
      "%s: most lines have one column; give the column separator with --separator, or, if each line is a "
      "basket of items, --format baskets",
      h->name);
done:
  return st;
}
