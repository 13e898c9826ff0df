#include "io/detect/json_detect.h"

#include "io/detect/column_names.h"
#include "io/detect/text_guess.h"
#include "io/text/json_lines.h"

#include <stdio.h>
#include <string.h>

enum { PATHS = 200, OBJECTS = 200 /* looked at */, DEEP = 4 /* levels of objects listed */ };

/* A key, or a path with dots, and its value in the first object that has it not null. */
typedef struct path {
  char name[TEXT_KEY_MAX];
  text_span value;
} path;

typedef struct sample {
  const char *name;
  path paths[PATHS];
  int n, n_first;  /* all, and those of the first object */
  char list[1024]; /* the keys of the first object */
} sample;

static bool is_scalar(const text_span *v) {
  return v->n > 0 && (v->at[0] == '"' || (v->at[0] == '-' && v->at[1] != 'I') || (v->at[0] >= '0' && v->at[0] <= '9'));
}

/* A number, or a string that is one. */
static bool is_numeric(const text_span *v) {
  real value;
  if (!is_scalar(v))
    return false;
  bool string = v->at[0] == '"';
  return text_value(v->at + string, v->n - 2 * string, &value) == NULL;
}

/* ---- the lines ---- */

/* The next line of [*at, end) that is not blank, without its end; false if there is none, or it is cut off. */
static bool next_line(const char **at, const char *end, bool whole, off *number, text_span *out) {
  while (*at < end) {
    const char *stop = text_line_end(*at, end);
    if (!whole && (stop == NULL || (stop == end && stop[-1] == '\r'))) /* a \n may follow */
      return false;
    const char *to = stop != NULL ? stop : end, *from = *at;
    *at = to;
    ++*number;
    while (to > from && strchr(" \t\r\n", to[-1]) != NULL && to[-1] != '\0')
      to--;
    from = json_blank(from, to);
    *out = (text_span){from, (size_t)(to - from)};
    if (to > from)
      return true;
  }
  return false;
}

static const char *behind_mark(const char *bytes, size_t n) {
  return n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? bytes + 3 : bytes;
}

