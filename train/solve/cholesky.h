/* Rows solved exactly from their normal equations, up to ROW_BATCH_MOST together (kernels/solve_batch.c), and what
 * their solutions tell of the loss. Inside train/solve only. */
#ifndef PALATE_TRAIN_SOLVE_CHOLESKY_H
#define PALATE_TRAIN_SOLVE_CHOLESKY_H

#include "train/solve/row.h"

/* Solves with the first system's sums in w, for a row of n interactions: x (ld) and *own_bias (NULL: no biases). False
 * where single precision does not do. */
bool row_finish(const row_shared *s, row_work *w, off n, real *x, real *own_bias);

/* How systems of a batch lie in w's arrays, one after another. */
typedef struct batch_layout {
  int blocks, k;               /* of ops->vl rows; rows that have the ridge */
  real ridge;                  /* 0: each row's λ */
  off ld, lda;                 /* of right-hand sides, of matrices */
  off system, skew;            /* from one system's matrix and skewed blocks to the next one's */
  const real *dense, *twisted; /* added to each; NULL: nothing */
} batch_layout;

/* That of the systems which row_normal sums up. */
batch_layout row_layout(const row_shared *s);

/* Solves the systems of w's queue, rows of m, and leaves the queue; bit i of the result is set where that of w->row[i]
 * has been. */
unsigned row_solve_queue(const row_shared *s, row_work *w, const csr *m, const batch_layout *l);

/* After that: x (ld) and *own_bias (NULL: no biases) of w->row[i], which has n interactions. False where single
 * precision does not do. */
bool row_take(const row_shared *s, row_work *w, int i, off n, real *x, real *own_bias);

/* Then its data term, out of the system: with the row's square Q = Σ p or Σ (v − mean − bias)² and b the right-hand
 * side, at the minimum the whole loss of the row is Q − x · b, and its regularization is taken off. That loses digits
 * where little of Q is left; false then, and where it is not finite. */
bool row_loss_of(const row_shared *s, row_work *w, int i, const csr *m, const real *x, const real *own_bias,
                 double *loss);

/* Whether what is left of the square Q still has its digits, as a data term that comes out of the solution. */
bool row_loss_tells(double rest, double square);

#endif
