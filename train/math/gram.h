/* Gram matrices YᵀY with the same bits however the rows are distributed: products of two floats are exact in double,
 * each is rounded once to a fixed-point quantum, and integers add in any order (train/math/exact.h). */
#ifndef PALATE_TRAIN_MATH_GRAM_H
#define PALATE_TRAIN_MATH_GRAM_H

#include "io/base/status.h"
#include "train/math/exact.h"
#include "train/math/isa.h"

/* The largest |entry| of rows (n, k) with leading dimension ld; a NaN or an infinity gives infinity. Local. */
double gram_largest(const real *rows, off n, int k, off ld);

/* The scale for the Gram matrix of n_all rows (over all ranks) whose terms are at most `bound` in magnitude. */
exact_scale gram_scale(double bound, gid n_all);

/* Adds Σ y yᵀ over the n rows to sums (k, k), of which only the lower triangle is valid. OpenMP threads share the rows.
 * weight[i] multiplies row i's term (NULL: 1); the scale must allow for it. NO_MEMORY. Local. */
status gram_add(const real *rows, off n, int k, off ld, const real *weight, exact_scale scale, int64_t *sums);

/* Both triangles of the matrix (k, k) from the sums. */
void gram_finish(const int64_t *sums, int k, exact_scale scale, double *gram);

#endif