bool json_likely(const char *bytes, size_t n) {
  const char *s = behind_mark(bytes, n), *end = bytes + n;
  while (s < end && (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n'))
    s++;
  if (s == end || *s != '{')
    return false;
  const char *stop = text_line_end(s, end);
  const char *next = json_blank(s + 1, stop != NULL ? stop : end);
  /* An object, or the beginning of one that has more lines. */
  return next == end || strchr("\"'}\r\n", *next) != NULL ||
         (end - next >= 2 && *next == 'u' && (next[1] == '\'' || next[1] == '"'));
}

/* Adds the members of the object at s, which is sound. */
static const char *add_members(sample *x, const char *prefix, int depth, const char *s, const char *end) {
  json_fault fault;
  const char *key;
  size_t n;
  bool escaped;
  s = json_blank(s + 1, end);
  while (s != NULL && s < end && *s == '"') {
    path p = {0};
    s = json_key(s, end, &key, &n, &escaped, &fault);
    if (s == NULL)
      break;
    const char *from = s;
    size_t before = strlen(prefix), length = 0;
    memcpy(p.name, prefix, before);
    bool fits = before < sizeof p.name - 1 &&
                json_decode(key, n, p.name + before, sizeof p.name - 1 - before, &length) == NULL &&
                memchr(p.name + before, '\0', length) == NULL;
    p.name[before + (fits ? length : 0)] = '\0';
    if (*s == '{' && depth < DEEP && fits && before + length + 2 < sizeof p.name) {
      char deeper[TEXT_KEY_MAX];
      snprintf(deeper, sizeof deeper, "%.*s.", TEXT_KEY_MAX - 2, p.name);
      s = add_members(x, deeper, depth + 1, s, end);
    } else {
      s = json_value(s, end, &fault);
      int i = 0;
      while (i < x->n && strcmp(x->paths[i].name, p.name) != 0)
        i++;
      if (s != NULL && fits && i < PATHS) {
        if (i == x->n)
          x->paths[x->n++] = p;
        if (x->paths[i].value.n == 0 && *from != 'n')
          x->paths[i].value = (text_span){from, (size_t)(s - from)};
      }
    }
    s = s != NULL ? json_blank(s, end) : NULL;
    if (s != NULL && s < end && *s == ',')
      s = json_blank(s + 1, end);
  }
  return s != NULL && s < end ? s + 1 : NULL;
}

static status refuse_first(const char *name, off line, const text_span *first, const json_fault *fault) {
  const char *place = fault->at, *end = first->at + first->n, *second = json_blank(first->at + 1, end);
  bool python = second < end && (*second == '\'' || (*second == 'u' && second + 1 < end && second[1] == '\''));
  if (python || strncmp(fault->bad, "not JSON but", 12) == 0)
    return status_fail(BAD_DATA,
                       "%s:%lld: dictionaries of Python, not JSON; convert them: python3 -c \"import ast, json, sys; "
                       "[print(json.dumps(ast.literal_eval(l))) for l in sys.stdin]\" < %s > FILE.jsonl",
                       name, (long long)line, name);
  if (place >= end)
    return status_fail(BAD_DATA,
                       "%s:%lld: JSON whose objects take several lines; palate reads an object a line: jq -c . %s > "
                       "FILE.jsonl (jq -c '.[]' for an array)",
                       name, (long long)line, name);
  return status_fail(BAD_DATA, "%s:%lld:%lld: %s", name, (long long)line, (long long)(place - first->at) + 1,
                     fault->bad);
}

/* Collects the keys of the first objects. */
static status look(sample *x, const char *name, const char *bytes, size_t n, bool whole) {
  const char *at = behind_mark(bytes, n), *end = bytes + n;
  off line = 0;
  text_span text;
  *x = (sample){.name = name};
  for (int objects = 0; objects < OBJECTS && next_line(&at, end, whole, &line, &text); objects++) {
    json_fault fault = {0};
    const char *stop = text.at + text.n, *s = text.at;
    if (*s != '{')
      fault = (json_fault){"the line is not an object of JSON", s};
    else if ((s = json_value(s, stop, &fault)) != NULL && json_blank(s, stop) != stop)
      fault = (json_fault){"something stands behind the object; palate reads an object a line", s};
    if (fault.bad != NULL && objects == 0)
      return *text.at == '[' ? status_fail(BAD_DATA,
                                           "%s: an array of JSON; palate reads an object a line: jq -c '.[]' %s > "
                                           "FILE.jsonl",
                                           name, name)
                             : refuse_first(name, line, &text, &fault);
    if (fault.bad == NULL)
      add_members(x, "", 1, text.at, stop);
    if (objects == 0)
      x->n_first = x->n;
  }
  if (x->n_first == 0 && line == 0)
    return status_fail(BAD_DATA, "%s: the first line is longer than %zu bytes", name, n);
  for (int i = 0; i < x->n_first; i++) {
    size_t used = strlen(x->list);
    const text_span *v = &x->paths[i].value;
    int shown = v->n < 20 ? (int)v->n : 17;
    snprintf(x->list + used, sizeof x->list - used, "%s%s (%.*s%s)", i > 0 ? ", " : "", x->paths[i].name,
             v->n > 0 ? shown : 4, v->n > 0 ? v->at : "null", v->n < 20 ? "" : "...");
  }
  return OK;
}

/* ---- the keys ---- */

static const char *const OPTION[N_ROLES] = {"", "user", "item", "value", "time"};

static status ask(const sample *x, const char *what, const char *options) {
  return status_fail(USAGE, "%s: %s; the keys of its first object are %s; give %s", x->name, what, x->list, options);
}

static bool readable_time(const text_span *v) {
  bool string = v->at[0] == '"';
  return text_time_likely(v->at + string, v->n - 2 * string);
}

/* Finds the key of a role by the names known for it: the surest; *out is -1 if there is none. */
static status choose_known(const sample *x, text_role role, const bool *taken, int *out) {
  static const column_use USE[N_ROLES] = {N_COLUMN_USES, NAMES_USER, NAMES_ITEM, NAMES_VALUE, NAMES_TIME};
  int best = -1, rival = -1, best_rank = 0;
  for (int i = 0; i < x->n; i++) {
    char plain[COLUMN_NAME_MAX];
    column_plain_name(x->paths[i].name, strlen(x->paths[i].name), plain);
    int rank = column_name_rank(USE[role], plain);
    if (rank < 0 || taken[i] || !is_scalar(&x->paths[i].value))
      continue;
    bool fits = role == ROLE_TIME    ? readable_time(&x->paths[i].value)
                : role == ROLE_VALUE ? is_numeric(&x->paths[i].value)
                                     : true;
    if (!fits && rank > 1) /* a `note` that is no number */
      continue;
    rank += fits ? 0 : 100; /* only where no other is */
    if (best < 0 || rank < best_rank) {
      best = i;
      best_rank = rank;
      rival = -1;
    } else if (rank == best_rank)
      rival = i;
  }
  *out = best;
  if (rival < 0)
    return OK;
  char what[400], options[64];
  snprintf(what, sizeof what, "both %s and %s may be the %s", x->paths[best].name, x->paths[rival].name, OPTION[role]);
  snprintf(options, sizeof options, "--%s-column KEY", OPTION[role]);
  return ask(x, what, options);
}

static status choose_wished(text_role role, const char *wish, text_layout *l) {
  if (strlen(wish) >= TEXT_KEY_MAX)
    return status_fail(USAGE, "--%s-column takes at most %d bytes", OPTION[role], TEXT_KEY_MAX - 1);
  for (int other = ROLE_USER; other < N_ROLES; other++)
    if (strcmp(l->key[other], wish) == 0)
      return status_fail(USAGE, "the key %s is given twice", wish);
  strcpy(l->key[role], wish);
  return OK;
}

/* A number under a name that says nothing must not be left out in silence. */
static status refuse_unknown_value(const sample *x, const bool *taken) {
  for (int i = 0; i < x->n; i++) {
    char plain[COLUMN_NAME_MAX], what[300];
    column_plain_name(x->paths[i].name, strlen(x->paths[i].name), plain);
    bool known = false;
    for (int use = 0; use < N_COLUMN_USES; use++)
      known |= column_name_rank((column_use)use, plain) >= 0;
    if (taken[i] || known || !is_numeric(&x->paths[i].value))
      continue;
    snprintf(what, sizeof what, "no key is known to be a rating or count, and %s has numbers", x->paths[i].name);
    return ask(x, what, "--value-column KEY, or --value-column none: every event counts 1");
  }
  return OK;
}

static status choose_keys(const sample *x, const text_wish *w, text_layout *l) {
  status st = OK;
  bool taken[PATHS] = {false}, none[N_ROLES] = {false};
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    if (w->column[role] == NULL)
      continue;
    none[role] = role >= ROLE_VALUE && strcmp(w->column[role], "none") == 0;
    if (!none[role])
      TRY(choose_wished((text_role)role, w->column[role], l));
    for (int i = 0; i < x->n; i++)
      taken[i] |= strcmp(x->paths[i].name, w->column[role]) == 0;
  }
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    int found = -1;
    if (l->key[role][0] != '\0' || none[role])
      continue;
    TRY(choose_known(x, (text_role)role, taken, &found));
    if (found >= 0) {
      strcpy(l->key[role], x->paths[found].name);
      taken[found] = true;
    } else if (role <= ROLE_ITEM)
      return ask(x, role == ROLE_USER ? "no key is known to be the user" : "no key is known to be the item",
                 "--user-column KEY --item-column KEY [--value-column KEY] [--time-column KEY]");
  }
  if (l->key[ROLE_VALUE][0] == '\0' && !none[ROLE_VALUE])
    st = refuse_unknown_value(x, taken);
done:
  return st;
}

