#include "io/text/event_order.h"

#include "io/base/mem.h"
#include "io/text/events.h"

#include <string.h>

static status reserve(order_space *space, off n) {
  status st = OK;
  if (n <= space->room)
    return OK;
  off room = n + n / 2, slots = 4;
  while (slots < 2 * room)
    slots *= 2;
  order_space_free(space);
  TRY(MEM_ALLOC(space->pairs, room, "events of a user"));
  TRY(MEM_ALLOC(space->copy, room, "events of a user"));
  TRY(MEM_ALLOC(space->slots, slots, "items of a user"));
  space->room = room;
done:
  return st;
}

static uint64_t pack(lid item, real value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint64_t)(uint32_t)item << 32 | bits;
}

static bool ascends(off n, const int64_t *time) {
  for (off i = 1; i < n; i++)
    if (time[i] < time[i - 1])
      return false;
  return true;
}

/* By (moment, place): a stable sort by moment. Moments are not negative. */
static void sort_by_moment(order_space *space, off n, lid *item, real *value, int64_t *moment) {
  sort_pair *pairs = space->pairs;
  for (off i = 0; i < n; i++) {
    pairs[i] = (sort_pair){(uint64_t)moment[i], (uint64_t)i};
    space->copy[i] = pack(item[i], value[i]);
  }
  sort_pairs(pairs, n);
  for (off i = 0; i < n; i++) {
    uint64_t event = space->copy[pairs[i].low];
    uint32_t bits = (uint32_t)event;
    moment[i] = (int64_t)pairs[i].high;
    item[i] = (lid)(event >> 32);
    memcpy(&value[i], &bits, sizeof bits);
  }
}

/* How many of the events behind the first n_old are among these: both sorted, each old one taken once. */
static off count_already(order_space *space, off n, off n_old, const lid *item, const real *value,
                         const int64_t *moment) {
  sort_pair *a = space->pairs, *b = a + n_old;
  off found = 0;
  for (off i = 0; i < n; i++) /* to the second, as the old ones are; 0 and -0 are one value */
    a[i] = (sort_pair){moment != NULL ? (uint64_t)moment[i] >> MOMENT_SHIFT : 0,
                       pack(item[i], value[i] == 0 ? 0 : value[i])};
  sort_pairs(a, n_old);
  sort_pairs(b, n - n_old);
  for (off i = 0, k = 0; i < n_old && k < n - n_old;) {
    int order =
        a[i].high != b[k].high ? (a[i].high < b[k].high ? -1 : 1) : (a[i].low > b[k].low) - (a[i].low < b[k].low);
    found += order == 0;
    i += order <= 0;
    k += order >= 0;
  }
  return found;
}

static off count_repeated(order_space *space, off n, const lid *item) {
  off slots = 4, repeated = 0;
  while (slots < 2 * n)
    slots *= 2;
  memset(space->slots, 0, (size_t)slots * sizeof *space->slots);
  for (off i = 0; i < n; i++) {
    uint32_t mark = (uint32_t)item[i] + 1;
    off at = (off)(mark * UINT32_C(0x9e3779b1)) & (slots - 1);
    while (space->slots[at] != 0 && space->slots[at] != mark)
      at = (at + 1) & (slots - 1);
    repeated += space->slots[at] == mark;
    space->slots[at] = mark;
  }
  return repeated;
}

status order_row(order_space *space, off n, off n_old, lid *item, real *value, int64_t *time, order_counts *counts) {
  status st = OK;
  if (n > 1) {
    TRY(reserve(space, n));
    if (n_old > 0 && n_old < n)
      counts->already += count_already(space, n, n_old, item, value, time);
    if (time != NULL && !ascends(n, time))
      sort_by_moment(space, n, item, value, time);
    counts->repeated += count_repeated(space, n, item);
  }
  for (off i = 0; time != NULL && i < n; i++)
    time[i] = event_moment_time(time[i]);
done:
  return st;
}

void order_space_free(order_space *space) {
  mem_free(space->pairs);
  mem_free(space->copy);
  mem_free(space->slots);
  *space = (order_space){0};
}
