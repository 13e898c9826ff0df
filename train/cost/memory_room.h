/* The memory left for other ranks' rows under --memory, and the batches in which they arrive: arithmetic shared by the
 * trainer and its plan. Local. */
#ifndef PALATE_TRAIN_COST_MEMORY_ROOM_H
#define PALATE_TRAIN_COST_MEMORY_ROOM_H

#include "io/base/types.h"

#include <stdbool.h>

enum { BATCHES_MAX = 256, BATCH_LEVELS = 9 /* 1, 2, 4 … BATCHES_MAX */ };

/* What a rank holds besides other ranks' rows. */
typedef struct room_terms {
  int64_t memory; /* bytes; 0: no bound */
  int factors, threads;
  gid users, items;                                  /* our rows */
  off user_places, item_places, heavy_reduce_places; /* interactions there is room for: of our users, of our items, and
                                                  heavy items' that stay with our users */
} room_terms;

/* Bytes of a row in a table, its bias included. */
int64_t room_row_bytes(int factors);

/* Bytes left for users' rows (s == USERS), or for items' rows once `user_rows` rows of other ranks' users are placed.
 * May be negative. */
int64_t room_left(const room_terms *t, side s, int64_t user_rows);

/* Bytes for batches of at most `most` rows: with more than one, each arrives while the one before it is solved. */
int64_t room_needed(int batches, int64_t most, int factors);

/* The end of one of `shares` equal shares of interactions and rows: the first row with at least as many before it.
 * `before` (context, r) is the number of interactions in front of row r of n. Each of 2^i shares is made of whole
 * shares of 2^(i + 1). */
lid room_share_end(off (*before)(const void *context, lid r), const void *context, lid n, int share, int shares);

#endif
