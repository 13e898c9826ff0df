/* Sorting one row of (column, value) pairs, merging repeated columns, and finding a column. */
#ifndef PALATE_TRAIN_ROWS_ROW_SORT_H
#define PALATE_TRAIN_ROWS_ROW_SORT_H

#include "io/base/status.h"
#include "io/base/types.h"

#define DUPLICATES_WORDS "sum|max|last|mean" /* of --duplicates */
typedef enum duplicates { DUPLICATES_SUM, DUPLICATES_MAX, DUPLICATES_LAST, DUPLICATES_MEAN } duplicates;

/* Sorts the n pairs by column; stable. scratch has 2 * n places. Local. */
void row_sort(off n, lid *col, real *val, uint64_t *scratch);

/* Calls each(context, r, scratch) for the rows first … last-1 in OpenMP threads, with scratch for the longest of them
 * (row r has ptr[r + 1] - ptr[r] pairs). NO_MEMORY, before any call. Local. */
status rows_each(const off *ptr, gid first, gid last, void (*each)(void *context, gid r, uint64_t *scratch),
                 void *context);

/* Merges repeated columns of a sorted row into one pair; `last` is the one at the end. Sums in double; what cancels
 * (bought 0.3 twice, returned 0.6) is 0, although the terms are rounded to single precision. Returns the number of
 * pairs left. */
off row_merge(duplicates how, off n, lid *col, real *val);

/* Whether `wanted` is among the n ascending columns. Local. */
static inline bool row_contains(const lid *col, off n, lid wanted) {
  if (n == 0)
    return false;
  while (n > 1) { /* no branch on what is compared: half of them would be mispredicted */
    off half = n / 2;
    col = col[half] <= wanted ? col + half : col;
    n -= half;
  }
  return *col == wanted;
}

#endif
