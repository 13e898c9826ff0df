/* The parser: records of a buffer -> events, and messages about bad records. */
#include "io/text/text.h"

#include "io/base/mem.h"
#include "io/text/json_lines.h"
#include "io/text/text_batch.h"
#include "io/text/text_lines.h"
#include "io/text/text_quick.h"

#include <string.h>

const char TEXT_FORMAT_WORDS[] = "auto|csv|movielens|udata|counts|lists|netflix|mtx|jsonl|baskets|matrix|h5|npz";

enum { SHOWN = 256 /* bytes of an overlong line in its message */ };

/* ---- the careful path: everything that text_quick.h does not read ---- */

/* Fills *e from the fields. Returns NULL, or what is wrong with field *at. */
static const char *read_fields(const text_layout *l, const text_span *fields, event *e, int *at) {
  const char *bad = NULL;
  for (int c = 0; c < l->n_columns && bad == NULL; c++) {
    *at = c;
    switch ((text_role)l->role[c]) {
    case ROLE_USER:
      bad = text_id(&fields[c], true, &e->user);
      if (bad == NULL)
        bad = matrix_index(&e->user, l->most_user);
      break;
    case ROLE_ITEM:
      bad = text_id(&fields[c], false, &e->item);
      if (bad == NULL)
        bad = matrix_index(&e->item, l->most_item);
      break;
    case ROLE_VALUE:
      bad = text_number(&l->number, fields[c].at, fields[c].n, &e->value);
      break;
    case ROLE_TIME:
      bad = text_layout_time(l, fields[c].at, fields[c].n, &e->unit, &e->time, &e->nano);
      break;
    default:
      break;
    }
  }
  return bad;
}

static status json_record(text_parser *p, batch *b, char *record, size_t n) {
  event e = {.value = 1};
  json_space space;
  json_fault fault;
  const char *end = record + n, *next = json_event(p->layout, record, end, &space, &e, &fault);
  if (next != NULL && next != end)
    fault = (json_fault){"something stands behind the object", next};
  if (next != end)
    return text_refuse(p, record, n, (size_t)(fault.at - record), fault.bad);
  status st = text_accept(p, b, &e);
  p->counts.kept += st == OK;
  return st;
}

/* The same in one pass, without looking for the line end first; NULL leaves the line to the careful path. */
static const char *json_quick(const text_layout *l, const char *s, const char *end, json_space *space, event *e) {
  json_fault fault;
  const char *next = json_event(l, s, end, space, e, &fault);
  if (next == NULL || next == end)
    return NULL;
  if (*next == '\r')
    return next + (end - next > 1 && next[1] == '\n' ? 2 : 1);
  return *next == '\n' ? next + 1 : NULL;
}

/* Netflix: sets the item of the current lines; false if no `item:` line came yet. */
static bool netflix_item(const text_parser *p, event *e) {
  return p->item_now_length > 0 && text_id(&(text_span){p->item_now, p->item_now_length}, false, &e->item) == NULL;
}

/* Whether a record has no field with anything in it: only blanks and column separators, as spreadsheets write an empty
 * row. */
static bool is_blank(const text_layout *l, const char *record, size_t n) {
  size_t i = 0;
  while (i < n && (record[i] == ' ' || record[i] == '\t' ||
                   (record[i] != '\0' && memchr(l->separator, record[i], (size_t)l->separator_length) != NULL)))
    i++;
  return i == n;
}

/* What speaks against a record of which all fields can be read. Returns it, with *at set, or NULL. */
static const char *suspicious(const text_layout *l, const char *record, size_t n, const event *e, size_t *at) {
  if (text_surplus(l, record, n)) {
    *at = n;
    return "more columns than the header or the other lines have: a comma or the like that is not in quotes?";
  }
  if (l->watch_header && text_repeats_header(l, e)) {
    *at = 0;
    return "the header again";
  }
  return NULL;
}

/* Whether a record begins as the comments above the data do: below them it may be anything. */
static bool is_comment(const text_layout *l, const char *record, size_t n) {
  size_t length = strlen(l->comment);
  return length > 0 && n >= length && memcmp(record, l->comment, length) == 0;
}

