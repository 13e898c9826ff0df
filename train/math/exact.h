/* Sums whose bits depend on the terms alone, not on how they are distributed over ranks and threads.
 *
 * Floating-point addition is not associative, so a sum over ranks would change with their number. Integers are: every
 * term is rounded once to a multiple of a quantum that all ranks agree on; the sum is then an int64, which may be added
 * in any order (MPI_SUM on MPI_INT64_T). With n terms of magnitude at most `bound`, the quantum is n * bound / 2^61
 * (and bound / 2^50 where n is small), rounded up to a power of two: the error of the whole sum is below n^2 * bound /
 * 2^61, less than that of adding doubles one after another where n is large. After Demmel & Nguyen, "Parallel
 * Reproducible Summation", 2015, with integers in the place of their floating-point bins. */
#ifndef PALATE_TRAIN_MATH_EXACT_H
#define PALATE_TRAIN_MATH_EXACT_H

#include "io/base/types.h"

#include <math.h>

typedef struct exact_scale {
  double quantum; /* a power of two */
  double inverse; /* 1 / quantum */
} exact_scale;

/* The scale for n terms (over all ranks) whose magnitude is at most `bound` (over all ranks). Both must be the same
 * everywhere. bound must be finite; 0 counts as 1. A term has at most 50 bits and the sum 62. */
static inline exact_scale exact_scale_for(double bound, int64_t n) {
  int e_bound, e_n;
  frexp(bound > 0 ? bound : 1, &e_bound); /* bound < 2^e_bound */
  frexp(n > 0 ? (double)n : 1, &e_n);     /* n <= 2^e_n */
  if (e_n < 11)
    e_n = 11;
  int e = e_bound + e_n - 61;
  if (e < -1000)
    e = -1000; /* keeps the inverse finite */
  return (exact_scale){ldexp(1, e), ldexp(1, -e)};
}

/* The scale for any number of terms whose magnitudes sum up to at most `bound`, rounding included, so that every sum
 * stays below 2^bits. */
static inline exact_scale exact_scale_within(double bound, int bits) {
  int e;
  frexp(bound > 0 ? bound : 1, &e);
  e = e - bits < -1000 ? -1000 : e - bits;
  return (exact_scale){ldexp(1, e), ldexp(1, -e)};
}

static inline int64_t exact_term(exact_scale s, double x) {
  return llrint(x * s.inverse);
}
static inline double exact_value(exact_scale s, int64_t sum) {
  return (double)sum * s.quantum;
}

#endif
