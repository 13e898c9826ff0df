/* Detects the layout of a table of titles: MovieLens movies.csv, movies.dat and u.item, hetrec artists.dat, Netflix
 * movie_titles.csv, RecBole's .item and the like. */
#include "io/tables/text_titles.h"

#include "io/detect/column_names.h"
#include "io/detect/text_head.h"

#include <stdio.h>
#include <string.h>

/* The genre flags of u.item (MovieLens 100K), in their order. */
static const char *const GENRES[] = {"unknown",   "Action",   "Adventure",   "Animation", "Children's",
                                     "Comedy",    "Crime",    "Documentary", "Drama",     "Fantasy",
                                     "Film-Noir", "Horror",   "Musical",     "Mystery",   "Romance",
                                     "Sci-Fi",    "Thriller", "War",         "Western",   NULL};

enum { N_GENRES = 19, U_ITEM_COLUMNS = 24 };

/* The first lines, split. */
typedef struct table_head {
  const head *h;
  const titles_wish *wish;
  titles_layout *out;
  int n_fields; /* of the first line */
  text_span *names;
  char plain[TEXT_COLUMNS_MAX][COLUMN_NAME_MAX];
} table_head;

static int rank_of(const table_head *t, titles_role role, const char *plain) {
  return title_name_rank(t->wish->side, t->wish->events_id, role, plain);
}

/* ---- refusals ---- */

static status refuse(const table_head *t, const char *what) {
  const head *h = t->h;
  const text_span *first = &h->line[0], *second = &h->line[h->n > 1 ? 1 : 0];
  const char *options = t->wish->side == USERS ? "--user-id-column and --user-name-column"
                                               : "--item-id-column, --title-column and --tags-column";
  bool header = t->out->text.header;
  return status_fail(USAGE, "%s: %s; %s: `%.*s`%s%.*s%s; say which columns to take, by name or number, with %s",
                     h->name, what, header ? "header" : "first row", (int)(first->n < 200 ? first->n : 200), first->at,
                     header && h->n > 1 ? ", first row: `" : "",
                     header && h->n > 1 ? (int)(second->n < 200 ? second->n : 200) : 0, second->at,
                     header && h->n > 1 ? "`" : "", options);
}

/* ---- what the columns hold ---- */

static bool is_number(const text_span *field) {
  real value;
  return text_value(field->at, field->n, &value) == NULL;
}

static bool is_year(const text_span *field) {
  if (field->n == 4 && memcmp(field->at, "NULL", 4) == 0)
    return true;
  return field->n == 4 && (field->at[0] == '1' || field->at[0] == '2') && is_number(field);
}

static bool is_date(const text_span *field) {
  text_time_unit unit = UNIT_AUTO;
  int64_t time;
  uint32_t nano;
  return text_time(field->at, field->n, &unit, &time, &nano) == NULL;
}

static bool is_sex(const text_span *field) {
  static const char *const WORDS[] = {"m", "f", "w", "male", "female", "other", "unknown"};
  char plain[COLUMN_NAME_MAX];
  column_plain_name(field->at, field->n, plain);
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (strcmp(plain, WORDS[i]) == 0)
      return true;
  return false;
}

static bool is_flag(const text_span *field) {
  return field->n == 0 || (field->n == 1 && (field->at[0] == '0' || field->at[0] == '1'));
}

static bool is_text(const text_span *field) {
  return field->n > 0 && !is_number(field) && !is_date(field) && !is_year(field) &&
         (field->n < 7 || memcmp(field->at, "http", 4) != 0);
}

static bool has_bar(const text_span *field) {
  return field->n > 0 && memchr(field->at, '|', field->n) != NULL;
}

