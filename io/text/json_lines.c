#include "io/text/json_lines.h"

#include "io/text/id.h"

#include <string.h>

/* What is still to be found at one level of nesting: the rest of each key, NULL if it lies elsewhere. */
typedef struct wanted {
  const char *rest[N_ROLES];
} wanted;

static const char *fail(json_fault *fault, const char *at, const char *bad) {
  *fault = (json_fault){bad, at};
  return NULL;
}

static const char *find_in(const char *s, const char *end, const wanted *want, json_found *out, json_fault *fault);

/* Compares a name of n bytes with each rest: *here gets a bit for each role whose value this is, *below what lies
 * within it. Returns whether any does. */
static bool match(const wanted *want, const char *name, size_t n, unsigned *here, wanted *below) {
  bool any = false;
  *here = 0;
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    const char *rest = want->rest[role];
    below->rest[role] = NULL;
    if (rest == NULL || rest[0] != name[0] || strncmp(rest, name, n) != 0)
      continue;
    if (rest[n] == '\0')
      *here |= 1u << role;
    else if (rest[n] == '.') {
      below->rest[role] = rest + n + 1;
      any = true;
    }
  }
  return any;
}

/* Reads the value at s, which the roles of `here` want, and in which others lie `below`. */
static const char *take_value(const char *s, const char *end, unsigned here, bool any, const wanted *below,
                              json_found *out, json_fault *fault) {
  const char *from = s;
  if (any && s < end && (*s == '{' || *s == '['))
    s = find_in(s, end, below, out, fault);
  else
    s = json_value(s, end, fault);
  for (int role = ROLE_USER; role < N_ROLES && s != NULL; role++)
    if ((here >> role & 1) != 0) {
      if (out->value[role].n > 0)
        return fail(fault, from, "a key stands twice in the object");
      out->value[role] = (text_span){from, (size_t)(s - from)};
    }
  return s;
}

/* Reads the object or array at s. Its depth is bounded by the dots of the keys. */
static const char *find_in(const char *s, const char *end, const wanted *want, json_found *out, json_fault *fault) {
  bool object = *s == '{';
  char close = object ? '}' : ']', space[TEXT_KEY_MAX];
  unsigned passed = 0; /* roles that were looked for within a member */
  s = json_blank(s + 1, end);
  if (s < end && *s == close)
    return s + 1;
  for (int index = 0;; index++) {
    const char *name = space;
    size_t n = 0;
    bool escaped = false, known = true;
    wanted below;
    unsigned here = 0;
    if (object) {
      if ((s = json_key(s, end, &name, &n, &escaped, fault)) == NULL)
        return NULL;
      if (escaped) {
        known = json_decode(name, n, space, sizeof space, &n) == NULL && memchr(space, '\0', n) == NULL;
        name = space;
      }
    } else {
      for (int i = index; i > 0 || n == 0; i /= 10)
        space[sizeof space - ++n] = (char)('0' + i % 10);
      name = space + sizeof space - n;
    }
    known = known && n > 0 && n < TEXT_KEY_MAX;
    bool any = known && match(want, name, n, &here, &below);
    for (int role = ROLE_USER; role < N_ROLES && any; role++)
      if (below.rest[role] != NULL) {
        if ((passed >> role & 1) != 0)
          return fail(fault, s, "a key stands twice in the object");
        passed |= 1u << role;
      }
    if ((s = take_value(s, end, here, any, &below, out, fault)) == NULL)
      return NULL;
    s = json_blank(s, end);
    if (s < end && *s == close)
      return s + 1;
    if (s == end || *s != ',')
      return fail(fault, s, object ? "not JSON: a comma or } is missing" : "not JSON: a comma or ] is missing");
    s = json_blank(s + 1, end);
  }
}

const char *json_find(const text_layout *l, const char *s, const char *end, json_found *out, json_fault *fault) {
  wanted want = {{NULL}};
  *out = (json_found){0};
  for (int role = ROLE_USER; role < N_ROLES; role++)
    want.rest[role] = l->key[role][0] != '\0' ? l->key[role] : NULL;
  s = json_blank(s, end);
  if (s == end || *s != '{')
    return fail(fault, s, "the line is not an object of JSON");
  s = find_in(s, end, &want, out, fault);
  return s != NULL ? json_blank(s, end) : NULL;
}

/* ---- values ---- */

