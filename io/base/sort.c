#include "io/base/sort.h"

#include <stdlib.h>

enum { SMALL = 24 };

/* One introsort for both element types: quicksort by the median of three, insertion sort of short runs, heapsort if the
 * splits are bad (no order of events may cost n^2). */
#define DEFINE_SORT(name, type, less)                                                                                  \
  static void name##_insertion(type *a, off n) {                                                                       \
    for (off i = 1; i < n; i++) {                                                                                      \
      type x = a[i];                                                                                                   \
      off j = i;                                                                                                       \
      for (; j > 0 && less(x, a[j - 1]); j--)                                                                          \
        a[j] = a[j - 1];                                                                                               \
      a[j] = x;                                                                                                        \
    }                                                                                                                  \
  }                                                                                                                    \
  static void name##_sift(type *a, off root, off n) {                                                                  \
    type x = a[root];                                                                                                  \
    for (off child; (child = 2 * root + 1) < n; root = child) {                                                        \
      if (child + 1 < n && less(a[child], a[child + 1]))                                                               \
        child++;                                                                                                       \
      if (!(less(x, a[child])))                                                                                        \
        break;                                                                                                         \
      a[root] = a[child];                                                                                              \
    }                                                                                                                  \
    a[root] = x;                                                                                                       \
  }                                                                                                                    \
  static void name##_heap(type *a, off n) {                                                                            \
    for (off i = n / 2; i-- > 0;)                                                                                      \
      name##_sift(a, i, n);                                                                                            \
    for (off i = n; i-- > 1;) {                                                                                        \
      type x = a[0];                                                                                                   \
      a[0] = a[i];                                                                                                     \
      a[i] = x;                                                                                                        \
      name##_sift(a, 0, i);                                                                                            \
    }                                                                                                                  \
  }                                                                                                                    \
  static void name##_quick(type *a, off n, int depth) {                                                                \
    while (n > SMALL) {                                                                                                \
      if (depth-- == 0) {                                                                                              \
        name##_heap(a, n);                                                                                             \
        return;                                                                                                        \
      }                                                                                                                \
      type x = a[0], y = a[n / 2], z = a[n - 1];                                                                       \
      type pivot = less(x, y) ? (less(y, z) ? y : (less(x, z) ? z : x)) : (less(x, z) ? x : (less(y, z) ? z : y));     \
      off i = -1, j = n;                                                                                               \
      for (;;) {                                                                                                       \
        do                                                                                                             \
          i++;                                                                                                         \
        while (less(a[i], pivot));                                                                                     \
        do                                                                                                             \
          j--;                                                                                                         \
        while (less(pivot, a[j]));                                                                                     \
        if (i >= j)                                                                                                    \
          break;                                                                                                       \
        type t = a[i];                                                                                                 \
        a[i] = a[j];                                                                                                   \
        a[j] = t;                                                                                                      \
      }                                                                                                                \
      off left = j + 1; /* recurse into the shorter side: the stack stays at log n */                                  \
      if (left < n - left) {                                                                                           \
        name##_quick(a, left, depth);                                                                                  \
        a += left;                                                                                                     \
        n -= left;                                                                                                     \
      } else {                                                                                                         \
        name##_quick(a + left, n - left, depth);                                                                       \
        n = left;                                                                                                      \
      }                                                                                                                \
    }                                                                                                                  \
    name##_insertion(a, n);                                                                                            \
  }                                                                                                                    \
  static void name(type *a, off n) {                                                                                   \
    off i = 1;                                                                                                         \
    while (i < n && !(less(a[i], a[i - 1])))                                                                           \
      i++;                                                                                                             \
    if (i >= n)                                                                                                        \
      return; /* already in order, as most sources are */                                                              \
    int depth = 2;                                                                                                     \
    for (off m = n; m > 1; m /= 2)                                                                                     \
      depth += 2;                                                                                                      \
    name##_quick(a, n, depth);                                                                                         \
  }

#define PAIR_LESS(x, y) ((x).high < (y).high || ((x).high == (y).high && (x).low < (y).low))
#define U64_LESS(x, y) ((x) < (y))
DEFINE_SORT(intro_pairs, sort_pair, PAIR_LESS)
DEFINE_SORT(intro_u64, uint64_t, U64_LESS)

void sort_pairs(sort_pair *pairs, off n) {
  intro_pairs(pairs, n);
}

void sort_u64(uint64_t *keys, off n) {
  intro_u64(keys, n);
}
