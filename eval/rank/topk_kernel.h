/* What topk_kernel.c does for each instruction set, and what it shares with topk.c; see eval/rank/topk.h for the
 * meaning. */
#ifndef PALATE_EVAL_RANK_TOPK_KERNEL_H
#define PALATE_EVAL_RANK_TOPK_KERNEL_H

#include "io/base/types.h"
#include "train/math/isa.h"

enum { TOPK_GROUPS = 4, TOPK_ROWS_MAX = 12 };

/* An item in a list: greater keys are better. The score's bits in the order of the numbers, then the row, inverted. */
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

/* Keys a list has room for while candidates come in. */
static inline int topk_capacity(int top) {
  return top + top / 2 + 32;
}

/* Brings the `top` greatest of n different keys to the front, in no order; returns how many are left. */
int topk_cut(uint64_t *key, int n, int top);
uint64_t topk_least(const uint64_t *key, int n);
/* Best first. */
void topk_sort(uint64_t *key, int n);

/* A user in a tile. */
typedef struct topk_row {
  uint64_t *key; /* [capacity]: candidates in no order */
  int count;
  const lid *seen; /* open addressing, item + 1 or 0; NULL: nothing seen */
  int seen_shift;
  double norm; /* |x|, rounded up for what single precision adds */
} topk_row;

/* Some groups of users against a block of items. */
typedef struct topk_tile {
  int k, top, capacity;
  int groups;          /* of product_tile.h's ROWS users */
  const real *x;       /* (groups, k, ROWS) */
  lid n;               /* items */
  const real *packed;  /* by falling norm */
  const lid *item;     /* [n]: global rows in the order of `packed` */
  const double *reach; /* [panels]: the largest norm from here on */
  topk_row row[TOPK_GROUPS * TOPK_ROWS_MAX];
  real threshold[TOPK_GROUPS * TOPK_ROWS_MAX]; /* a row's N-th best; +inf in rows that pad a group */
  double cut[TOPK_GROUPS];                     /* a group wants no item of a smaller norm */
  int64_t scanned;                             /* groups times panels that were multiplied */
} topk_tile;

/* Cuts row r's candidates down to the best `top`, and raises its threshold and its group's cut. */
void topk_compact(topk_tile *t, int r, int rows_per_group);

static inline bool topk_seen(const topk_row *row, lid item) {
  if (row->seen == NULL)
    return false;
  uint32_t mask = 0xffffffffu >> row->seen_shift;
  for (uint32_t at = ((uint32_t)item * 2654435769u) >> row->seen_shift; row->seen[at] != 0; at = (at + 1) & mask)
    if (row->seen[at] == item + 1)
      return true;
  return false;
}

#define TOPK_KERNELS(set)                                                                                              \
  int ISA_JOIN(topk_rows, set)(void);                                                                                  \
  void ISA_JOIN(topk_scan_tile, set)(topk_tile * t);

TOPK_KERNELS(baseline)
TOPK_KERNELS(avx2)
TOPK_KERNELS(avx512)

#endif