/* In how many of the rows the column holds what `is` says. *rows becomes the number of rows that have the column. */
static int count_rows(const table_head *t, int column, bool is(const text_span *), int *rows) {
  char copy[HEAD_COPY];
  text_span fields[TEXT_COLUMNS_MAX];
  int count = 0;
  *rows = 0;
  for (int i = t->out->text.header ? 1 : 0; i < t->h->n; i++) {
    int n = head_split(&t->out->text, t->h, i, copy, fields);
    if (column >= n)
      continue;
    (*rows)++;
    count += is(&fields[column]);
  }
  return count;
}

static bool all_rows(const table_head *t, int column, bool is(const text_span *)) {
  int rows, count = count_rows(t, column, is, &rows);
  return rows > 0 && count == rows;
}

static bool any_row(const table_head *t, int column, bool is(const text_span *)) {
  int rows;
  return count_rows(t, column, is, &rows) > 0;
}

/* ---- by the header ---- */

/* The best column of a role, -1: none; *equal becomes another one that is as good. */
static int best_column(const table_head *t, titles_role role, int *equal) {
  int best = -1, rank = 0;
  *equal = -1;
  for (int i = 0; i < t->n_fields; i++) {
    int here = rank_of(t, role, t->plain[i]);
    if (here < 0 || (best >= 0 && here > rank))
      continue;
    *equal = best >= 0 && here == rank ? best : -1;
    best = i;
    rank = here;
  }
  return best;
}

/* Among titles that are equally good, the one named as the id is (trackname with trackid); -1: none. */
static int title_of_id(const table_head *t, int id, int like) {
  int rank = rank_of(t, TITLES_TITLE, t->plain[like]);
  for (int i = 0; i < t->n_fields && id >= 0; i++)
    if (rank_of(t, TITLES_TITLE, t->plain[i]) == rank && title_names_alike(t->plain[i], t->plain[id]))
      return i;
  return -1;
}

static status refuse_two(const table_head *t, titles_role role, int a, int b) {
  static const char *const WHAT[TITLES_ROLES] = {"id", "title", "tags"};
  char text[256];
  snprintf(text, sizeof text, "two columns may be the %s, %.*s and %.*s", WHAT[role],
           (int)(t->names[a].n < 60 ? t->names[a].n : 60), t->names[a].at,
           (int)(t->names[b].n < 60 ? t->names[b].n : 60), t->names[b].at);
  return refuse(t, text);
}

/* Columns of genres, each with 1 and 0, as the header names them. */
static void find_named_flags(const table_head *t) {
  titles_layout *out = t->out;
  for (int i = 0; i < t->n_fields && out->n_flags < TITLES_FLAGS; i++) {
    bool genre = false;
    for (int k = 0; k < N_GENRES; k++) {
      char plain[COLUMN_NAME_MAX];
      column_plain_name(GENRES[k], strlen(GENRES[k]), plain);
      genre |= strcmp(plain, t->plain[i]) == 0;
    }
    if (!genre || !all_rows(t, i, is_flag))
      continue;
    snprintf(out->flag_name[out->n_flags], TITLES_NAME, "%.*s", (int)(t->names[i].n < 60 ? t->names[i].n : 60),
             t->names[i].at);
    out->flag_column[out->n_flags++] = (uint8_t)i;
  }
  if (out->n_flags < 5)
    out->n_flags = 0;
}

static bool is_words(const text_span *name) {
  static const char TYPE[] = ":token_seq";
  size_t n = sizeof TYPE - 1;
  return name->n > n && memcmp(name->at + name->n - n, TYPE, n) == 0;
}

