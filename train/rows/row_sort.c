#include "train/rows/row_sort.h"

#include "io/base/mem.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { SHORT_ROW = 48, DIGIT = 11 };

/* The column above, the bits of the value below: one word moves both. Columns are not negative. */
static uint64_t pair_of(lid col, real val) {
  uint32_t bits;
  memcpy(&bits, &val, sizeof bits);
  return (uint64_t)(uint32_t)col << 32 | bits;
}

static void unpack(uint64_t pair, lid *col, real *val) {
  uint32_t bits = (uint32_t)pair;
  *col = (lid)(pair >> 32);
  memcpy(val, &bits, sizeof bits);
}

static void sort_short(off n, lid *col, real *val) {
  for (off i = 1; i < n; i++) {
    lid c = col[i];
    real v = val[i];
    off j = i;
    for (; j > 0 && col[j - 1] > c; j--) {
      col[j] = col[j - 1];
      val[j] = val[j - 1];
    }
    col[j] = c;
    val[j] = v;
  }
}

void row_sort(off n, lid *col, real *val, uint64_t *scratch) {
  lid most = 0;
  bool sorted = true;
  for (off i = 0; i < n; i++) {
    if (i > 0 && col[i] < col[i - 1])
      sorted = false;
    if (col[i] > most)
      most = col[i];
  }
  if (sorted)
    return;
  if (n <= SHORT_ROW) {
    sort_short(n, col, val);
    return;
  }
  /* Least significant digit first: each pass is stable, and so is the whole. */
  uint64_t *from = scratch, *to = scratch + n;
  for (off i = 0; i < n; i++)
    from[i] = pair_of(col[i], val[i]);
  for (int shift = 32; shift < 64 && ((uint64_t)(uint32_t)most << 32) >> shift != 0; shift += DIGIT) {
    off place[(1 << DIGIT) + 1] = {0};
    for (off i = 0; i < n; i++)
      place[(from[i] >> shift & ((1 << DIGIT) - 1)) + 1]++;
    for (int d = 0; d < 1 << DIGIT; d++)
      place[d + 1] += place[d];
    for (off i = 0; i < n; i++)
      to[place[from[i] >> shift & ((1 << DIGIT) - 1)]++] = from[i];
    uint64_t *swap = from;
    from = to;
    to = swap;
  }
  for (off i = 0; i < n; i++)
    unpack(from[i], &col[i], &val[i]);
}

status rows_each(const off *ptr, gid first, gid last, void (*each)(void *context, gid r, uint64_t *scratch),
                 void *context) {
  status failed = OK;
  off longest = 0;
  for (gid r = first; r < last; r++)
    longest = ptr[r + 1] - ptr[r] > longest ? ptr[r + 1] - ptr[r] : longest;
#pragma omp parallel
  {
    uint64_t *scratch = NULL;
    status st = MEM_ALLOC(scratch, 2 * longest, "row scratch");
    if (st != OK) {
#pragma omp critical
      failed = st;
    }
#pragma omp barrier
    if (failed == OK) {
#pragma omp for schedule(dynamic, 16)
      for (gid r = first; r < last; r++)
        each(context, r, scratch);
    }
    mem_free(scratch);
  }
  return failed == OK ? OK : status_fail(failed, "no memory to sort rows of %lld interactions", (long long)longest);
}

/* The sum, or 0 where it is no more than the rounding of its terms may have left. Whole numbers are not rounded. */
static double settled(double sum, const real *val, off n) {
  double size = 0;
  bool whole = true;
  for (off i = 0; i < n; i++) {
    size += fabs((double)val[i]);
    whole = whole && val[i] == truncf(val[i]);
  }
  return !whole && fabs(sum) <= (double)FLT_EPSILON * size ? 0 : sum;
}

off row_merge(duplicates how, off n, lid *col, real *val) {
  off kept = 0;
  for (off i = 0; i < n;) {
    off end = i + 1;
    double sum = val[i];
    real most = val[i], least = val[i];
    for (; end < n && col[end] == col[i]; end++) {
      sum += val[end];
      if (val[end] > most)
        most = val[end];
      if (val[end] < least)
        least = val[end];
    }
    if (least < 0 && most > 0)
      sum = settled(sum, val + i, end - i);
    real last = val[end - 1];
    col[kept] = col[i];
    switch (how) {
    case DUPLICATES_SUM:
      val[kept] = (real)sum;
      break;
    case DUPLICATES_MAX:
      val[kept] = most;
      break;
    case DUPLICATES_LAST:
      val[kept] = last;
      break;
    case DUPLICATES_MEAN:
      val[kept] = (real)(sum / (double)(end - i));
      break;
    }
    kept++;
    i = end;
  }
  return kept;
}