/* Copies a record with quotes, which are removed in place; *shown is the record as it was. */
static status keep_original(text_parser *p, const char *record, size_t n, const char **shown) {
  status st = OK;
  if (!p->layout->quoting || memchr(record, '"', n) == NULL)
    return OK;
  if ((off)n > p->original_room) {
    TRY(MEM_REALLOC(p->original, (off)n, "a quoted record"));
    p->original_room = (off)n;
  }
  memcpy(p->original, record, n);
  *shown = p->original;
done:
  return st;
}

/* The record of n bytes, without its line end. */
static status careful_record(text_parser *p, batch *b, char *record, size_t n) {
  const text_layout *l = p->layout;
  const char *nul = memchr(record, '\0', n);
  if (nul != NULL)
    return text_refuse(p, record, n, (size_t)(nul - record), "a NUL byte");
  bool matrix = l->format == TEXT_MTX;
  if (is_blank(l, record, n) || (matrix && record[strspn(record, " \t")] == '%')) {
    p->counts.blank++;
    return OK;
  }
  if (is_comment(l, record, n))
    return text_refuse(p, record, n, 0, "the line begins as the comments above the data do");
  if (l->format == TEXT_JSONL)
    return json_record(p, b, record, n);
  if (l->format == TEXT_NETFLIX && record[n - 1] == ':' && memchr(record, l->separator[0], n) == NULL) {
    if (n == 1 || n - 1 > ID_MAX) {
      p->item_now_length = 0;
      return text_refuse(p, record, n, 0, n == 1 ? "the item id is empty" : "the item id is longer than 255 bytes");
    }
    p->item_now_length = n - 1;
    memcpy(p->item_now, record, n - 1);
    return OK;
  }
  status st = OK;
  const char *shown = record;
  TRY(keep_original(p, record, n, &shown));
  if (text_gives_many(l->format))
    return text_many_record(p, b, record, shown, n);
  text_span fields[TEXT_COLUMNS_MAX];
  const char *bad = NULL;
  size_t bad_at = 0;
  event e = {.value = 1};
  int most = p->record != NULL ? TEXT_COLUMNS_MAX : l->n_columns + matrix;
  int count = text_split(l, record, n, fields, most, &bad, &bad_at);
  if (count >= 0 && count < l->n_columns) {
    bad = "too few columns";
    bad_at = n;
  } else if (matrix && count > l->n_columns) {
    bad = "more numbers than an entry of this MatrixMarket file has";
    bad_at = (size_t)(fields[l->n_columns].at - record);
  } else if (count >= 0) {
    int at = 0;
    if (p->record != NULL)
      TRY(p->record(p->table, fields, count, &bad, &at));
    else
      bad = read_fields(l, fields, &e, &at);
    bad_at = (size_t)(fields[at].at - record);
    if (bad == NULL && p->record == NULL)
      bad = suspicious(l, shown, n, &e, &bad_at);
  }
  if (bad == NULL && l->format == TEXT_NETFLIX) {
    if (!netflix_item(p, &e)) {
      bad = "no line `item:` before it";
      bad_at = 0;
    }
  }
  if (bad != NULL)
    return text_refuse(p, shown, n, bad_at, bad);
  if (p->record == NULL)
    TRY(text_accept(p, b, &e));
  p->counts.kept++;
done:
  return st;
}

/* Skips the rest of a record (see text_parser.skipping); *next is where the following one begins. */
static void skip_record(text_parser *p, const char *at, const char *end, const char **next) {
  const char *stop = text_scan(p->layout, at, end, &p->place, true);
  p->skipping = stop == NULL;
  *next = stop != NULL ? stop : end;
  if (!p->foreign)
    p->counts.lines += text_count_lines(at, *next);
  else if (p->lines_before > 0)
    p->lines_before += text_count_lines(at, *next);
  p->foreign = p->foreign && p->skipping;
}

/* The next \n and \r at or after a place in a buffer; its end if there is none. Remembered, as a buffer without one of
 * them would else be searched to its end for every record. */
typedef struct line_marks {
  const char *lf, *cr;
} line_marks;