/* Takes the columns that were not asked for by their names. */
static status choose_by_header(const table_head *t) {
  status st = OK;
  titles_layout *out = t->out;
  for (int role = 0; role < TITLES_ROLES; role++) {
    int equal = -1, best;
    if (t->wish->column[role] != NULL || (role == TITLES_TAGS && t->wish->side == USERS))
      continue;
    best = best_column(t, (titles_role)role, &equal);
    if (role == TITLES_TITLE && equal >= 0) {
      int own = title_of_id(t, out->column[TITLES_ID], best);
      equal = own >= 0 ? -1 : equal;
      best = own >= 0 ? own : best;
    }
    if (equal >= 0)
      TRY(refuse_two(t, (titles_role)role, equal, best));
    out->column[role] = best;
  }
  if (out->column[TITLES_TAGS] < 0 && t->wish->column[TITLES_TAGS] == NULL && t->wish->side == ITEMS)
    find_named_flags(t);
  if (out->column[TITLES_ID] < 0)
    TRY(refuse(t, "no column of the header is known as the id"));
  if (out->column[TITLES_TITLE] < 0 && t->wish->column[TITLES_TITLE] == NULL &&
      (t->wish->side == USERS || (out->column[TITLES_TAGS] < 0 && out->n_flags == 0)))
    TRY(refuse(t, t->wish->side == USERS ? "no column of the header is known as the user's name"
                                         : "no column of the header is known as the title"));
done:
  return st;
}

/* ---- without a header ---- */

/* MovieLens 100K: number|title|date|date|address|19 flags. */
static bool take_u_item(const table_head *t) {
  titles_layout *out = t->out;
  if (strcmp(out->text.separator, "|") != 0 || t->n_fields != U_ITEM_COLUMNS)
    return false;
  for (int i = U_ITEM_COLUMNS - N_GENRES; i < U_ITEM_COLUMNS; i++)
    if (!all_rows(t, i, is_flag))
      return false;
  for (int k = 0; k < N_GENRES && t->wish->column[TITLES_TAGS] == NULL; k++) {
    strcpy(out->flag_name[k], GENRES[k]);
    out->flag_column[out->n_flags++] = (uint8_t)(U_ITEM_COLUMNS - N_GENRES + k);
  }
  return true;
}

/* Netflix: number,year,title, where the title may have commas and is not quoted. */
static bool take_netflix(const table_head *t) {
  titles_layout *out = t->out;
  if (strcmp(out->text.separator, ",") != 0 || t->n_fields < 3 || !all_rows(t, 0, is_number) ||
      !all_rows(t, 1, is_year) || t->wish->column[TITLES_TITLE] != NULL)
    return false;
  int rows, begun = 0, closed = 0, texts = count_rows(t, 2, is_text, &rows);
  if (2 * texts < rows)
    return false;
  for (int i = 0; i < t->h->n; i++) { /* quotes around a title, or within it */
    const text_span *line = &t->h->line[i];
    const char *comma = memchr(line->at, ',', line->n), *end = line->at + line->n;
    comma = comma != NULL ? memchr(comma + 1, ',', (size_t)(end - comma - 1)) : NULL;
    bool quote = comma != NULL && comma + 2 < end && comma[1] == '"';
    begun += quote;
    closed += quote && end[-1] == '"';
  }
  out->text.quoting = begun > 0 && begun == closed;
  out->rest = true;
  out->n_fields = 3;
  out->column[TITLES_TITLE] = 2;
  return true;
}

static status choose_by_place(const table_head *t) {
  status st = OK;
  titles_layout *out = t->out;
  const titles_wish *w = t->wish;
  if (w->column[TITLES_ID] == NULL)
    out->column[TITLES_ID] = 0;
  if (w->column[TITLES_TITLE] != NULL || (w->side == ITEMS && take_netflix(t)))
    goto done;
  bool u_item = w->side == ITEMS && take_u_item(t);
  out->column[TITLES_TITLE] = 1;
  if (w->side == USERS && (t->n_fields != 2 || all_rows(t, 1, is_sex)))
    TRY(refuse(t, "it has no header that names the column of names"));
  int rows, texts = count_rows(t, 1, is_text, &rows);
  if (!u_item && 2 * texts < rows)
    TRY(refuse(t, "it has no header, and its second column does not look like one of titles"));
  if (w->side == ITEMS && t->n_fields == 3 && w->column[TITLES_TAGS] == NULL && any_row(t, 2, has_bar))
    out->column[TITLES_TAGS] = 2;
done:
  return st;
}

/* ---- both ---- */

