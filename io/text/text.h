/* Text of many kinds to events: the parsing of one byte range, and the layout that tells how.
 *
 * Kernel: local, no files. A reader feeds buffers of whole lines; what it keeps between two buffers is in text_parser.
 */
#ifndef PALATE_IO_TEXT_TEXT_H
#define PALATE_IO_TEXT_TEXT_H

#include "io/text/events.h"
#include "io/text/id_table.h"

enum {
  TEXT_COLUMNS_MAX = 128,        /* columns looked at, counted from the first */
  TEXT_LINE_MAX = 1 << 20,       /* bytes of a line; a longer one is a bad line */
  TEXT_LIST_LINE_MAX = 64 << 20, /* the same for user lists, whose lines hold many events */
  TEXT_HEAD = 1 << 16            /* bytes that text_detect wants to see */
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
  TEXT_H5         /* not text: io/ingest/read_matrix.h */
} text_format;

/* "auto|csv|…" in the order of text_format. */
extern const char TEXT_FORMAT_WORDS[];

typedef enum text_role { ROLE_SKIP, ROLE_USER, ROLE_ITEM, ROLE_VALUE, ROLE_TIME, N_ROLES } text_role;

/* Of numbers in a time column. AUTO goes by size: below 10^11 seconds, then milli-, micro- and nanoseconds. */
typedef enum text_time_unit { UNIT_AUTO, UNIT_S, UNIT_MS, UNIT_US, UNIT_NS, UNIT_DATE, N_UNITS } text_time_unit;

typedef struct text_layout {
  text_format format;
  char separator[8];
  int separator_length; /* 0: runs of blanks and tabs */
  bool quoting;         /* RFC 4180, for separators of one byte */
  bool header;
  int n_columns; /* up to the last one that has a role */
  uint8_t role[TEXT_COLUMNS_MAX];
  bool has_value, has_time;
  text_time_unit unit;
  off skip_bytes, skip_lines;    /* byte order mark, header, comments: what stands before the first event */
  uint64_t most_user, most_item; /* MatrixMarket: declared rows and columns; 0: no limit */
  char column_name[N_ROLES][64]; /* from the header, for the log; "" where there is none */
} text_layout;

/* What the person asked for; NULL or 0 leaves it to the text. Column texts are a number from 1, a name of the header,
 * or "none" (value and time). */
typedef struct text_wish {
  text_format format;
  const char *separator; /* ",", "tab", "\t", "::", "blank", … */
  int header;            /* 0 auto, 1 yes, 2 no */
  int quoting;           /* 0 auto, 1 yes, 2 no */
  text_time_unit unit;
  const char *column[N_ROLES];
} text_wish;

/* How the text that begins with the n bytes of `head` is laid out; `whole` where that is all of it. `name` is for
 * messages. BAD_DATA where it is no text we know, USAGE where a wish does not fit it; both say what to do. */
status text_detect(const char *name, const char *head, size_t n, bool whole, const text_wish *wish, text_layout *out);

/* The same for a table of titles: column[] are those of id, title and tags, -1 for none. `wish` has the same three as
 * text_wish has them. */
status text_detect_titles(const char *name, const char *head, size_t n, bool whole, const char *const wish[3],
                          text_layout *out, int column[3]);

typedef struct text_span {
  const char *at;
  size_t n;
} text_span;

/* A line that was refused. */
typedef struct text_reject {
  off line;   /* from 1, counted from where the parser was created */
  int column; /* byte of the line, from 1 */
  const char *reason;
  text_span text; /* the line, perhaps cut */
} text_reject;

typedef struct text_counts {
  off lines;           /* line ends passed */
  off blank, rejected; /* records without any field; refused ones */
  off kept;            /* records that gave events */
  off units[N_UNITS];  /* times by how they were read */
} text_counts;

/* Where a byte stands among the fields of quoted text: at the first byte of a field, in a plain field, within quotes,
 * or behind a quote within quotes, which closes or is doubled. */
typedef enum text_place { PLACE_START, PLACE_PLAIN, PLACE_QUOTED, PLACE_QUOTE } text_place;

