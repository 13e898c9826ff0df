/* Events as they are read: rows of reader-local id tables, in blocks that are handed on and freed one by one, so that
 * the events need not lie in memory twice. Kernel: local; one list a thread. */
#ifndef PALATE_IO_TEXT_EVENTS_H
#define PALATE_IO_TEXT_EVENTS_H

#include "io/base/status.h"
#include "io/base/types.h"

/* Times that events may have, in seconds since 1970: 1900 to 2100, in 33 bits. Others are bad: there were no events
 * then, but there are wrong columns and units. */
#define EVENT_TIME_MIN INT64_C(-2208988800)
#define EVENT_TIME_MAX INT64_C(4102444800)

typedef struct event_block {
  struct event_block *next;
  off n, room;
  uint32_t *user, *item; /* rows of the reader's id tables */
  real *value;           /* NULL where the source has none: every value is 1 */
  uint32_t *time_low;    /* seconds since EVENT_TIME_MIN, their low 32 bits; NULL where the source has none */
  uint8_t *time_high;    /* bit 32 of each, eight to a byte */
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

/* Puts the times of `count` events that follow the block's first `at`; within 1900 … 2100, each place once. */
void event_block_put_times(event_block *b, off at, const int64_t *time, off count);

/* The time of event i; 0 where the source has none. */
static inline int64_t event_block_time(const event_block *b, off i) {
  if (b->time_low == NULL)
    return 0;
  return EVENT_TIME_MIN + (int64_t)((uint64_t)(b->time_high[i / 8] >> (i % 8) & 1) << 32 | b->time_low[i]);
}

#endif