/* text_line_end() with marks. */
static const char *find_line_end(line_marks *m, const char *s, const char *end) {
  if (m->lf == NULL || m->lf < s)
    m->lf = memchr(s, '\n', (size_t)(end - s));
  m->lf = m->lf != NULL ? m->lf : end;
  if (m->cr == NULL || m->cr < s)
    m->cr = memchr(s, '\r', (size_t)(end - s));
  m->cr = m->cr != NULL ? m->cr : end;
  if (m->cr + 1 < m->lf)
    return m->cr + 1;
  return m->lf < end ? m->lf + 1 : m->cr < end ? m->cr + 1 : NULL;
}

/* Parses the record at s; its bytes up to `end` are in the buffer. *next is NULL if more bytes are needed. */
static status slow_record(text_parser *p, batch *b, line_marks *marks, char *s, char *end, bool last,
                          const char **next) {
  const text_layout *l = p->layout;
  status st = OK;
  text_place place = PLACE_START;
  const char *stop = find_line_end(marks, s, end);
  if (l->quoting && memchr(s, '"', (size_t)((stop != NULL ? stop : end) - s)) != NULL)
    stop = text_scan(l, s, end, &place, true);
  bool long_lines = text_gives_many(l->format);
  size_t most = long_lines ? TEXT_LIST_LINE_MAX : TEXT_LINE_MAX;
  size_t n = (size_t)((stop != NULL ? stop : end) - s);
  *next = stop;
  if (n > most || (stop == NULL && last)) { /* with `last` every line has an end: a record without one is quoted */
    TRY(text_refuse(p, s, n < SHOWN ? n : SHOWN, 0,
                    stop == NULL && place >= PLACE_QUOTED ? "a quote is not closed"
                    : long_lines                          ? "the line is longer than 64 MB"
                                                          : "the line is longer than 1 MB"));
    p->skipping = stop == NULL;
    p->foreign = false;
    p->place = place;
    *next = stop != NULL ? stop : end;
    p->counts.lines += text_count_lines(s, *next);
  } else if (stop != NULL) {
    off lines = text_count_lines(s, stop);
    n -= n > 1 && s[n - 1] == '\n' && s[n - 2] == '\r' ? 2 : 1;
    TRY(careful_record(p, b, s, n));
    p->counts.lines += lines;
  }
done:
  return st;
}

status text_parse(text_parser *p, char *bytes, size_t n, size_t limit, bool last, size_t *consumed) {
  status st = OK;
  const text_layout *l = p->layout;
  batch b;
  line_marks marks = {NULL, NULL};
  b.n = 0;
  size_t given = n;
  if (last && n > 0 && bytes[n - 1] != '\n')
    bytes[n++] = '\n';
  if (!last && n > 0 && bytes[n - 1] == '\r') /* whether a \n follows is not known yet */
    n--;
  char *end = bytes + n, *s = bytes, *whole = end; /* whole: one past the last line end */
  const char *stop = bytes + (limit < n ? limit : n), *next = s;
  while (whole > bytes && whole[-1] != '\n' && whole[-1] != '\r')
    whole--;
  if (p->skipping && n > 0) {
    skip_record(p, s, end, &next);
    s = bytes + (next - bytes);
  }
  event e = {.value = 1};
  json_space space;
  bool json = l->format == TEXT_JSONL, quick = !text_gives_many(l->format) && p->record == NULL;
  if (l->format == TEXT_NETFLIX)
    quick = netflix_item(p, &e);
  while (s < stop) {
    next = !quick || s >= whole ? NULL : json ? json_quick(l, s, whole, &space, &e) : quick_record(l, s, &e);
    if (next != NULL && next - s <= TEXT_LINE_MAX) {
      TRY(text_accept(p, &b, &e));
      p->counts.kept++;
      p->counts.lines++;
    } else {
      TRY(slow_record(p, &b, &marks, s, end, last, &next));
      if (next == NULL)
        break;
      if (l->format == TEXT_NETFLIX) /* the item may be another now */
        quick = netflix_item(p, &e);
    }
    s = bytes + (next - bytes);
  }
done:
  THEN(text_flush(p, &b));
  *consumed = (size_t)(s - bytes) < given ? (size_t)(s - bytes) : given;
  return st;
}

void text_parser_free(text_parser *p) {
  mem_free(p->original);
  mem_free(p->fields);
  p->original = NULL;
  p->fields = NULL;
  p->original_room = p->fields_room = 0;
}