/* ---- how numbers and times are written ---- */

static status look_at_values(const sample *x, const char *bytes, size_t n, bool whole, const text_wish *w,
                             text_layout *l) {
  status st = OK;
  const char *at = behind_mark(bytes, n), *end = bytes + n;
  number_evidence numbers = {0};
  time_evidence times = {0};
  off line = 0, seen[N_ROLES] = {0};
  text_span text;
  while (next_line(&at, end, whole, &line, &text)) {
    json_found found;
    json_fault fault;
    if (json_find(l, text.at, text.at + text.n, &found, &fault) == NULL)
      continue;
    for (int role = ROLE_USER; role < N_ROLES; role++) {
      const text_span *v = &found.value[role];
      seen[role] += v->n > 0;
      if (!is_scalar(v))
        continue;
      bool string = v->at[0] == '"';
      if (role == ROLE_TIME)
        time_see(&times, v->at + string, v->n - 2 * string, line);
      else if (role == ROLE_VALUE && string) /* a number of JSON can be read in one way only */
        number_see(&numbers, v->at + 1, v->n - 2, line);
    }
  }
  for (int role = ROLE_USER; role < N_ROLES; role++)
    if (l->key[role][0] != '\0' && seen[role] == 0) {
      char what[300], option[64];
      snprintf(what, sizeof what, "no object has the key %s", l->key[role]);
      snprintf(option, sizeof option, "another --%s-column", OPTION[role]);
      TRY(ask(x, what, option));
    }
  char place[TEXT_KEY_MAX + 8];
  l->has_value = l->key[ROLE_VALUE][0] != '\0';
  l->has_time = l->key[ROLE_TIME][0] != '\0';
  if (l->has_value) {
    snprintf(place, sizeof place, "the key %s", l->key[ROLE_VALUE]);
    TRY(number_decide(&numbers, w, x->name, place, l));
  }
  if (l->has_time) {
    snprintf(place, sizeof place, "the key %s", l->key[ROLE_TIME]);
    TRY(time_decide(&times, w, x->name, place, l));
  }
done:
  return st;
}

status json_detect(const char *name, const char *bytes, size_t n, bool whole, const text_wish *w, text_layout *l) {
  status st = OK;
  sample x;
  l->format = TEXT_JSONL;
  l->skip_bytes = (off)(behind_mark(bytes, n) - bytes);
  if (w->separator != NULL || w->header == 1)
    TRY(status_fail(USAGE, "%s: JSON lines have neither a separator nor a header", name));
  TRY(look(&x, name, bytes, n, whole));
  TRY(choose_keys(&x, w, l));
  TRY(look_at_values(&x, bytes, n, whole, w, l));
done:
  return st;
}
