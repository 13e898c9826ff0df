/* Rows solved exactly from their normal equations, up to ROW_BATCH_MOST together (kernels/solve_batch.c), and the loss
 * that follows from their solutions. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_ROW_CHOLESKY_H
#define PALATE_TRAIN_SOLVE_ROW_CHOLESKY_H

#include "train/solve/row/row.h"

/* Solves the first system in w, of a row of n interactions: x (ld) and *own_bias (NULL: no biases). Returns false if
 * single precision is not accurate enough. */
bool row_finish(const row_shared *s, row_work *w, off n, real *x, real *own_bias);

/* How the systems of a batch lie in w's arrays, one after another. */
typedef struct batch_layout {
  int blocks, k;               /* of ops->vl rows; rows to which the ridge is added */
  real ridge;                  /* 0: each row's λ */
  off ld, lda;                 /* of right-hand sides, of matrices */
  off system, skew;            /* from one system's matrix and skewed blocks to the next one's */
  const real *dense, *twisted; /* added to each; NULL: nothing */
} batch_layout;

/* The layout of the systems that row_normal sums up. */
batch_layout row_layout(const row_shared *s);

/* Solves the systems of w's queue, rows of m; the queue stays. Bit i of the result is set if the system of w->row[i]
 * was solved. */
unsigned row_solve_queue(const row_shared *s, row_work *w, const csr *m, const batch_layout *l);

/* After row_solve_queue: x (ld) and *own_bias (NULL: no biases) of w->row[i], which has n interactions. Returns false
 * if single precision is not accurate enough. */
bool row_take(const row_shared *s, row_work *w, int i, off n, real *x, real *own_bias);

/* Then its data term, from the system: with Q = Σ p or Σ (v − mean − bias)² and b the right-hand side, the loss of the
 * row at the minimum is Q − x · b, from which the regularization is subtracted. That loses digits if little of Q is
 * left: returns false then, or if the result is not finite. */
bool row_loss_of(const row_shared *s, row_work *w, int i, const csr *m, const real *x, const real *own_bias,
                 double *loss);

/* Whether a data term that follows from the solution is accurate: enough of the square Q is left. */
bool row_loss_tells(double rest, double square);

#endif
