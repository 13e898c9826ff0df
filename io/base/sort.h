/* Sorts by 128-bit keys, in place; used for the events of a user and for ids. Kernel: local. */
#ifndef PALATE_IO_BASE_SORT_H
#define PALATE_IO_BASE_SORT_H

#include "io/base/types.h"

typedef struct sort_pair {
  uint64_t high, low;
} sort_pair;

/* Ascending by (high, low). Introsort: never worse than n log n, no memory of its own. */
void sort_pairs(sort_pair *pairs, off n);

/* Ascending. */
void sort_u64(uint64_t *keys, off n);

/* Maps a number to an unsigned key that sorts as the numbers do, and back. -0 sorts before +0. */
static inline uint64_t sort_key_i64(int64_t x) {
  return (uint64_t)x ^ (UINT64_C(1) << 63);
}
static inline int64_t sort_key_to_i64(uint64_t key) {
  return (int64_t)(key ^ (UINT64_C(1) << 63));
}
static inline uint32_t sort_key_real(real x) {
  union {
    real value;
    uint32_t bits;
  } u = {.value = x};
  return u.bits ^ ((u.bits >> 31) != 0 ? UINT32_MAX : UINT32_C(1) << 31);
}
static inline real sort_key_to_real(uint32_t key) {
  union {
    uint32_t bits;
    real value;
  } u = {.bits = key ^ ((key >> 31) != 0 ? UINT32_C(1) << 31 : UINT32_MAX)};
  return u.value;
}

#endif
