/* Rows that lie here as a whole and are solved by one thread each. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_LIGHT_ROWS_H
#define PALATE_TRAIN_SOLVE_LIGHT_ROWS_H

#include "train/solve/output.h"

/* Solves rows first … first + count - 1 of m, those of `heavy` (may be NULL) excepted, with a work space a thread (work
 * [threads]). Failures of rows are noted in *to. NO_MEMORY. */
status light_rows(const row_shared *s, row_work *work, int threads, const csr *m, const heavy_rows *heavy, lid first,
                  lid count, const output *to);

#endif
