/* Events as they are read: ids as rows of the reader's own id tables, in blocks that are passed on and freed one by
 * one, so that no event is in memory twice. Kernel: local; one list a thread. */
#ifndef PALATE_IO_TEXT_EVENTS_H
#define PALATE_IO_TEXT_EVENTS_H

#include "io/base/status.h"
#include "io/base/types.h"
#include "io/values/text_time.h"

typedef struct event_block {
  struct event_block *next;
  off n, room;
  uint32_t *user, *item; /* rows of the reader's id tables */
  real *value;           /* NULL if the source has none: every value is 1 */
  uint32_t *time_low;    /* low 32 bits of the seconds since EVENT_TIME_MIN; NULL if the source has no times */
  uint8_t *time_high;    /* bit 32 of each, eight to a byte */
  uint32_t *nano;        /* nanoseconds beyond the second; NULL if all are 0. Owned */
  int turn;              /* see events.turn */
} event_block;

typedef struct events {
  event_block *first, *last;
  off n;
  bool has_value, has_time;
  /* The order of events in the sources: all events of a turn come before those of the next. Within a turn they come
   * rank by rank, list by list, and as they were added. Set by the reader, and never lowered; a new turn begins a
   * block. */
  int turn;
} events;

/* Makes room for at least `want` (small) events in e->last, after its n. OK or NO_MEMORY. */
status events_room(events *e, off want);

/* Takes the first block off the list; NULL if it is empty. Free it with event_block_free. */
event_block *events_take(events *e);
void event_block_free(event_block *b);
void events_free(events *e);

/* Sets the times of events at … at + count - 1 of the block, which must be valid; each event once. */
void event_block_put_times(event_block *b, off at, const int64_t *time, off count);

/* Sets the nanoseconds (below 10^9) beyond these times; where it is not called they are 0. OK or NO_MEMORY. */
status event_block_put_nanos(event_block *b, off at, const uint32_t *nano, off count);

/* A moment is a time to the nanosecond in 63 bits: the seconds since EVENT_TIME_MIN above MOMENT_SHIFT bits of
 * nanoseconds. Moments compare as the times do. */
enum { MOMENT_SHIFT = 30 };

static inline int64_t event_moment(int64_t time, uint32_t nano) {
  return (time - EVENT_TIME_MIN) << MOMENT_SHIFT | (int64_t)nano;
}
static inline int64_t event_moment_time(int64_t moment) {
  return (moment >> MOMENT_SHIFT) + EVENT_TIME_MIN;
}

/* The moment of event i; 0 if the source has no times. */
static inline int64_t event_block_moment(const event_block *b, off i) {
  if (b->time_low == NULL)
    return 0;
  uint64_t past = (uint64_t)(b->time_high[i / 8] >> (i % 8) & 1) << 32 | b->time_low[i];
  return (int64_t)(past << MOMENT_SHIFT | (b->nano != NULL ? b->nano[i] : 0));
}

#endif
