#include "io/text/id_table.h"

#include "io/base/mem.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FIRST_ROOM = 512, BATCH = 256 };

/* A text's key: the flag, 15 bits of its hash (so that unequal texts are rarely compared), 48 bits of its place. */
enum { PLACE_BITS = 48 };

status id_table_create(id_table *t) {
  *t = (id_table){.room = FIRST_ROOM, .mask = 2 * FIRST_ROOM - 1};
  status st = OK;
  TRY(MEM_ALLOC(t->keys, t->room, "ids"));
  TRY(MEM_ZALLOC(t->slots, (off)t->mask + 1, "slots of ids"));
done:
  if (st != OK)
    id_table_free(t);
  return st;
}

void id_table_free(id_table *t) {
  mem_free(t->keys);
  mem_free(t->slots);
  mem_free(t->arena);
  *t = (id_table){0};
}

static uint64_t hash_number(uint64_t x) {
  x ^= x >> 32;
  x *= UINT64_C(0xd6e8feb86659fd93);
  x ^= x >> 32;
  return x;
}

static uint64_t hash_key(const id_table *t, uint64_t key) {
  if ((key & ID_KEY_ROW) == 0)
    return hash_number(key);
  const unsigned char *text = (const unsigned char *)t->arena + (key & ((UINT64_C(1) << PLACE_BITS) - 1));
  return XXH3_64bits(text + 1, text[0]);
}

/* Makes room for `more` further ids; slots are at most half full. */
static status make_room(id_table *t, uint32_t more) {
  status st = OK;
  uint64_t want = (uint64_t)t->n + more;
  if (want <= t->room)
    return OK;
  if (want > UINT32_MAX / 2)
    return status_fail(NO_MEMORY, "more than %u distinct ids on one rank: use more ranks", UINT32_MAX / 2);
  uint64_t room = t->room;
  while (room < want)
    room *= 2;
  if (room > UINT32_MAX / 2 + 1)
    room = (uint64_t)UINT32_MAX / 2 + 1;
  uint32_t *slots, mask = (uint32_t)(2 * room - 1);
  TRY(MEM_REALLOC(t->keys, (off)room, "ids"));
  t->room = (uint32_t)room;
  TRY(MEM_ZALLOC(slots, (off)mask + 1, "slots of ids"));
  for (uint32_t row = 0; row < t->n; row++) {
    uint32_t at = (uint32_t)hash_key(t, t->keys[row]) & mask;
    while (slots[at] != 0)
      at = (at + 1) & mask;
    slots[at] = row + 1;
  }
  mem_free(t->slots);
  t->slots = slots;
  t->mask = mask;
done:
  return st;
}

status id_table_add_keys(id_table *t, const uint64_t *keys, int n, uint32_t *rows) {
  while (n > 0) {
    int count = n < BATCH ? n : BATCH;
    uint32_t at[BATCH];
    status st = make_room(t, BATCH);
    if (st != OK)
      return st;
    for (int i = 0; i < count; i++) {
      at[i] = (uint32_t)hash_number(keys[i]) & t->mask;
      __builtin_prefetch(&t->slots[at[i]]);
    }
    for (int i = 0; i < count; i++) {
      if (keys[i] & ID_KEY_ROW) {
        rows[i] = (uint32_t)keys[i];
        continue;
      }
      uint32_t place = at[i], slot;
      while ((slot = t->slots[place]) != 0 && t->keys[slot - 1] != keys[i])
        place = (place + 1) & t->mask;
      if (slot == 0) {
        t->keys[t->n++] = keys[i];
        t->slots[place] = slot = t->n;
      }
      rows[i] = slot - 1;
    }
    keys += count;
    rows += count;
    n -= count;
  }
  return OK;
}

status id_table_add(id_table *t, const char *bytes, size_t n, uint32_t *row) {
  int64_t number;
  if (id_integer(bytes, n, &number) && number >= 0)
    return id_table_add_keys(t, &(uint64_t){(uint64_t)number}, 1, row);
  status st = make_room(t, 1);
  if (st != OK)
    return st;
  uint64_t hash = XXH3_64bits(bytes, n);
  uint64_t tag = ID_KEY_ROW | (hash >> 49) << PLACE_BITS, place_mask = (UINT64_C(1) << PLACE_BITS) - 1;
  uint32_t place = (uint32_t)hash & t->mask, slot;
  for (; (slot = t->slots[place]) != 0; place = (place + 1) & t->mask) {
    uint64_t key = t->keys[slot - 1];
    if ((key & ~place_mask) != tag)
      continue;
    const char *text = t->arena + (key & place_mask);
    if ((unsigned char)text[0] == n && memcmp(text + 1, bytes, n) == 0) {
      *row = slot - 1;
      return OK;
    }
  }
  if (t->arena_used + (off)n + 1 > t->arena_room) {
    off room = t->arena_room > 0 ? 2 * t->arena_room : 1 << 14;
    st = MEM_REALLOC(t->arena, room, "bytes of ids");
    if (st != OK)
      return st;
    t->arena_room = room;
  }
  t->arena[t->arena_used] = (char)(unsigned char)n;
  memcpy(t->arena + t->arena_used + 1, bytes, n);
  t->keys[t->n++] = tag | (uint64_t)t->arena_used;
  t->arena_used += (off)n + 1;
  t->slots[place] = t->n;
  *row = t->n - 1;
  return OK;
}

size_t id_table_text(const id_table *t, uint32_t row, char *out) {
  uint64_t key = t->keys[row];
  if (key & ID_KEY_ROW) {
    const char *text = t->arena + (key & ((UINT64_C(1) << PLACE_BITS) - 1));
    size_t n = (unsigned char)text[0];
    memcpy(out, text + 1, n);
    return n;
  }
  char digits[20];
  size_t n = 0;
  do
    digits[n++] = (char)('0' + key % 10);
  while ((key /= 10) != 0);
  for (size_t i = 0; i < n; i++)
    out[i] = digits[n - 1 - i];
  return n;
}

bool id_table_integer(const id_table *t, uint32_t row, int64_t *number) {
  uint64_t key = t->keys[row];
  if ((key & ID_KEY_ROW) == 0) {
    *number = (int64_t)key;
    return true;
  }
  const char *text = t->arena + (key & ((UINT64_C(1) << PLACE_BITS) - 1));
  return id_integer(text + 1, (unsigned char)text[0], number);
}
