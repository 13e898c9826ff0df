#include "io/text/text_columns.h"

#include <string.h>

/* ---- columns by name ---- */

/* Returns true if a is b with `id` behind it: `user_id` beside `user`, which then is a name. */
static bool is_id_of(const text_span *a, const text_span *b) {
  char x[COLUMN_NAME_MAX], y[COLUMN_NAME_MAX];
  column_plain_name(a->at, a->n, x);
  column_plain_name(b->at, b->n, y);
  size_t n = strlen(y);
  return strncmp(x, y, n) == 0 && strcmp(x + n, "id") == 0;
}

/* The best column for a role by its name, -1 if there is none; *rival: an equally good one, else -1. */
static int by_name(const table *t, text_role role, const bool *taken, int *rival) {
  int best = -1, best_rank = 99;
  *rival = -1;
  bool bare_id = false;
  for (int i = 0; i < t->n_names; i++) {
    char name[COLUMN_NAME_MAX];
    column_plain_name(t->names[i].at, t->names[i].n, name);
    bare_id |= strcmp(name, "id") == 0;
  }
  for (int pass = 0; pass < 2 && best < 0; pass++)
    for (int i = 0; i < t->n_names; i++) {
      int rank = taken[i] ? -1 : field_name_rank(&t->names[i], ROLE_NAMES[role]);
      const column_facts *f = &t->facts.column[i];
      bool held = i < t->facts.columns && f->fields > f->empty;
      /* First only times and numbers: the `time` of day beside a date, or a `note` beside a rating, is none. */
      bool fits = !held || (role == ROLE_TIME ? facts_dates(f) || facts_seconds(f, false) : facts_numeric(f));
      if (rank < 0 || (role >= ROLE_VALUE && (pass == 0 ? !fits : rank > 1)))
        continue;
      if (role == ROLE_ITEM && rank >= 2 && bare_id) /* `id`, `title`: the id may be the item's */
        continue;
      if (rank == best_rank && is_id_of(&t->names[best], &t->names[i]))
        continue;
      if (rank < best_rank || is_id_of(&t->names[i], &t->names[best])) {
        best = i;
        best_rank = rank;
        *rival = -1;
      } else if (rank == best_rank)
        *rival = i;
    }
  return best;
}

/* A column that holds numbers or dates under a name that nobody knows. */
static bool unknown_column(const table *t, int i, bool dates) {
  if (i >= t->n_names || i >= t->facts.columns || field_name_rank(&t->names[i], NAMES_OTHER) >= 0 ||
      known_column_name(&t->names[i]))
    return false;
  const column_facts *f = &t->facts.column[i];
  return f->fields > f->empty && (dates ? facts_dates(f) : facts_numeric(f));
}

static bool is_taken(const table *t, int i) {
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (t->column[role] == i)
      return true;
  return false;
}

/* Names of the unknown columns of numbers (or dates); returns how many. */
static int list_unknown(const table *t, bool dates, char *list, size_t room) {
  int n = 0;
  list[0] = '\0';
  for (int i = 0; i < t->n_names; i++)
    if (!is_taken(t, i) && unknown_column(t, i, dates)) {
      n++;
      if (n <= 5)
        text_add(list, room, "%s`%.*s`", n > 1 ? ", " : "", (int)(t->names[i].n < 40 ? t->names[i].n : 40),
                 t->names[i].at);
      else if (n == 6)
        text_add(list, room, ", …");
    }
  return n;
}

static status unknown_numbers(table *t) {
  char list[300];
  int n = 0;
  if (t->column[ROLE_TIME] < 0 && !t->none[ROLE_TIME] && list_unknown(t, true, list, sizeof list) > 0)
    return columns_ask(t, 1u << ROLE_TIME, "", "%s may be the time, but its name is not known", list);
  for (int i = 0; i < t->n_names && t->column[ROLE_TIME] < 0 && !t->none[ROLE_TIME]; i++)
    if (!is_taken(t, i) && field_name_rank(&t->names[i], NAMES_TIME) >= 0 && facts_numeric(&t->facts.column[i]))
      return columns_ask(
          t, 1u << ROLE_TIME, "",
          "`%.*s` may be the time, but its numbers are no seconds since 1970; events are ordered by them if "
          "you say so",
          (int)t->names[i].n, t->names[i].at);
  if (t->column[ROLE_VALUE] < 0 && !t->none[ROLE_VALUE] && (n = list_unknown(t, false, list, sizeof list)) > 0)
    return columns_ask(t, 1u << ROLE_VALUE, "with --value-column none every event counts 1",
                       "%s %s numbers under a name that is not known", list, n == 1 ? "holds" : "hold");
  return OK;
}

