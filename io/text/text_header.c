/* Whether the first line of a text names its columns. */
#include "io/text/text_columns.h"

#include <string.h>

const char *const ROLE_OPTION[N_ROLES] = {"", "user", "item", "value", "time"};
const column_use ROLE_NAMES[N_ROLES] = {N_COLUMN_USES, NAMES_USER, NAMES_ITEM, NAMES_VALUE, NAMES_TIME};

int field_name_rank(const text_span *field, column_use use) {
  char name[COLUMN_NAME_MAX];
  column_plain_name(field->at, field->n, name);
  return name[0] == '\0' ? (use == NAMES_OTHER ? 0 : -1) : column_name_rank(use, name);
}

bool known_column_name(const text_span *field) {
  for (int use = 0; use < N_COLUMN_USES; use++)
    if (field->n > 0 && field_name_rank(field, (column_use)use) >= 0)
      return true;
  return false;
}

static bool any_name_wished(const text_wish *w) {
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    const char *c = w->column[role];
    if (c != NULL && strcmp(c, "none") != 0 && c[strspn(c, "0123456789")] != '\0')
      return true;
  }
  return false;
}

/* May be a name: begins with a letter and is neither a number nor a date. */
static bool may_be_name(const text_span *f) {
  return f->n > 0 && f->n < 100 && !(f->at[0] >= '0' && f->at[0] <= '9') && !field_is_number(f) && !field_is_date(f) &&
         !field_is_empty(f);
}

bool first_names_columns(const text_wish *w, const text_span *first, int n) {
  bool role[N_ROLES] = {false};
  for (int i = 0; i < n; i++)
    for (int r = ROLE_USER; r < N_ROLES; r++)
      role[r] |= field_name_rank(&first[i], ROLE_NAMES[r]) >= 0;
  return w->header == 1 || any_name_wished(w) || (w->header == 0 && role[ROLE_USER] && role[ROLE_ITEM]);
}

bool guess_header(const text_wish *w, const text_span *first, int n_first, const table_facts *rest, bool *unsure) {
  *unsure = false;
  if (first_names_columns(w, first, n_first))
    return true;
  bool words = true, again = false, counted = false;
  int known = 0, filled = 0;
  for (int i = 0; i < n_first; i++) {
    known += known_column_name(&first[i]);
    filled += first[i].n > 0;
    words &= first[i].n == 0 || may_be_name(&first[i]);
    for (size_t k = 0; k < first[i].n; k++)
      words &= first[i].at[k] < '0' || first[i].at[k] > '9' || known_column_name(&first[i]);
  }
  for (int i = 0; i < n_first && i < rest->columns; i++) {
    const column_facts *f = &rest->column[i];
    again |= f->first_again > 0;
    if (f->fields == f->empty)
      continue;
    bool number = facts_numeric(f) || facts_dates(f);
    counted |= number;
    /* A column of numbers or dates whose first line is neither has a header. */
    if (number && may_be_name(&first[i]))
      return true;
  }
  if (words && filled > 1 && known * 2 >= filled && !again)
    return true;
  /* Words above words: names only if they never come again, and even then nobody can tell. */
  *unsure = words && filled > 1 && !again && !counted && rest->lines > 0;
  return false;
}
