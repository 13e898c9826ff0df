/* Conjugate gradients for long rows whose columns lie far apart: many rows advance together over one range of columns
 * after another, so that a pass reads a row of the fixed side from memory once for all of them. The bits equal those of
 * row_cg. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_CG_LONG_H
#define PALATE_TRAIN_SOLVE_CG_LONG_H

#include "train/solve/output.h"
#include "train/solve/row/cg.h"

/* row_method.solve_early: improves the long rows among rows first … first + count - 1 of m, if that pays. */
status cg_long_early(const row_shared *s, row_work *work, int threads, const csr *m, const heavy_rows *heavy, lid first,
                     lid count, const output *to, early_rows *early);

#endif
