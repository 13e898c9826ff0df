/* A list of candidates as 64-bit keys, and the tile of such lists that eval/rank/topk_kernel.c fills.
 *
 * A list collects more candidates than it needs; when it is full it is cut down to the best `top`. Letters are those of
 * eval/rank/topk.h. */
#ifndef PALATE_EVAL_RANK_TOPK_KEYS_H
#define PALATE_EVAL_RANK_TOPK_KEYS_H

#include "io/base/types.h"

enum { TOPK_GROUPS = 4, TOPK_ROWS_MAX = 12 };

/* The key of an item in a list: a greater key is better. The score's bits in numeric order, then the inverted row, so
 * that ties go to the lower row. */
static inline uint64_t topk_key(real score, lid item) {
  uint32_t bits;
  score += 0.0f; /* -0 ties with 0 */
  __builtin_memcpy(&bits, &score, sizeof bits);
  bits = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return (uint64_t)bits << 32 | (uint32_t) ~(uint32_t)item;
}

static inline real topk_key_score(uint64_t key) {
  uint32_t bits = (uint32_t)(key >> 32);
  bits = (bits & 0x80000000u) != 0 ? bits & 0x7fffffffu : ~bits;
  real score;
  __builtin_memcpy(&score, &bits, sizeof score);
  return score;
}

static inline lid topk_key_item(uint64_t key) {
  return (lid) ~(uint32_t)key;
}

/* Keys a list has room for between two cuts. */
static inline int topk_capacity(int top) {
  return top + top / 2 + 32;
}

/* Moves the `top` greatest of n different keys to the front, in no order. Returns how many are left. Local. */
int topk_cut(uint64_t *key, int n, int top);

/* The least of n >= 1 keys. Local. */
uint64_t topk_least(const uint64_t *key, int n);

/* Sorts, best first. Local. */
void topk_sort(uint64_t *key, int n);

/* One user of a tile. */
typedef struct topk_row {
  uint64_t *key; /* [capacity]: candidates in no order */
  int count;
  const lid *seen; /* hash table with open addressing: item + 1, or 0 where free; NULL: nothing seen */
  int seen_shift;
  double norm; /* an upper bound of |x| that covers the rounding of single precision */
} topk_row;

/* A few groups of users against a block of items. */
typedef struct topk_tile {
  int k, top, capacity;
  int groups;          /* each of ROWS users, see train/math/product_tile.h */
  const real *x;       /* (groups, k, ROWS) */
  lid n;               /* items */
  const real *packed;  /* by falling norm */
  const lid *item;     /* [n]: global rows in the order of `packed` */
  const double *reach; /* [panels]: the largest norm in this panel and those after it */
  topk_row row[TOPK_GROUPS * TOPK_ROWS_MAX];
  real threshold[TOPK_GROUPS * TOPK_ROWS_MAX]; /* a row's N-th best score; +inf in rows that pad a group */
  double cut[TOPK_GROUPS];                     /* no item of a smaller norm can enter a list of the group */
  int64_t scanned;                             /* groups times panels that were multiplied */
} topk_tile;

/* Cuts row r's candidates down to the best `top`, and raises its threshold and its group's cut. Local. */
void topk_compact(topk_tile *t, int r, int rows_per_group);

#endif
