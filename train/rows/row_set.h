/* A set of rows of a side: a bit a row, and the number of members below any row in constant time. */
#ifndef PALATE_TRAIN_ROWS_ROW_SET_H
#define PALATE_TRAIN_ROWS_ROW_SET_H

#include "io/base/status.h"
#include "io/base/types.h"

typedef struct row_set {
  uint64_t *bits;
  lid *below; /* members before each word, after row_set_count */
  off words;
} row_set;

/* Empty, for rows 0 … n-1. Free with row_set_free. */
status row_set_create(row_set *s, gid n);
void row_set_free(row_set *s);

static inline void row_set_add(row_set *s, gid row) {
  s->bits[row / 64] |= (uint64_t)1 << (row % 64);
}
static inline bool row_set_has(const row_set *s, gid row) {
  return s->bits[row / 64] >> (row % 64) & 1;
}

/* Counts the members. Needed before row_set_place and after the last row_set_add. */
off row_set_count(row_set *s);

/* Members below this row. */
static inline lid row_set_place(const row_set *s, gid row) {
  return s->below[row / 64] + __builtin_popcountll(s->bits[row / 64] & (((uint64_t)1 << (row % 64)) - 1));
}

/* The first member at or after `row`, or -1: for (r = next(s, 0); r >= 0; r = next(s, r + 1)). */
static inline gid row_set_next(const row_set *s, gid row) {
  off w = row / 64;
  if (w >= s->words)
    return -1;
  uint64_t left = s->bits[w] & ~(((uint64_t)1 << (row % 64)) - 1);
  while (left == 0)
    if (++w == s->words)
      return -1;
    else
      left = s->bits[w];
  return w * 64 + __builtin_ctzll(left);
}

#endif
