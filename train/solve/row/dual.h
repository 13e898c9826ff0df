/* Short rows, solved by their dual system, which has a row and a column for each interaction rather than factor
 * (Woodbury; Saunders, Gammerman & Vovk 1998). Private to train/solve.
 *
 * Explicit: with Y (k, n) the row's columns of the fixed side, b its targets (v − mean − bias[c]) and S = YᵀY + λ E,
 *     t1 = S⁻¹ b,  t2 = S⁻¹ 1,  own bias β = Σ t1 / (1 + Σ t2)  or 0 without biases,
 *     t = t1 − β t2,  x = Y t,
 * and what is left of the targets is λ t, so that the data term is λ² |t|².
 *
 * Implicit: with M = α0 G + λ E, A the row's weights and p its targets (train/solve/solver.h),
 *     x = (M + Y A Yᵀ)⁻¹ Y p = M⁻¹ Y √A t,  (E + √A Yᵀ M⁻¹ Y √A) t = r = √A⁻¹ p,
 * so that the scores are √A⁻¹ (r − t) and the data term is Σ t² − r² + p. λ differs from row to row; in the basis V of
 * the eigenvectors of G, where M = Vᵀ D⁻² V with D diagonal, Yᵀ M⁻¹ Y is still an inner product, of the columns D V Y:
 * the columns are rotated once for all rows, and scaled by D for each. */
#ifndef PALATE_TRAIN_SOLVE_ROW_DUAL_H
#define PALATE_TRAIN_SOLVE_ROW_DUAL_H

#include "train/solve/row/cholesky.h"

/* The fewest factors for which dual systems are used: measured, tests/bench/README.md. */
enum { DUAL_LEAST_FACTORS = 16 };

typedef struct dual_shared {
  real *turn, *back; /* (ld, lda) each: V transposed and V, for ops->multiply */
  real *stretch;     /* (k, ld): in row n, D for rows with n interactions */
  real *table;       /* (n_table, ld): the rotated fixed side, or NULL */
  lid *number;       /* [k]: 0, 1, 2 … */
} dual_shared;

/* Makes s->dual, what implicit dual systems need: NULL if there are none, or if single precision would not be accurate
 * enough. NO_MEMORY. */
status dual_create(row_shared *s);
void dual_free(row_shared *s);

/* Floats of row_work.turned. */
off dual_scratch(const row_shared *s);

/* Whether a row of n interactions is solved by its dual system: a function of n, k and what all rows share. */
bool dual_suits(const row_shared *s, off n);

/* Rows with the same number of blocks are solved together. 1 … s->nb. */
int dual_blocks(const row_shared *s, off n);

/* How their systems lie in the places of the primal ones. */
batch_layout dual_layout(const row_shared *s, int blocks);

/* Their largest number in w's queue. */
int dual_batch(const row_shared *s, int blocks);

/* Sums up row r's system and adds it to w's queue, in which all rows have the same number of blocks. Prefetches the
 * columns of row `ahead`, usually the next to be added. */
void dual_add(const row_shared *s, row_work *w, const csr *m, lid r, lid ahead);

/* After row_solve_queue: x (ld), *own_bias (NULL: no biases) and the data term (loss, may be NULL) of w->row[i].
 * Returns false if single precision is not accurate enough. */
bool dual_take(const row_shared *s, row_work *w, const csr *m, int i, real *x, real *own_bias, double *loss);

#endif