/* A field of several items is no item. */
static status one_item_a_field(const table *t) {
  static const char *const PLURAL[] = {"items", "products", "movies", "articles", "skus", "basket", "books", "songs"};
  int c = t->column[ROLE_ITEM];
  const column_facts *f = &t->facts.column[c];
  bool plural = false;
  if (c >= t->facts.columns || t->w->column[ROLE_ITEM] != NULL)
    return OK;
  if (c < t->n_names) {
    char name[COLUMN_NAME_MAX];
    column_plain_name(t->names[c].at, t->names[c].n, name);
    for (size_t i = 0; i < sizeof PLURAL / sizeof *PLURAL; i++)
      plural |= strcmp(name, PLURAL[i]) == 0;
  }
  if (!(f->parts > 0 && f->parts * 5 >= f->fields) && !(plural && f->bars * 5 >= f->fields && f->bars > 0))
    return OK;
  return columns_ask(t, 0, "or add --format baskets to read each of them as an item",
                     "column %d holds several items a field", c + 1);
}

static status columns_by_name(table *t) {
  bool taken[TEXT_COLUMNS_MAX] = {false};
  unsigned missing = 0;
  int rival, first[N_ROLES], second[N_ROLES];
  char list[300];
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (t->column[role] >= 0)
      taken[t->column[role]] = true;
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    second[role] = -1;
    if (t->column[role] >= 0 || t->none[role])
      continue;
    int best = by_name(t, (text_role)role, taken, &rival);
    if (best < 0) {
      if (role <= ROLE_ITEM)
        missing |= 1u << role;
      continue;
    }
    first[role] = best;
    second[role] = rival;
    t->column[role] = rival < 0 ? best : -1;
    taken[best] = true;
  }
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (second[role] >= 0) {
      const text_span *x = &t->names[first[role]], *y = &t->names[second[role]];
      return columns_ask(t, missing | 1u << role, "", "`%.*s` and `%.*s` may both be the %s", (int)x->n, x->at,
                         (int)y->n, y->at, ROLE_OPTION[role]);
    }
  int unknown = list_unknown(t, false, list, sizeof list);
  if (missing == 1u << ROLE_ITEM && unknown > 1 && unknown * 2 > t->n_names)
    return columns_ask(
        t, missing, "or, if each of these columns is an item: --format matrix",
        "no column of items; %s hold numbers, so this looks like a wide matrix (a row a user, a column an "
        "item)",
        list);
  if (missing != 0)
    return columns_ask(
        t, missing,
        unknown > 2 && unknown * 2 > t->n_names
            ? "if each column of numbers is an item, this is a dense matrix: --format matrix reads it, with "
              "the users in the first column, or with --user-column none"
            : "",
        "the header names no %s%s%s", (missing & 1u << ROLE_USER) != 0 ? "user" : "",
        missing == (1u << ROLE_USER | 1u << ROLE_ITEM) ? " and no " : "",
        (missing & 1u << ROLE_ITEM) != 0 ? "item" : "");
  status st = unknown_numbers(t);
  THEN(one_item_a_field(t));
  return st;
}

/* ---- columns by position and content ---- */

/* The one column that is all times; -1 if there is none. *rival: a second one, else -1. */
static int by_times(const table *t, int *rival) {
  int n = t->facts.columns, best = -1;
  *rival = -1;
  for (int kind = 0; kind < 2 && best < 0; kind++)
    for (int i = 0; i < n; i++) {
      const column_facts *f = &t->facts.column[i];
      bool time = kind == 0 ? facts_dates(f) : n > 2 && facts_seconds(f, i < 2);
      if (!time || is_taken(t, i))
        continue;
      if (best >= 0)
        *rival = i;
      else
        best = i;
    }
  return best;
}

/* Whether a column may be what is counted or rated: numbers, not all 0, and not the ids of something. */
static bool may_be_value(const column_facts *f) {
  return facts_numeric(f) && !facts_mostly(f, f->padded) && f->zeros < f->numbers &&
         !(facts_mostly(f, f->whole) && f->least >= 100000);
}

