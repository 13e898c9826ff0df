/* Conjugate gradients for long rows whose columns lie far apart: many rows advance together over one range of columns
 * after another, so that a row of the fixed side comes from memory once in a pass for all of them, not once for each.
 * The bits are those of row_cg. Inside the train room only. */
#ifndef PALATE_TRAIN_SOLVE_CG_LONG_H
#define PALATE_TRAIN_SOLVE_CG_LONG_H

#include "train/solve/cg.h"
#include "train/solve/output.h"

/* Improves such rows among rows first … first + count - 1 of m, where that is worth it (row_method.solve_early). */
status cg_long_early(const row_shared *s, row_work *work, int threads, const csr *m, const heavy_rows *heavy, lid first,
                     lid count, const output *to, early_rows *early);

#endif
