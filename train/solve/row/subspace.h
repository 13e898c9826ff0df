/* iALS++ for one row (Rendle, Krichene, Zhang & Koren 2021, arXiv 2110.14044): the row's factors are improved in blocks
 * of SUBSPACE_FACTORS, each block exactly with the others fixed, at O(k · block) instead of O(k²) an interaction. A
 * row's objective never rises. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_ROW_SUBSPACE_H
#define PALATE_TRAIN_SOLVE_ROW_SUBSPACE_H

#include "train/solve/row/row.h"

enum { SUBSPACE_FACTORS = 16 };

/* Panels of `ld` that a thread holds at once (row_method.panels). */
int subspace_panels(off ld);

/* Whether s->panels hold a row of n interactions (row_method.suits). */
bool subspace_suits(const row_shared *s, off n);

/* One pass over the blocks of x, and over *own_bias (row_method.solve). */
bool row_subspace(const row_shared *s, row_work *w, const csr *m, off begin, off end, real *x, real *own_bias,
                  double *loss);

#endif
