#include "io/text/events.h"

#include "io/base/mem.h"

#include <string.h>

/* Blocks grow with the list, so that a small source takes little memory. */
enum { FIRST_BLOCK = 1 << 12, LARGEST_BLOCK = 1 << 20 };

status events_room(events *e, off want) {
  if (e->last != NULL && e->last->room - e->last->n >= want && e->last->turn == e->turn)
    return OK;
  status st = OK;
  off room = e->n < FIRST_BLOCK ? FIRST_BLOCK : e->n;
  if (room > LARGEST_BLOCK)
    room = LARGEST_BLOCK;
  if (room < want)
    room = want;
  event_block *b = NULL;
  char *bytes = NULL;
  off row = 8 + (e->has_value ? 4 : 0) + (e->has_time ? 4 : 0), high = e->has_time ? room / 8 + 1 : 0;
  /* One allocation a block, so that the system gets all of it back at once. */
  size_t head = (sizeof *b + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
  TRY(mem_alloc(&bytes, (off)head + room * row + high, 1, "events"));
  b = (event_block *)(void *)bytes;
  *b = (event_block){.room = room, .turn = e->turn};
  b->user = (uint32_t *)(void *)(bytes + head);
  b->item = b->user + room;
  if (e->has_value)
    b->value = (real *)(void *)(b->item + room);
  if (e->has_time) {
    b->time_low = b->item + room * (e->has_value ? 2 : 1);
    b->time_high = (uint8_t *)(b->time_low + room);
    memset(b->time_high, 0, (size_t)high);
  }
  if (e->last != NULL)
    e->last->next = b;
  else
    e->first = b;
  e->last = b;
done:
  return st;
}

void event_block_put_times(event_block *b, off at, const int64_t *time, off count) {
  for (off i = 0; i < count; i++) {
    uint64_t past = (uint64_t)(time[i] - EVENT_TIME_MIN);
    b->time_low[at + i] = (uint32_t)past;
    if (past >> 32 != 0) /* from 2036 on */
      b->time_high[(at + i) / 8] |= (uint8_t)(1 << ((at + i) % 8));
  }
}

status event_block_put_nanos(event_block *b, off at, const uint32_t *nano, off count) {
  status st = OK;
  bool any = false;
  for (off i = 0; i < count; i++)
    any |= nano[i] != 0;
  if (!any)
    return OK; /* they are 0 already */
  if (b->nano == NULL)
    TRY(MEM_ZALLOC(b->nano, b->room, "fractions of seconds"));
  memcpy(b->nano + at, nano, (size_t)count * sizeof *nano);
done:
  return st;
}

event_block *events_take(events *e) {
  event_block *b = e->first;
  if (b != NULL) {
    e->first = b->next;
    if (e->first == NULL)
      e->last = NULL;
    e->n -= b->n;
    b->next = NULL;
  }
  return b;
}

void event_block_free(event_block *b) {
  if (b == NULL)
    return;
  mem_free(b->nano);
  mem_free(b);
}

void events_free(events *e) {
  for (event_block *b; (b = events_take(e)) != NULL;)
    event_block_free(b);
}