static status columns_by_position(table *t) {
  int n = t->facts.columns, rival, left = -1, n_left = 0;
  bool explicit = t->column[ROLE_USER] >= 0 && t->column[ROLE_ITEM] >= 0;
  const unsigned ALL = 1u << ROLE_USER | 1u << ROLE_ITEM | 1u << ROLE_VALUE | 1u << ROLE_TIME;
  unsigned open = ALL;
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (t->column[role] >= 0 || t->none[role])
      open &= ~(1u << role);
  if (t->column[ROLE_TIME] < 0 && !t->none[ROLE_TIME]) {
    int time = by_times(t, &rival);
    if (rival >= 0)
      return columns_ask(t, open, "", "columns %d and %d may both be the time, and no header says so", time + 1,
                         rival + 1);
    t->column[ROLE_TIME] = time;
  } else if (t->none[ROLE_TIME]) { /* a column of times is none of the others */
    t->column[ROLE_TIME] = by_times(t, &rival);
    if (rival >= 0)
      t->column[ROLE_TIME] = -1;
  }
  for (int role = ROLE_USER; role <= ROLE_ITEM; role++)
    for (int i = 0; i < n && t->column[role] < 0; i++)
      if (!is_taken(t, i))
        t->column[role] = i;
  if (t->column[ROLE_USER] < 0 || t->column[ROLE_ITEM] < 0)
    return columns_ask(t, open & ~(1u << ROLE_VALUE), "or give the column separator with --separator",
                       "a user and an item are needed, and there %s %d column%s", n == 1 ? "is" : "are", n,
                       n == 1 ? "" : "s, one of them times");
  int numbers = 0;
  for (int i = 0; i < n; i++) {
    const column_facts *f = &t->facts.column[i];
    if (is_taken(t, i) || f->fields == f->empty || (explicit && !facts_numeric(f)))
      continue;
    n_left++;
    left = i;
    numbers += facts_numeric(f);
  }
  bool value = t->column[ROLE_VALUE] >= 0;
  bool clear = n_left == 0 || (explicit && (value || t->none[ROLE_VALUE])) ||
               (n_left == 1 && !value && (t->none[ROLE_VALUE] || may_be_value(&t->facts.column[left])));
  if (!clear) {
    if (t->none[ROLE_TIME])
      t->column[ROLE_TIME] = -1;
    for (int role = ROLE_USER; role < N_ROLES; role++)
      if ((open & 1u << role) != 0)
        t->column[role] = -1;
    return columns_ask(t, open,
                       numbers == n && n > 2
                           ? "if each column is an item, this is a dense matrix: --format matrix --header no "
                             "--user-column none (or 1) reads it"
                           : "",
                       "%d columns and no header, so which is which cannot be told", n);
  }
  if (n_left == 1 && !value && !t->none[ROLE_VALUE])
    t->column[ROLE_VALUE] = left;
  if (t->none[ROLE_TIME])
    t->column[ROLE_TIME] = -1;
  return one_item_a_field(t);
}

/* ---- both ---- */

/* The columns that the user gave. */
static status given_columns(table *t) {
  status st = OK;
  int n_data = t->facts.columns;
  for (int role = 0; role < N_ROLES; role++) {
    t->column[role] = -1;
    t->none[role] = false;
  }
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    const char *wish = t->w->column[role];
    if (wish == NULL)
      continue;
    if (strcmp(wish, "none") == 0) {
      t->none[role] = true;
      if (role <= ROLE_ITEM)
        return status_fail(USAGE, "--%s-column cannot be none", ROLE_OPTION[role]);
      continue;
    }
    int c = -1;
    TRY(head_column(t->h, t->l, wish, ROLE_OPTION[role], t->names, t->n_names, &c));
    if (is_taken(t, c))
      return status_fail(USAGE, "column %d is given twice", c + 1);
    if (n_data > 0 && c >= n_data)
      return status_fail(USAGE, "--%s-column %s: %s has only %d columns", ROLE_OPTION[role], wish, t->h->name, n_data);
    t->column[role] = c;
  }
done:
  return st;
}