/* Whether the first line names columns. */
static bool guess_header(const table_head *t) {
  int named = 0, numbers = 0, titles = 0;
  for (int i = 0; i < t->n_fields; i++) {
    bool known = false;
    for (int role = 0; role < TITLES_ROLES; role++)
      known |= rank_of(t, (titles_role)role, t->plain[i]) >= 0;
    named += known;
    titles += rank_of(t, TITLES_TITLE, t->plain[i]) >= 0 || rank_of(t, TITLES_ID, t->plain[i]) >= 0;
    numbers += is_number(&t->names[i]) || is_date(&t->names[i]);
  }
  if (named >= 2 || (titles > 0 && numbers == 0))
    return true;
  if (numbers > 0)
    return false;
  for (int i = 0; i < t->n_fields; i++) { /* a column of numbers whose first line is none */
    int rows, count;
    t->out->text.header = true;
    count = count_rows(t, i, is_number, &rows);
    t->out->text.header = false;
    if (rows > 0 && count == rows)
      return true;
  }
  return false;
}

/* Takes the separator that the user gave if it parts all lines alike, else the best one. */
static status find_separator(const head *h, const titles_wish *w, text_layout *l) {
  status st = OK;
  if (w->separator != NULL) {
    TRY(head_wished_separator(l, w->separator));
    TRY(head_quoting(l, l->separator_length == 1 ? w->quoting : 2));
    int first = head_count_fields(l, &h->line[0]), alike = 0;
    for (int i = 0; i < h->n; i++)
      alike += head_count_fields(l, &h->line[i]) == first;
    if (first > 1 && alike == h->n)
      return OK;
  }
  head_guess_separator(l, h);
  if (l->separator_length == 0)
    TRY(status_fail(
        BAD_DATA,
        "%s: not a title table: no column separator found (comma, semicolon, tab, bar or `::`); --separator "
        "gives another one",
        h->name));
  TRY(head_quoting(l, w->quoting == 3 && l->separator_length == 1 ? 3 : 0));
done:
  return st;
}

/* Whether quotes within quoted fields are escaped by backslashes: after \" comes what cannot come after a field. */
static bool escapes_quotes(const text_layout *l, const char *s, size_t n) {
  const char *end = s + n;
  bool begins = true;
  while (s < end) {
    if (!begins || *s != '"') {
      begins = *s == l->separator[0] || *s == '\n' || *s == '\r';
      s++;
      continue;
    }
    for (s++; s < end; s++) { /* in quotes; a quote before a separator or a line end closes them, whatever is before */
      bool escape = s[-1] == '\\';
      if (*s != '"')
        continue;
      if (s + 1 == end || s[1] == l->separator[0] || s[1] == '\n' || s[1] == '\r')
        break;
      if (s[1] == '"')
        s++;
      else if (escape)
        return true;
    }
    begins = false;
    s += s < end;
  }
  return false;
}

static status take_wishes(const table_head *t) {
  static const char *const OPTION[2][TITLES_ROLES] = {{"user-id", "user-name", "tags"}, {"item-id", "title", "tags"}};
  status st = OK;
  titles_layout *out = t->out;
  for (int role = 0; role < TITLES_ROLES; role++) {
    const char *wish = t->wish->column[role], *option = OPTION[t->wish->side == ITEMS][role];
    if (wish == NULL)
      continue;
    if (strcmp(wish, "none") == 0) {
      if (role == TITLES_ID)
        TRY(status_fail(USAGE, "--%s-column cannot be none", option));
      continue;
    }
    TRY(head_column(t->h, &out->text, wish, option, t->names, t->n_fields, &out->column[role]));
    if (out->column[role] >= t->n_fields)
      TRY(status_fail(USAGE, "%s: --%s-column %d, but there are only %d columns", t->h->name, option,
                      out->column[role] + 1, t->n_fields));
  }
done:
  return st;
}

