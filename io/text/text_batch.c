#include "io/text/text_batch.h"

#include <string.h>

status text_flush(text_parser *p, batch *b) {
  if (b->n == 0)
    return OK;
  status st = OK;
  TRY(events_room(p->events, b->n));
  event_block *block = p->events->last;
  off at = block->n;
  TRY(id_table_add_keys(p->users, b->user, b->n, block->user + at));
  TRY(id_table_add_keys(p->items, b->item, b->n, block->item + at));
  if (block->value != NULL)
    memcpy(block->value + at, b->value, (size_t)b->n * sizeof *b->value);
  if (block->time_low != NULL) {
    event_block_put_times(block, at, b->time, b->n);
    TRY(event_block_put_nanos(block, at, b->nano, b->n));
  }
  block->n += b->n;
  p->events->n += b->n;
  b->n = 0;
done:
  return st;
}

status text_refuse(text_parser *p, const char *record, size_t n, size_t at, const char *reason) {
  p->counts.rejected++;
  text_reject r = {.line = p->counts.lines + 1, .column = (int)at + 1, .reason = reason, .text = {record, n}};
  return p->reject(p->context, &r);
}

const char *text_id(const text_span *f, bool user, token *out) {
  if (f->n == 0)
    return user ? "the user id is empty" : "the item id is empty";
  if (f->n > ID_MAX)
    return user ? "the user id is longer than 255 bytes" : "the item id is longer than 255 bytes";
  int64_t number;
  if (id_integer(f->at, f->n, &number) && number >= 0)
    *out = (token){.number = (uint64_t)number};
  else
    *out = (token){.text = f->at, .n = f->n};
  return NULL;
}