/* The fixed order of the formats that have one. */
static status fixed_columns(table *t) {
  int n = t->facts.columns > 0 ? t->facts.columns : t->n_names;
  for (int role = ROLE_USER, c = 0; role < N_ROLES; role++, c++) {
    while (is_taken(t, c))
      c++;
    if (t->column[role] < 0 && !t->none[role] && c < n && (role != ROLE_TIME || t->l->format != TEXT_COUNTS))
      t->column[role] = c;
  }
  if (t->column[ROLE_USER] < 0 || t->column[ROLE_ITEM] < 0)
    return columns_ask(t, 1u << ROLE_ITEM, "give the column separator with --separator", "there is %d column", n);
  return OK;
}

/* A header that is one name short, as R writes it, or broken by its separator. */
static status header_fits(const table *t) {
  const table_facts *f = &t->facts;
  if (!t->l->header || f->lines == 0 || f->columns <= t->n_names || t->n_names == 0 || f->alike * 2 <= f->lines)
    return OK;
  bool filled = false;
  for (int i = t->n_names; i < f->columns; i++)
    filled |= f->column[i].fields > f->column[i].empty;
  if (!filled)
    return OK;
  char path[400];
  shell_word(t->h->name, strlen(t->h->name), path, sizeof path);
  if (f->columns > t->n_names + 1)
    return status_fail(
        BAD_DATA,
        "%s:%lld: the line has %d columns and most lines have %d; if lines stand above the header, remove "
        "them: tail -n +N %s > table.csv",
        t->h->name, (long long)t->h->line_number[0], t->n_names, f->columns, path);
  return status_fail(
      BAD_DATA,
      "%s: the header names %d columns and most lines have %d; if the first are row numbers, as R writes "
      "them, name them: sed '1s/^/row%s/' %s > named.csv",
      t->h->name, t->n_names, f->columns, t->l->separator_length > 0 ? t->l->separator : " ", path);
}

status choose_basket_columns(table *t, bool no_users) {
  status st = OK;
  bool taken[TEXT_COLUMNS_MAX] = {false};
  TRY(given_columns(t));
  TRY(header_fits(t));
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (t->column[role] >= 0)
      taken[t->column[role]] = true;
  bool given = t->column[ROLE_USER] >= 0 || t->column[ROLE_TIME] >= 0 || no_users;
  for (int role = ROLE_USER; role < N_ROLES && t->l->header; role++) {
    int rival = -1;
    if (t->column[role] >= 0 || t->none[role] || (role == ROLE_USER && no_users))
      continue;
    t->column[role] = by_name(t, (text_role)role, taken, &rival);
    if (rival >= 0)
      TRY(columns_ask(t, 1u << role, "add --format baskets", "columns %d and %d may both be the %s",
                      t->column[role] + 1, rival + 1, ROLE_OPTION[role]));
    if (t->column[role] >= 0)
      taken[t->column[role]] = true;
  }
  if (t->l->header && (t->column[ROLE_ITEM] < 0 || (t->column[ROLE_USER] < 0 && !no_users)) &&
      !(given && t->column[ROLE_USER] >= 0 && t->column[ROLE_ITEM] < 0 && t->facts.alike < t->facts.lines))
    TRY(columns_ask(t,
                    (t->column[ROLE_ITEM] < 0 ? 1u << ROLE_ITEM : 0) |
                        (t->column[ROLE_USER] < 0 && !no_users ? 1u << ROLE_USER : 0),
                    "add --format baskets; --user-column none makes each line a user of its own",
                    "the header names no %s", t->column[ROLE_ITEM] < 0 ? "column of items" : "user"));
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (t->column[role] >= 0)
      head_give_role(t->l, (text_role)role, t->column[role], t->names, t->n_names);
done:
  return st;
}

status choose_columns(table *t) {
  text_layout *l = t->l;
  status st = OK;
  bool fixed = l->format == TEXT_MOVIELENS || l->format == TEXT_UDATA || (l->format == TEXT_COUNTS && !l->header);
  TRY(given_columns(t));
  TRY(header_fits(t));
  if (fixed)
    TRY(fixed_columns(t));
  else if (l->header)
    TRY(columns_by_name(t));
  else
    TRY(columns_by_position(t));
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (t->column[role] >= 0) {
      head_give_role(l, (text_role)role, t->column[role], t->names, t->n_names);
    }
  l->n_fields = l->header ? t->n_names : 0;
  l->watch_header = l->header && !l->has_value && !l->has_time;
done:
  return st;
}