static status check_columns(const table_head *t) {
  titles_layout *out = t->out;
  int *column = out->column;
  if (column[TITLES_TITLE] < 0 && column[TITLES_TAGS] < 0 && out->n_flags == 0)
    return refuse(t, "neither titles nor tags are to be taken from it");
  for (int a = 0; a < TITLES_ROLES; a++)
    for (int b = a + 1; b < TITLES_ROLES; b++)
      if (column[a] >= 0 && column[a] == column[b])
        return refuse(t, "one column would be taken twice");
  for (int role = 0; role < TITLES_ROLES; role++) {
    int i = column[role];
    if (i < 0)
      continue;
    if (i >= out->text.n_columns)
      out->text.n_columns = i + 1;
    if (out->text.header && i < t->n_fields)
      snprintf(out->name[role], TITLES_NAME, "%.*s", (int)(t->names[i].n < 60 ? t->names[i].n : 60), t->names[i].at);
  }
  for (int i = 0; i < out->n_flags; i++)
    if (out->flag_column[i] >= out->text.n_columns)
      out->text.n_columns = out->flag_column[i] + 1;
  out->words = out->text.header && column[TITLES_TAGS] >= 0 && is_words(&t->names[column[TITLES_TAGS]]);
  return OK;
}

static bool any_name_wished(const titles_wish *w) {
  for (int role = 0; role < TITLES_ROLES; role++) {
    const char *c = w->column[role];
    if (c != NULL && strcmp(c, "none") != 0 && c[strspn(c, "0123456789")] != '\0')
      return true;
  }
  return false;
}

/* Drops comments above the table; a single line that has as many columns as the table is its first line. */
static status drop_comments(head *h, const titles_wish *w, text_layout *l) {
  status st = OK;
  text_span last;
  text_layout plain = *l, parted = *l;
  head below = *h;
  head_comments(&below, &plain, NULL, &last);
  int dropped = h->n - below.n;
  if (dropped == 0)
    return OK;
  parted.skip_bytes = plain.skip_bytes;
  TRY(find_separator(&below, w, &parted));
  bool alike = head_count_fields(&parted, &last) == head_count_fields(&parted, &below.line[0]);
  if (alike && dropped > 1)
    TRY(status_fail(USAGE, "%s: `%.*s` above the table may be its header or its first line; remove the lines above it",
                    h->name, (int)(last.n < 100 ? last.n : 100), last.at));
  if (!alike) {
    *h = below;
    *l = plain;
  }
done:
  return st;
}

status text_detect_titles(const char *name, const char *bytes, size_t n, bool whole, const titles_wish *wish,
                          titles_layout *out) {
  status st = OK;
  head h;
  size_t from;
  char first[HEAD_COPY];
  text_span fields[TEXT_COLUMNS_MAX];
  table_head t = {.h = &h, .wish = wish, .out = out, .names = fields};
  *out = (titles_layout){.text = {.format = TEXT_CSV}, .column = {-1, -1, -1}};
  TRY(head_read(&h, name, bytes, n < TEXT_HEAD ? n : TEXT_HEAD, whole && n < TEXT_HEAD, &from));
  out->text.skip_bytes = (off)from;
  TRY(drop_comments(&h, wish, &out->text));
  TRY(find_separator(&h, wish, &out->text));
  if (out->text.quoting && !out->text.backslash)
    out->text.backslash = escapes_quotes(&out->text, bytes + from, n - from);
  head_join_records(&h, &out->text);
  out->n_fields = t.n_fields = head_split(&out->text, &h, 0, first, fields);
  for (int i = 0; i < t.n_fields; i++)
    column_plain_name(fields[i].at, fields[i].n, t.plain[i]);
  out->text.header = any_name_wished(wish) || guess_header(&t);
  TRY(take_wishes(&t));
  TRY(out->text.header ? choose_by_header(&t) : choose_by_place(&t));
  TRY(check_columns(&t));
  if (out->text.header) {
    out->text.skip_bytes = h.line_end[0];
    out->text.skip_lines = h.line_number[0];
  }
done:
  return st;
}
