#include "train/cost/memory_room.h"

#include "io/base/mem.h"
#include "train/math/factors.h"

/* Exchange buffers of both sides, two sets of four of a MB each (train/exchange/exchange.c). */
static const int64_t BUFFER_BYTES = 4 * 4 * (INT64_C(1) << 20);

int64_t room_row_bytes(int factors) {
  return (int64_t)sizeof(real) * (factors_ld(factors) + 1);
}

int64_t room_left(const room_terms *t, side s, int64_t user_rows) {
  int64_t ld = factors_ld(t->factors), k2 = ld * ld, rows = t->users + t->items;
  int64_t held = mem_rounded((t->users + 1) * (off)sizeof(off)) + mem_rounded((t->items + 1) * (off)sizeof(off));
  const off places[] = {t->user_places, t->item_places, t->heavy_reduce_places};
  for (int i = 0; i < 3; i++)
    held += mem_rounded(places[i] * (off)sizeof(lid)) + mem_rounded(places[i] * (off)sizeof(real));
  int64_t own = rows * (room_row_bytes(t->factors) + 12); /* factors; frequencies and losses of rows */
  int64_t solvers = t->threads * (160 * ld * 4 + 8 * k2) + 40 * k2;
  int64_t rest = t->memory / 64 + (INT64_C(1) << 20); /* lists of rows, partitions */
  int64_t left = t->memory - held - own - BUFFER_BYTES - solvers - rest;
  return s == USERS ? left / 2 : left - user_rows * room_row_bytes(t->factors);
}

int64_t room_needed(int batches, int64_t most, int factors) {
  return (batches > 1 ? 2 : 1) * most * room_row_bytes(factors);
}

lid room_share_end(off (*before)(const void *context, lid r), const void *context, lid n, int share, int shares) {
  if (share == shares)
    return n;
  off target = (before(context, n) + n) * share / shares;
  lid low = 0, high = n;
  while (low < high) {
    lid middle = low + (high - low) / 2;
    if (before(context, middle) + middle < target)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}
