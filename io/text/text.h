/* The interface of the text parser: text in many formats -> events. A layout, found by text_detect, says how to parse;
 * text_parse parses a buffer, text_range a byte range of a file.
 *
 * Kernel: local, opens no files. State that lasts from one buffer to the next is in text_parser. */
#ifndef PALATE_IO_TEXT_TEXT_H
#define PALATE_IO_TEXT_TEXT_H

#include "io/text/events.h"
#include "io/text/id_table.h"
#include "io/values/text_number.h"
#include "io/values/text_time.h"

enum {
  TEXT_COLUMNS_MAX = 128,       /* columns read, counted from the first */
  TEXT_KEY_MAX = 128,           /* bytes of a key of JSON, with its NUL */
  TEXT_LINE_MAX = 1 << 20,      /* bytes of a line; a longer one is a bad line */
  TEXT_LIST_LINE_MAX = 64 << 20 /* the same for user lists, whose lines hold many events */
};

typedef enum text_format {
  TEXT_AUTO,
  TEXT_CSV,
  TEXT_MOVIELENS, /* user::item::rating::time */
  TEXT_UDATA,     /* user TAB item TAB rating TAB time */
  TEXT_COUNTS,    /* user TAB item TAB count */
  TEXT_LISTS,     /* user item item … */
  TEXT_NETFLIX,   /* item: and then user,rating,date lines */
  TEXT_MTX,       /* MatrixMarket coordinate, users in rows */
  TEXT_JSONL,     /* JSON lines: an object a line */
  TEXT_BASKETS,   /* item item …, or columns of which one has many items */
  TEXT_MATRIX,    /* a row a user, a column an item */
  TEXT_H5,        /* not text: io/matrix/read_matrix.h */
  TEXT_NPZ        /* the same */
} text_format;

/* Whether files of this format are matrices, which text_parse does not read. */
static inline bool text_is_matrix(text_format f) {
  return f == TEXT_H5 || f == TEXT_NPZ;
}

/* "auto|csv|…" in the order of text_format. */
extern const char TEXT_FORMAT_WORDS[];

typedef enum text_role { ROLE_SKIP, ROLE_USER, ROLE_ITEM, ROLE_VALUE, ROLE_TIME, N_ROLES } text_role;

typedef struct text_layout {
  text_format format;
  char separator[8];
  int separator_length; /* 0: runs of blanks and tabs */
  bool quoting;         /* RFC 4180, for separators of one byte */
  bool backslash;       /* … and within quotes, a backslash makes the next quote or backslash a plain one */
  bool header;
  int n_columns;          /* up to the last one that has a role */
  char comment[8];        /* lines that begin so were comments above the data, and are bad ones below; "": none */
  bool header_in_comment; /* the names stood in a comment above the data */
  bool watch_header;      /* the header in the middle would be taken for an event: there are neither values nor times */
  uint8_t role[TEXT_COLUMNS_MAX];
  char item_separators[8]; /* baskets: each separates items within a field; "": a field is an item */
  bool item_field;         /* baskets: one column has the items; if not, all without a role have one each */
  int matrix_items;        /* matrix: columns that are items */
  off matrix_header;       /* matrix: where their names begin, up to skip_bytes; -1: they are numbered from 1 */
  bool has_value, has_time;
  int n_fields; /* a line with more columns than these is a bad line; 0: any number */
  text_time_unit unit;
  char time_format[TIME_FORMAT_MAX]; /* of the time column, see time_format_read (`unit` is DATE); "": text_time reads
                                        it */
  number_style number;               /* of the value column */
  off skip_bytes, skip_lines;        /* before the first event: byte order mark, header, comments */
  uint64_t most_user, most_item;     /* MatrixMarket: declared numbers of users and items; 0: no limit */
  off entries;                       /* MatrixMarket: declared; ranges_read counts them */
  char column_name[N_ROLES][64];     /* from the header, for the log; "" if there is no header */
  char key[N_ROLES][TEXT_KEY_MAX];   /* JSON lines: where each stands; "": nowhere */
  char reading[N_ROLES][96];         /* for the log: how values and times are read, if not as usual */
} text_layout;

typedef struct text_span {
  const char *at;
  size_t n;
} text_span;

/* A rejected line. */
typedef struct text_reject {
  off line;   /* from 1, counted from the first line this parser read */
  int column; /* byte of the line, from 1 */
  const char *reason;
  text_span text; /* the line, possibly cut */
} text_reject;

typedef struct text_counts {
  off lines;           /* line ends read */
  off blank, rejected; /* records: without any field, rejected, */
  off kept;            /* … and those that gave events */
  off units[N_UNITS];  /* number of times read in each unit */
} text_counts;

/* Position of a byte relative to fields and quotes: first byte of a field, inside an unquoted field, inside quotes, or
 * just after a quote inside quotes, which either closes them or is the first of a doubled quote, or just after a
 * backslash inside quotes that is one of an escape. */
typedef enum text_place { PLACE_START, PLACE_PLAIN, PLACE_QUOTED, PLACE_QUOTE, PLACE_ESCAPE } text_place;

/* Returns true if each line of such a text is a user of its own, named by its number: baskets and matrices without a
 * column of users. */
bool text_lines_are_users(const text_layout *l);

/* The names of a matrix's items, from the bytes [matrix_header, skip_bytes) of its text, which are changed and must
 * live as long as the names. *names is allocated; free it with mem_free. BAD_DATA if the header is broken. */
status text_matrix_names(const text_layout *l, char *header, size_t n, text_span **names);