typedef struct text_parser {
  const text_layout *layout; /* not owned */
  id_table *users, *items;   /* not owned */
  events *events;            /* not owned; has_value and has_time agree with the layout or exceed it */
  status (*reject)(void *context, const text_reject *r); /* a status other than OK stops the parser and is passed on */
  void *context;
  /* Where set, records go here instead of becoming events: the fields of at least layout->n_columns columns. NULL, or
   * what is wrong with field *at. A status other than OK stops the parser. */
  status (*record)(void *table, const text_span *fields, int n, const char **bad, int *at);
  void *table;
  text_counts counts;
  char item_now[ID_MAX]; /* Netflix: whose lines we are in */
  size_t item_now_length;
  char *original; /* a record with quotes as it was before they were taken off; owned */
  off original_room;
  bool skipping;    /* inside a record that was refused for its length, or (foreign) that another range began */
  bool foreign;     /* … and whose lines are counted there */
  text_place place; /* of the next byte, where skipping */
} text_parser;

/* Parses the records that begin within the first `limit` of the n bytes, which must be followed by one writable byte.
 * *consumed is where the first record begins that was not parsed: at or after `limit`, or incomplete (no line end yet,
 * or within quotes). With `last` there is nothing after the n bytes, and a line without an end is one. A record longer
 * than the line limit is refused and passed over without being held. The bytes may be changed. */
status text_parse(text_parser *p, char *bytes, size_t n, size_t limit, bool last, size_t *consumed);
void text_parser_free(text_parser *p);

/* Gives the next bytes of a source, up to `room`; fewer only at its end. */
typedef status text_read(void *context, char *to, size_t room, size_t *got);

/* Parses the records that begin within bytes [begin, end) of a source; `read` gives its bytes from text_range_from()
 * on. So ranges that cut a source anywhere give each of its records once. `place` says where the first byte behind the
 * first line end stands (PLACE_START, or PLACE_QUOTED as text_range_places tells for the ranges before it). `passed`
 * (may be NULL) is kept at the bytes behind us, for a progress line. */
status text_range(text_parser *p, text_read *read, void *source, off begin, off end, text_place place, off *passed);

/* begin, one byte before it where a record may begin exactly there, and never within what the layout skips. */
off text_range_from(const text_layout *layout, off begin);

/* Quoted text: where the byte behind this range's last line stands, for both places where its first line may begin:
 * after[0] for PLACE_START, after[1] for PLACE_QUOTED. Reads as text_range does. */
status text_range_places(const text_layout *layout, text_read *read, void *source, off begin, off end,
                         text_place after[2]);

/* Goes over the bytes from *place on. With `record` it stops behind the first line end outside quotes and returns that
 * place, else (and always without `record`) goes to the end and returns NULL. Without quoting places do not matter. */
const char *text_scan(const text_layout *layout, const char *at, const char *end, text_place *place, bool record);

/* The fields between blanks and tabs of a record of n bytes, at most `most`; returns how many. */
int text_split_blanks(char *record, size_t n, text_span *fields, int most);

/* Splits a record (without its line end) into at most `most` fields; returns how many, or -1 with *bad and *bad_at set.
 * Quotes are taken off in place. */
int text_split(const text_layout *layout, char *record, size_t n, text_span *fields, int most, const char **bad,
               size_t *bad_at);

/* Finite number in single precision; NULL, or what is wrong with it. */
const char *text_value(const char *s, size_t n, real *out);

/* Time in a number or as ISO 8601 (2009-05-04, 2009-05-04T23:08:57Z, with a blank, a fraction or +02:00; UTC where it
 * does not say). *unit is how it was read, and tells how to read it before. NULL, or what is wrong with it. */
const char *text_time(const char *s, size_t n, text_time_unit *unit, int64_t *out);

/* Copies a title to out (of `size` > 0 bytes, NUL-terminated): valid UTF-8 as it is, anything else as Latin-1, controls
 * as blanks, cut before a character that does not fit. Returns 1 where it was Latin-1, 2 where it was cut, 3 for both.
 */
int text_title(const char *s, size_t n, char *out, size_t size);

#endif
