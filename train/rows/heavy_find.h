/* Finding heavy rows and where their segments end (defined in train/rows/csr.h). */
#ifndef PALATE_TRAIN_ROWS_HEAVY_FIND_H
#define PALATE_TRAIN_ROWS_HEAVY_FIND_H

#include "train/rows/csr.h"

/* The rows of m with at least `threshold` interactions, cut where their columns (first_column + col, ascending) pass
 * from one range of `granule` global columns to the next; ranges without interactions give no segment. Free with
 * heavy_rows_free. NO_MEMORY. Local. */
status heavy_find(const csr *m, off threshold, gid granule, gid first_column, heavy_rows *out);

#endif
