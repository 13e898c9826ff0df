/* The distinct ids that one reader has seen, numbered in order of first appearance.
 *
 * Nearly all ids are small integers, so an id that is one (id_integer, not negative) is kept as its number, in 8 bytes
 * and without a look at text; any other is kept as bytes in one arena. Kernel: local; one table a thread. */
#ifndef PALATE_IO_TEXT_ID_TABLE_H
#define PALATE_IO_TEXT_ID_TABLE_H

#include "io/base/status.h"
#include "io/text/id.h"

/* A key that already carries its row (see id_table_add_keys). */
#define ID_KEY_ROW (UINT64_C(1) << 63)

typedef struct id_table {
  uint64_t *keys;  /* [n] the number, or ID_KEY_ROW | hash bits | place in the arena */
  uint32_t *slots; /* open addressing over row + 1; 0 is free */
  char *arena;     /* length byte and bytes, one text after another */
  off arena_used, arena_room;
  uint32_t n, room, mask;
} id_table;

/* An empty table. Free with id_table_free, which leaves an empty one. */
status id_table_create(id_table *t);
void id_table_free(id_table *t);

/* Rows of n ids that are given as numbers (< 2^63), or as ID_KEY_ROW | row where the row is known; new ones are added.
 * Many at a time, so that the misses of the cache overlap. NO_MEMORY, also beyond 2^32 - 2 ids. */
status id_table_add_keys(id_table *t, const uint64_t *keys, int n, uint32_t *rows);

/* Row of an id given as 1 … ID_MAX bytes, which may be an integer. */
status id_table_add(id_table *t, const char *bytes, size_t n, uint32_t *row);

/* Copies id `row` to out (ID_MAX bytes) and returns its length. */
size_t id_table_text(const id_table *t, uint32_t row, char *out);

/* Whether id `row` is an integer, and which. */
bool id_table_integer(const id_table *t, uint32_t row, int64_t *number);

#endif
