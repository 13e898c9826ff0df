/* Events as they are read: rows of reader-local id tables, in blocks that are handed on and freed one by one, so that
 * the events need not lie in memory twice. Kernel: local; one list a thread. */
#ifndef PALATE_IO_EVENTS_H
#define PALATE_IO_EVENTS_H

#include "io/status.h"
#include "io/types.h"

typedef struct event_block {
  struct event_block *next;
  off n, room;
  uint32_t *user, *item; /* rows of the reader's id tables */
  real *value;           /* NULL where the source has none: every value is 1 */
  int64_t *time;         /* NULL where the source has none */
} event_block;

typedef struct events {
  event_block *first, *last;
  off n;
  bool has_value, has_time;
} events;

/* At least `want` (small) free places in e->last, after its n. */
status events_room(events *e, off want);

/* Takes the first block off the list, NULL where it is empty. Free it with event_block_free. */
event_block *events_take(events *e);
void event_block_free(event_block *b);
void events_free(events *e);

#endif
