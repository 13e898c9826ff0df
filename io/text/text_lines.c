#include "io/text/text_lines.h"

#include "io/base/mem.h"

#include <stdio.h>
#include <string.h>

bool text_lines_are_users(const text_layout *l) {
  if (l->format != TEXT_BASKETS && l->format != TEXT_MATRIX)
    return false;
  for (int c = 0; c < l->n_columns; c++)
    if (l->role[c] == ROLE_USER)
      return false;
  return true;
}

/* Splits a record into all its fields, which lie in p->fields. Returns what is wrong with it at *bad_at, or NULL. */
static status split_all(text_parser *p, char *record, size_t n, int *count, const char **bad, size_t *bad_at) {
  const text_layout *l = p->layout;
  status st = OK;
  off most = 1;
  char mark = l->separator_length > 0 ? l->separator[0] : ' ';
  for (size_t i = 0; i < n; i++)
    most += record[i] == mark || (l->separator_length == 0 && record[i] == '\t');
  if (most > p->fields_room) {
    TRY(MEM_REALLOC(p->fields, most, "fields of a line"));
    p->fields_room = most;
  }
  *bad = NULL;
  *count = text_split(l, record, n, p->fields, (int)most, bad, bad_at);
done:
  return st;
}

/* A record, split into p->fields. */
typedef struct line {
  const char *record, *shown; /* without quotes, and as it stands in the file */
  size_t n;
  int count; /* fields */
} line;

static status refuse(text_parser *p, const line *r, const char *at, const char *bad) {
  return text_refuse(p, r->shown, r->n, (size_t)(at - r->record), bad);
}

/* ---- lists: user item item … ---- */

static status list_record(text_parser *p, batch *b, const line *r) {
  status st = OK;
  event e = {.value = 1};
  const char *bad = text_id(&p->fields[0], true, &e.user);
  if (bad != NULL)
    return refuse(p, r, r->record, bad);
  int items = 0;
  for (int i = 1; i < r->count; i++) {
    if (p->fields[i].n == 0) /* rows padded to a table */
      continue;
    items++;
    bad = text_id(&p->fields[i], false, &e.item);
    if (bad != NULL)
      return refuse(p, r, p->fields[i].at, bad);
  }
  if (items == 0)
    return refuse(p, r, r->record + r->n, "no item after the user");
  for (int i = 1; i < r->count; i++)
    if (p->fields[i].n > 0) {
      text_id(&p->fields[i], false, &e.item);
      TRY(text_accept(p, b, &e));
    }
  p->counts.kept++;
done:
  return st;
}

/* ---- who and when ---- */

static void trim(text_span *f) {
  text_trim(&f->at, &f->n);
}

/* The user of a line that is a user of its own: its number, or SOURCE:NUMBER. Returns what is wrong, or NULL. */
static const char *line_user(const text_parser *p, char name[ID_MAX + 32], event *e) {
  long long number = (long long)(p->lines_before + p->counts.lines + 1);
  int n = p->source_name != NULL ? snprintf(name, ID_MAX + 32, "%s:%lld", p->source_name, number)
                                 : snprintf(name, ID_MAX + 32, "%lld", number);
  return text_id(&(text_span){name, (size_t)(n < ID_MAX + 32 ? n : ID_MAX + 1)}, true, &e->user);
}

/* Reads user and time of a basket or a row. Returns what is wrong with field *at, or NULL. */
static const char *who_and_when(const text_parser *p, const line *r, event *e, int *at) {
  const text_layout *l = p->layout;
  for (int c = 0; c < l->n_columns && c < r->count; c++) {
    const char *bad = NULL;
    *at = c;
    if (l->role[c] == ROLE_USER)
      bad = text_id(&p->fields[c], true, &e->user);
    else if (l->role[c] == ROLE_TIME)
      bad = text_layout_time(l, p->fields[c].at, p->fields[c].n, &e->unit, &e->time, &e->nano);
    if (bad != NULL)
      return bad;
  }
  return NULL;
}

/* ---- baskets ---- */

