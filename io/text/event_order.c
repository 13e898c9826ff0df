#include "io/text/event_order.h"

#include "io/base/mem.h"
#include "io/base/sort.h"

#include <string.h>

status order_row(order_space *space, off n, lid *item, real *value, int64_t *time, off *repeated) {
  status st = OK;
  if (n < 2)
    return OK;
  if (n > space->room) {
    off room = n + n / 2, slots = 4;
    while (slots < 2 * room)
      slots *= 2;
    order_space_free(space);
    TRY(MEM_ALLOC(space->pairs, room, "events of a user"));
    TRY(MEM_ALLOC(space->slots, slots, "items of a user"));
    space->room = room;
  }
  if (time == NULL) {
    uint64_t *keys = (uint64_t *)(void *)space->pairs;
    for (off i = 0; i < n; i++)
      keys[i] = (uint64_t)(uint32_t)item[i] << 32 | sort_key_real(value[i]);
    sort_u64(keys, n);
    for (off i = 0; i < n; i++) {
      item[i] = (lid)(keys[i] >> 32);
      value[i] = sort_key_to_real((uint32_t)keys[i]);
      *repeated += i > 0 && item[i] == item[i - 1];
    }
    return OK;
  }
  sort_pair *pairs = space->pairs;
  for (off i = 0; i < n; i++)
    pairs[i] = (sort_pair){sort_key_i64(time[i]), (uint64_t)(uint32_t)item[i] << 32 | sort_key_real(value[i])};
  sort_pairs(pairs, n);
  off slots = 4;
  while (slots < 2 * n)
    slots *= 2;
  memset(space->slots, 0, (size_t)slots * sizeof *space->slots);
  for (off i = 0; i < n; i++) {
    time[i] = sort_key_to_i64(pairs[i].high);
    item[i] = (lid)(pairs[i].low >> 32);
    value[i] = sort_key_to_real((uint32_t)pairs[i].low);
    uint32_t mark = (uint32_t)item[i] + 1;
    off at = (off)(mark * UINT32_C(0x9e3779b1)) & (slots - 1);
    while (space->slots[at] != 0 && space->slots[at] != mark)
      at = (at + 1) & (slots - 1);
    *repeated += space->slots[at] == mark;
    space->slots[at] = mark;
  }
done:
  return st;
}

void order_space_free(order_space *space) {
  mem_free(space->pairs);
  mem_free(space->slots);
  *space = (order_space){0};
}
