/* iALS++ for one row (Rendle, Krichene, Zhang & Koren 2021, arXiv 2110.14044): the row's factors are improved in blocks
 * of SUBSPACE_FACTORS, each block exactly with the others fixed, at O(k · block) instead of O(k²) an interaction. A
 * row's objective never rises. Inside the train room only. */
#ifndef PALATE_TRAIN_SOLVE_SUBSPACE_H
#define PALATE_TRAIN_SOLVE_SUBSPACE_H

#include "train/solve/row.h"

enum { SUBSPACE_FACTORS = 16 };

/* Panels of `ld` that a thread may gather at once. */
int subspace_panels(off ld);

/* One pass over the blocks of x (ld), and over *own_bias (NULL: no biases), for the row of interactions begin … end -
 * 1, at most s->panels * PANEL_ROWS. *loss (may be NULL) becomes its data term. False where single precision does not
 * do; x is then as it was. */
bool row_subspace(const row_shared *s, row_work *w, const csr *m, off begin, off end, real *x, real *own_bias,
                  double *loss);

#endif