/* Takes (`take`) or only counts the items of a field. Returns how many, or -1 with *bad and *at set. */
static int field_items(text_parser *p, batch *b, const text_span *field, event *e, bool take, status *st,
                       const char **bad, const char **at) {
  const char *separators = p->layout->item_separators, *from = field->at, *end = field->at + field->n;
  int items = 0;
  while (from <= end && *st == OK) {
    const char *to = from;
    while (to < end && (*to == '\0' || strchr(separators, *to) == NULL))
      to++;
    text_span item = {from, (size_t)(to - from)};
    trim(&item);
    if (item.n > 0) {
      items++;
      *at = item.at;
      *bad = text_id(&item, false, &e->item);
      if (*bad != NULL)
        return -1;
      if (take)
        *st = text_accept(p, b, e);
    }
    from = to + 1;
  }
  return items;
}

static bool is_item_field(const text_layout *l, int c) {
  if (l->item_field)
    return c < l->n_columns && l->role[c] == ROLE_ITEM;
  return c >= l->n_columns || l->role[c] == ROLE_SKIP;
}

static status basket_record(text_parser *p, batch *b, const line *r) {
  status st = OK;
  event e = {.value = 1};
  char name[ID_MAX + 32];
  int at = 0, items = 0;
  const char *bad = NULL, *place = r->record;
  if (text_lines_are_users(p->layout))
    bad = line_user(p, name, &e);
  if (bad == NULL)
    bad = who_and_when(p, r, &e, &at);
  if (bad != NULL)
    return refuse(p, r, p->fields[at].at, bad);
  for (int pass = 0; pass < 2; pass++) { /* check, then take */
    items = 0;
    for (int c = 0; c < r->count && st == OK; c++) {
      if (!is_item_field(p->layout, c))
        continue;
      int more = field_items(p, b, &p->fields[c], &e, pass == 1, &st, &bad, &place);
      if (more < 0)
        return refuse(p, r, place, bad);
      items += more;
    }
    if (st != OK)
      return st;
    if (items == 0)
      return refuse(p, r, r->record + r->n, "no item in the basket");
  }
  p->counts.kept++;
  return st;
}

/* ---- matrices: a row a user, a column an item; what is empty or 0 is no event ---- */

static bool is_nothing(const text_span *f) {
  return f->n == 0 || (f->n == 2 && memcmp(f->at, "NA", 2) == 0) || (f->n == 3 && memcmp(f->at, "NaN", 3) == 0) ||
         (f->n == 3 && memcmp(f->at, "nan", 3) == 0);
}

static status matrix_record(text_parser *p, batch *b, const line *r) {
  const text_layout *l = p->layout;
  status st = OK;
  event e = {.value = 1};
  char name[ID_MAX + 32], item[32];
  int first = text_lines_are_users(l) ? 0 : 1, taken = 0;
  const char *bad = NULL;
  if (first == 0)
    bad = line_user(p, name, &e);
  else
    bad = text_id(&p->fields[0], true, &e.user);
  if (bad != NULL)
    return refuse(p, r, r->record, bad);
  if (r->count - first != l->matrix_items)
    return refuse(p, r, r->record + r->n, r->count - first < l->matrix_items ? "too few columns" : "too many columns");
  for (int pass = 0; pass < 2; pass++)
    for (int c = first; c < r->count; c++) {
      text_span f = p->fields[c];
      trim(&f);
      if (is_nothing(&f))
        continue;
      bad = text_number(&l->number, f.at, f.n, &e.value);
      if (bad != NULL)
        return refuse(p, r, f.at, bad);
      if (pass == 0 || e.value == 0)
        continue;
      text_span id = {item, 0};
      if (p->items_named != NULL)
        id = p->items_named[c - first];
      else
        id.n = (size_t)snprintf(item, sizeof item, "%d", c - first + 1);
      text_id(&id, false, &e.item);
      TRY(text_accept(p, b, &e));
      taken++;
    }
  p->counts.kept++;
done:
  return st;
}

status text_many_record(text_parser *p, batch *b, char *record, const char *shown, size_t n) {
  status st = OK;
  line r = {.record = record, .shown = shown, .n = n};
  const char *bad = NULL;
  size_t bad_at = 0;
  TRY(split_all(p, record, n, &r.count, &bad, &bad_at));
  if (bad != NULL)
    return text_refuse(p, shown, n, bad_at, bad);
  if (r.count == 0 || r.count < p->layout->n_columns)
    return text_refuse(p, shown, n, n, "too few columns");
  if (p->layout->format == TEXT_LISTS)
    st = list_record(p, b, &r);
  else if (p->layout->format == TEXT_BASKETS)
    st = basket_record(p, b, &r);
  else
    st = matrix_record(p, b, &r);
done:
  return st;
}
