#include "io/events.h"

#include "io/mem.h"

/* Blocks grow with the list: a small source takes little. */
enum { FIRST_BLOCK = 1 << 12, LARGEST_BLOCK = 1 << 20 };

status events_room(events *e, off want) {
  if (e->last != NULL && e->last->room - e->last->n >= want)
    return OK;
  status st = OK;
  off room = e->n < FIRST_BLOCK ? FIRST_BLOCK : e->n;
  if (room > LARGEST_BLOCK)
    room = LARGEST_BLOCK;
  if (room < want)
    room = want;
  event_block *b = NULL;
  char *bytes = NULL;
  size_t row = 8u + (e->has_value ? 4u : 0u) + (e->has_time ? 8u : 0u);
  /* One allocation a block, so that it goes back to the system whole. Times first: they need 8-byte places. */
  size_t head = (sizeof *b + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
  TRY(mem_alloc(&bytes, (off)head + room * (off)row, 1, "events"));
  b = (event_block *)(void *)bytes;
  *b = (event_block){.room = room};
  char *at = bytes + head;
  if (e->has_time) {
    b->time = (int64_t *)(void *)at;
    at += 8 * room;
  }
  b->user = (uint32_t *)(void *)at;
  b->item = b->user + room;
  if (e->has_value)
    b->value = (real *)(void *)(b->item + room);
  if (e->last != NULL)
    e->last->next = b;
  else
    e->first = b;
  e->last = b;
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
  mem_free(b);
}

void events_free(events *e) {
  for (event_block *b; (b = events_take(e)) != NULL;)
    event_block_free(b);
}