typedef struct text_parser {
  const text_layout *layout; /* not owned */
  id_table *users, *items;   /* not owned */
  events *events;            /* not owned; has at least the value and time columns that the layout has */
  status (*reject)(void *context, const text_reject *r); /* a status other than OK stops the parser and is returned */
  void *context;
  /* If set, records are passed to it instead of becoming events, with at least layout->n_columns fields. It sets *bad
   * to what is wrong with field *at, or leaves it NULL. A status other than OK stops the parser and is returned. */
  status (*record)(void *table, const text_span *fields, int n, const char **bad, int *at);
  void *table;
  text_counts counts;
  char item_now[ID_MAX]; /* Netflix: the item of the current lines */
  size_t item_now_length;
  const text_span *items_named; /* matrix: [matrix_items], see text_matrix_names; NULL: numbers; not owned */
  off lines_before;        /* of the source, before those in counts; 0 where these are counted from its first line */
  const char *source_name; /* lines that are users: what stands before their numbers, with a colon; NULL: nothing */
  text_span *fields;       /* of one line of lists, baskets and matrices; owned */
  off fields_room;
  char *original; /* a quoted record before its quotes were removed; owned */
  off original_room;
  bool skipping;    /* inside a record that is skipped: it is too long, or … */
  bool foreign;     /* … it began in another range, which counts its lines */
  text_place place; /* of the next byte, while skipping */
} text_parser;

/* Parses the records that begin in the first `limit` of the n bytes. Lines end with \n, \r\n, or a \r alone. The buffer
 * must have room for one byte more, and the bytes may be changed. *consumed becomes the start of the first record not
 * parsed: one at or after `limit`, or an incomplete one (no line end yet, or inside quotes). `last`: nothing follows
 * the n bytes, so a line without an end is complete. A record longer than the line limit is rejected and skipped
 * without being held in memory. */
status text_parse(text_parser *p, char *bytes, size_t n, size_t limit, bool last, size_t *consumed);
void text_parser_free(text_parser *p);

/* Reads the next bytes of a source, up to `room`; fewer only at its end. */
typedef status text_read(void *context, char *to, size_t room, size_t *got);

/* Parses the records that begin within bytes [begin, end) of a source; `read` returns its bytes from text_range_from()
 * on. Ranges that cut a source anywhere therefore parse each record exactly once. `place` is the position of the first
 * byte after the first line end: PLACE_START, or PLACE_QUOTED if text_range_places found that for the ranges before.
 * *passed (may be NULL) is kept at the number of bytes parsed, for a progress line. */
status text_range(text_parser *p, text_read *read, void *source, off begin, off end, text_place place, off *passed);

/* Where to start reading for a range: one byte before `begin`, since a record may begin exactly there, but never within
 * what the layout skips. */
off text_range_from(const text_layout *layout, off begin);

/* Counts the lines of which the last byte is among the next n bytes of a source; one byte more may be read. */
status text_range_lines(text_read *read, void *source, off n, off *lines);

/* Quoted text: the position of the byte after this range's last line, for both positions its first line may begin at:
 * after[0] for PLACE_START, after[1] for PLACE_QUOTED. Reads as text_range does. */
status text_range_places(const text_layout *layout, text_read *read, void *source, off begin, off end,
                         text_place after[2]);

/* Returns the byte after the first line end in [at, end): \n, \r\n, or a \r alone, for which a \r in the last byte is
 * taken. NULL if there is none. */
const char *text_line_end(const char *at, const char *end);

/* Scans bytes, the first of which has position *place, and updates *place. With `record` it stops after the first line
 * end outside quotes and returns a pointer there; otherwise it scans to the end and returns NULL. If the layout has no
 * quoting, *place is not used. */
const char *text_scan(const text_layout *layout, const char *at, const char *end, text_place *place, bool record);

/* Returns how many line ends there are in [from, to). */
off text_count_lines(const char *from, const char *to);

/* Splits a record of n bytes at blanks and tabs into at most `most` fields; returns how many. */
int text_split_blanks(char *record, size_t n, text_span *fields, int most);

/* Splits a record (without its line end) into at most `most` fields; returns how many, or -1 with *bad and *bad_at set.
 * Quotes are removed in place. */
int text_split(const text_layout *layout, char *record, size_t n, text_span *fields, int most, const char **bad,
               size_t *bad_at);

/* Counts the columns of a record with its quotes (separators of one byte), without empty ones at its end. *field
 * becomes column `column`, from 0. */
int text_count_columns(const text_layout *l, const char *record, size_t n, int column, text_span *field);

/* Returns true if the record has more columns than layout->n_fields, and this may have shifted a column that is used.
 */
bool text_surplus(const text_layout *l, const char *record, size_t n);

/* Reads a time as the layout says; see text_time. */
static inline const char *text_layout_time(const text_layout *l, const char *s, size_t n, text_time_unit *unit,
                                           int64_t *out, uint32_t *nano) {
  *unit = l->unit;
  if (l->time_format[0] == '\0')
    return text_time(s, n, unit, out, nano);
  *unit = UNIT_DATE;
  return time_format_read(l->time_format, s, n, out, nano);
}

/* Copies a title to out (`size` > 0 bytes, NUL-terminated): valid UTF-8 unchanged, anything else read as Latin-1,
 * control characters as blanks, cut before a character that does not fit. Returns 1 if it was Latin-1, 2 if it was cut,
 * 3 for both. */
int text_title(const char *s, size_t n, char *out, size_t size);

#endif
