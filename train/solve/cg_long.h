/* Conjugate gradients for long rows whose columns lie far apart: many rows advance together over one range of columns
 * after another, so that a row of the fixed side comes from memory once in a pass for all of them, not once for each.
 * The bits are those of row_cg. Inside the train room only. */
#ifndef PALATE_TRAIN_SOLVE_CG_LONG_H
#define PALATE_TRAIN_SOLVE_CG_LONG_H

#include "train/solve/cg.h"

/* Whether that is worth it: the columns of rows first … first + count - 1 of m span more than the caches hold. */
bool cg_long_pays(const row_shared *s, const csr *m, lid first, lid count);

/* Improves the n rows of m named in `rows`, each of which has a preconditioner, in x, own_bias, row_loss as solver_rows
 * has them. solved[i] tells whether rows[i] has been, as row_cg does. work [threads]. NO_MEMORY. Local. */
status cg_long_rows(const row_shared *s, row_work *work, int threads, const csr *m, const lid *rows, lid n, real *x,
                    real *own_bias, double *row_loss, bool *solved);

#endif
