/* Lane shuffles of `vec` (train/math/vec.h) with fixed patterns, for files compiled once per instruction set. */
#ifndef PALATE_TRAIN_MATH_LANES_H
#define PALATE_TRAIN_MATH_LANES_H

#include "train/math/vec.h"

/* BROADCAST(v, j): all lanes become lane j. EACH_LANE(F): F(0) … F(VL-1). EACH_HALVING(F): F(w, low, high) for w = VL/2
 * … 1, see lanes_sum. For 16 lanes, where lane 4 q + r is place r of quad q: TURN(v, e): r becomes r + e mod 4;
 * QUADS_TURN(v, d): q becomes q + d mod 4, that is, lane i of the result is the lane so named in v; EACH_BIT(F): F(b,
 * pattern) where pattern takes lane c from the second vector if c has the bit b. d, e, j are literals. */
#if VL == 16
#define TURN(v, e)                                                                                                     \
  __builtin_shufflevector(v, v, (e)&3, (1 + (e)) & 3, (2 + (e)) & 3, (3 + (e)) & 3, 4 + ((e)&3), 4 + ((1 + (e)) & 3),  \
                          4 + ((2 + (e)) & 3), 4 + ((3 + (e)) & 3), 8 + ((e)&3), 8 + ((1 + (e)) & 3),                  \
                          8 + ((2 + (e)) & 3), 8 + ((3 + (e)) & 3), 12 + ((e)&3), 12 + ((1 + (e)) & 3),                \
                          12 + ((2 + (e)) & 3), 12 + ((3 + (e)) & 3))
#define QUADS_TURN(v, d)                                                                                               \
  __builtin_shufflevector(v, v, (4 * (d)) & 15, (4 * (d) + 1) & 15, (4 * (d) + 2) & 15, (4 * (d) + 3) & 15,            \
                          (4 * (d) + 4) & 15, (4 * (d) + 5) & 15, (4 * (d) + 6) & 15, (4 * (d) + 7) & 15,              \
                          (4 * (d) + 8) & 15, (4 * (d) + 9) & 15, (4 * (d) + 10) & 15, (4 * (d) + 11) & 15,            \
                          (4 * (d) + 12) & 15, (4 * (d) + 13) & 15, (4 * (d) + 14) & 15, (4 * (d) + 15) & 15)
#define BROADCAST(v, j) __builtin_shufflevector(v, v, j, j, j, j, j, j, j, j, j, j, j, j, j, j, j, j)
#define EACH_LANE(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
#define PATTERN(...) __VA_ARGS__
#define EACH_BIT(F)                                                                                                    \
  F(1, PATTERN(0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31))                                             \
  F(2, PATTERN(0, 1, 18, 19, 4, 5, 22, 23, 8, 9, 26, 27, 12, 13, 30, 31))                                              \
  F(4, PATTERN(0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31))                                              \
  F(8, PATTERN(0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31))
#define EACH_HALVING(F)                                                                                                \
  F(8, PATTERN(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),                                                \
    PATTERN(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))                                             \
  F(4, PATTERN(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),                                              \
    PATTERN(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))                                               \
  F(2, PATTERN(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),                                              \
    PATTERN(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))                                               \
  F(1, PATTERN(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),                                             \
    PATTERN(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
#elif VL == 8
#define BROADCAST(v, j) __builtin_shufflevector(v, v, j, j, j, j, j, j, j, j)
#define EACH_LANE(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)
#define PATTERN(...) __VA_ARGS__
#define EACH_HALVING(F)                                                                                                \
  F(4, PATTERN(0, 1, 2, 3, 8, 9, 10, 11), PATTERN(4, 5, 6, 7, 12, 13, 14, 15))                                         \
  F(2, PATTERN(0, 1, 8, 9, 4, 5, 12, 13), PATTERN(2, 3, 10, 11, 6, 7, 14, 15))                                         \
  F(1, PATTERN(0, 8, 2, 10, 4, 12, 6, 14), PATTERN(1, 9, 3, 11, 5, 13, 7, 15))
#else
#define BROADCAST(v, j) __builtin_shufflevector(v, v, j, j, j, j)
#define EACH_LANE(F) F(0) F(1) F(2) F(3)
#define PATTERN(...) __VA_ARGS__
#define EACH_HALVING(F) F(2, PATTERN(0, 1, 4, 5), PATTERN(2, 3, 6, 7)) F(1, PATTERN(0, 4, 2, 6), PATTERN(1, 5, 3, 7))
#endif

/* All lanes become lane j, for a j that is a constant once loops are unrolled. */
static inline __attribute__((always_inline)) vec lane_to_all(vec v, int j) {
  switch (j) {
#define CASE(l)                                                                                                        \
  case l:                                                                                                              \
    return BROADCAST(v, l);
    EACH_LANE(CASE)
#undef CASE
  default:
    return v;
  }
}

/* Lane j of the result is the sum over the lanes of s[j], j < VL; s is used up. Each halving adds the upper to the
 * lower half of every segment, and puts the segments of two vectors side by side. */
static inline __attribute__((always_inline)) vec lanes_sum(vec s[VL]) {
#define HALVE(w, low, high)                                                                                            \
  _Pragma("GCC unroll 8") for (int j = 0; j < (w); j++) s[j] =                                                         \
      __builtin_shufflevector(s[j], s[j + (w)], low) + __builtin_shufflevector(s[j], s[j + (w)], high);
  EACH_HALVING(HALVE)
#undef HALVE
  return s[0];
}

/* Lane i of s[j] and lane j of s[i] change places. */
static inline __attribute__((always_inline)) void lanes_transpose(vec s[VL]) {
#define EXCHANGE(w, low, high)                                                                                         \
  _Pragma("GCC unroll 16") for (int j = 0; j < VL; j++) if ((j & (w)) == 0) {                                          \
    vec t = __builtin_shufflevector(s[j], s[j + (w)], low);                                                            \
    s[j + (w)] = __builtin_shufflevector(s[j], s[j + (w)], high);                                                      \
    s[j] = t;                                                                                                          \
  }
  EACH_HALVING(EXCHANGE)
#undef EXCHANGE
}

#endif
