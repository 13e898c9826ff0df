/* Events on their way into the list, and records that are refused: what all readers of records share. Private to the
 * parser. */
#ifndef PALATE_IO_TEXT_TEXT_BATCH_H
#define PALATE_IO_TEXT_TEXT_BATCH_H

#include "io/text/text_event.h"

enum { BATCH = 256 };

/* Events not yet in the list. Their ids are kept as keys, so that many table look-ups overlap. */
typedef struct batch {
  int n;
  uint64_t user[BATCH], item[BATCH];
  real value[BATCH];
  int64_t time[BATCH];
  uint32_t nano[BATCH];
} batch;

/* Moves the events of the batch into the parser's list. NO_MEMORY. */
status text_flush(text_parser *p, batch *b);

static inline status text_key_of(id_table *table, const token *id, uint64_t *key) {
  if (id->text == NULL) {
    *key = id->number;
    return OK;
  }
  uint32_t row = 0;
  status st = id_table_add(table, id->text, id->n, &row);
  *key = ID_KEY_ROW | row;
  return st;
}

/* Ids enter the tables only here, when the whole record is known to be good: a rejected line adds none. NO_MEMORY. */
static inline status text_accept(text_parser *p, batch *b, const event *e) {
  status st = OK;
  if (b->n == BATCH)
    TRY(text_flush(p, b));
  TRY(text_key_of(p->users, &e->user, &b->user[b->n]));
  TRY(text_key_of(p->items, &e->item, &b->item[b->n]));
  b->value[b->n] = e->value;
  b->time[b->n] = e->time;
  b->nano[b->n] = e->nano;
  b->n++;
  p->counts.units[e->unit]++;
done:
  return st;
}

/* Counts a bad record of n bytes, wrong at byte `at`, and tells the parser's owner, whose status it returns. */
status text_refuse(text_parser *p, const char *record, size_t n, size_t at, const char *reason);

/* Reads an id of a field. Returns NULL, or what is wrong with it. */
const char *text_id(const text_span *field, bool user, token *out);

#endif
