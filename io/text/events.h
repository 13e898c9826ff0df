/* Events as they are read: ids as rows of the reader's own id tables, in blocks that are passed on and freed one by
 * one, so that no event is in memory twice. Kernel: local; one list a thread. */
#ifndef PALATE_IO_TEXT_EVENTS_H
#define PALATE_IO_TEXT_EVENTS_H

#include "io/base/status.h"
#include "io/base/types.h"

/* Valid times of events, in seconds since 1970: 1900 to 2100, which fit in 33 bits. A time outside comes from a wrong
 * column or unit. */
#define EVENT_TIME_MIN INT64_C(-2208988800)
#define EVENT_TIME_MAX INT64_C(4102444800)

typedef struct event_block {
  struct event_block *next;
  off n, room;
  uint32_t *user, *item; /* rows of the reader's id tables */
  real *value;           /* NULL if the source has none: every value is 1 */
  uint32_t *time_low;    /* low 32 bits of the seconds since EVENT_TIME_MIN; NULL if the source has no times */
  uint8_t *time_high;    /* bit 32 of each, eight to a byte */
} event_block;

typedef struct events {
  event_block *first, *last;
  off n;
  bool has_value, has_time;
} events;

/* Makes room for at least `want` (small) events in e->last, after its n. OK or NO_MEMORY. */
status events_room(events *e, off want);

/* Takes the first block off the list; NULL if it is empty. Free it with event_block_free. */
event_block *events_take(events *e);
void event_block_free(event_block *b);
void events_free(events *e);

/* Sets the times of events at … at + count - 1 of the block, which must be valid; each event once. */
void event_block_put_times(event_block *b, off at, const int64_t *time, off count);

/* The time of event i; 0 if the source has none. */
static inline int64_t event_block_time(const event_block *b, off i) {
  if (b->time_low == NULL)
    return 0;
  return EVENT_TIME_MIN + (int64_t)((uint64_t)(b->time_high[i / 8] >> (i % 8) & 1) << 32 | b->time_low[i]);
}

#endif
