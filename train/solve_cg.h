/* Conjugate gradients for one row, from its previous solution (Takács, Pilászy & Tikk 2011), preconditioned by what all
 * rows share. A row with n interactions has, on average, the matrix M_n = alpha0 G + n mean_a C + λ_n E. One for each
 * half octave of n is inverted once per half sweep; a row takes its nearest. Inside the train room only. */
#ifndef PALATE_TRAIN_SOLVE_CG_H
#define PALATE_TRAIN_SOLVE_CG_H

#include "train/solve_row.h"

enum { CG_CLASSES = 80 };

/* The class of n >= 1 interactions: half octaves, [2^(c/2), 2^((c+1)/2)). */
int cg_class(off n);

/* Inverts M_n for a class into s->near[c], with w's work space; leaves NULL where single precision does not do, and
 * rows of that class are solved exactly. NO_MEMORY. */
status cg_prepare(row_shared *s, row_work *w, int c);

/* Improves x (ld), *own_bias (NULL: no biases) of the row of interactions begin … end - 1. *loss (may be NULL) becomes
 * its data term. False where that breaks down or s->near has nothing for it; x is then as it was. */
bool row_cg(const row_shared *s, row_work *w, const csr *m, off begin, off end, real *x, real *own_bias, double *loss);

#endif