/* What is wrong with a value that is neither a string nor a number. */
static const char *not_scalar(const text_span *v, const char *const words[4]) {
  return v->n == 0 ? words[0] : v->at[0] == 'n' ? words[1] : v->at[0] == 't' || v->at[0] == 'f' ? words[2] : words[3];
}

static bool is_number(const text_span *v) {
  return v->n > 0 && ((v->at[0] == '-' && v->at[1] != 'I') || (v->at[0] >= '0' && v->at[0] <= '9'));
}

static const char *read_id(const text_span *v, bool user, char *space, token *out) {
  static const char *const USER[] = {"the key of the user is missing", "the user id is null",
                                     "the user id is neither a string nor a number",
                                     "the user id is neither a string nor a number"};
  static const char *const ITEM[] = {"the key of the item is missing", "the item id is null",
                                     "the item id is neither a string nor a number",
                                     "the item id is neither a string nor a number"};
  text_span id = *v;
  if (id.n > 0 && id.at[0] == '"') {
    id = (text_span){v->at + 1, v->n - 2};
    if (memchr(id.at, '\\', id.n) != NULL) {
      size_t n;
      const char *bad = json_decode(id.at, id.n, space, ID_MAX, &n);
      if (bad != NULL)
        return bad[0] == 'h' ? bad
               : user        ? "the user id is longer than 255 bytes"
                             : "the item id is longer than 255 bytes";
      id = (text_span){space, n};
    }
    if (id.n == 0)
      return user ? "the user id is empty" : "the item id is empty";
    if (memchr(id.at, '\0', id.n) != NULL)
      return "a NUL in an id";
  } else if (!is_number(v))
    return not_scalar(v, user ? USER : ITEM);
  if (id.n > ID_MAX)
    return user ? "the user id is longer than 255 bytes" : "the item id is longer than 255 bytes";
  int64_t number;
  if (id_integer(id.at, id.n, &number) && number >= 0)
    *out = (token){.number = (uint64_t)number};
  else
    *out = (token){.text = id.at, .n = id.n};
  return NULL;
}

/* The text of a value or a time: of a number as it is, of a string its inside, decoded to `space` if need be. */
static const char *scalar_text(const text_span *v, const char *const words[4], char *space, size_t room,
                               text_span *out) {
  *out = *v;
  if (is_number(v))
    return NULL;
  if (v->n == 0 || v->at[0] != '"')
    return not_scalar(v, words);
  *out = (text_span){v->at + 1, v->n - 2};
  if (memchr(out->at, '\\', out->n) == NULL)
    return NULL;
  out->at = space;
  return json_decode(v->at + 1, v->n - 2, space, room, &out->n);
}

const char *json_event(const text_layout *l, const char *s, const char *end, json_space *space, event *e,
                       json_fault *fault) {
  static const char *const VALUE[] = {"the key of the value is missing", "the value is null",
                                      "the value is true or false, not a number", "the value is not a number"};
  static const char *const TIME[] = {"the key of the time is missing", "the time is null", "the time is true or false",
                                     "the time is neither a string nor a number"};
  json_found found;
  const char *bad = NULL, *next = json_find(l, s, end, &found, fault);
  char text[256];
  text_span t;
  int role = ROLE_USER;
  if (next == NULL)
    return NULL;
  for (; role <= ROLE_ITEM && bad == NULL; role++)
    bad = read_id(&found.value[role], role == ROLE_USER, space->id[role], role == ROLE_USER ? &e->user : &e->item);
  if (bad == NULL && l->has_value) {
    role = ROLE_VALUE + 1;
    bad = scalar_text(&found.value[ROLE_VALUE], VALUE, text, sizeof text, &t);
    if (bad == NULL)
      bad = is_number(&found.value[ROLE_VALUE]) ? text_value(t.at, t.n, &e->value)
                                                : text_number(&l->number, t.at, t.n, &e->value);
  }
  if (bad == NULL && l->has_time) {
    role = ROLE_TIME + 1;
    bad = scalar_text(&found.value[ROLE_TIME], TIME, text, sizeof text, &t);
    if (bad == NULL)
      bad = text_layout_time(l, t.at, t.n, &e->unit, &e->time, &e->nano);
  }
  if (bad == NULL)
    return next;
  return fail(fault, found.value[role - 1].n > 0 ? found.value[role - 1].at : next, bad);
}
