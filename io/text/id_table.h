/* A hash table of the distinct ids that one reader has seen, numbered in order of first appearance.
 *
 * Nearly all ids are small integers: an id that is one (id_integer, not negative) is stored as a number, in 8 bytes;
 * any other as bytes in one arena. Kernel: local; one table a thread. */
#ifndef PALATE_IO_TEXT_ID_TABLE_H
#define PALATE_IO_TEXT_ID_TABLE_H

#include "io/base/status.h"
#include "io/text/id.h"

/* Flag of a key that holds a row instead of a number (see id_table_add_keys). */
#define ID_KEY_ROW (UINT64_C(1) << 63)

typedef struct id_table {
  uint64_t *keys;  /* [n] the number, or ID_KEY_ROW | hash bits | place in the arena */
  uint32_t *slots; /* [mask + 1] open addressing: row + 1, 0 if free */
  char *arena;     /* for each text a length byte and its bytes */
  off arena_used, arena_room;
  uint32_t n, room, mask;
} id_table;

/* An empty table. Free with id_table_free, which leaves an empty one. */
status id_table_create(id_table *t);
void id_table_free(id_table *t);

/* Looks up n ids, given as numbers (< 2^63) or as ID_KEY_ROW | row if the row is known, and adds the new ones. Many at
 * a time, so that cache misses overlap. NO_MEMORY, also beyond 2^31 - 1 ids. */
status id_table_add_keys(id_table *t, const uint64_t *keys, int n, uint32_t *rows);

/* Looks up an id of 1 … ID_MAX bytes, which may be an integer, and adds it if it is new. NO_MEMORY. */
status id_table_add(id_table *t, const char *bytes, size_t n, uint32_t *row);

/* Copies id `row` to out (ID_MAX bytes) and returns its length. */
size_t id_table_text(const id_table *t, uint32_t row, char *out);

/* Returns true and sets *number if id `row` is an integer. */
bool id_table_integer(const id_table *t, uint32_t row, int64_t *number);

#endif
