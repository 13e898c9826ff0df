/* The eigenvectors of a Gram matrix. */
#ifndef PALATE_TRAIN_MATH_EIGENBASIS_H
#define PALATE_TRAIN_MATH_EIGENBASIS_H

#include "io/base/status.h"
#include "io/base/types.h"

/* gram (k, k), symmetric, = Σ spectrum[j] v_j v_jᵀ: v_j, of length 1, becomes row j of basis (k, k), and spectrum [k]
 * ascends. LAPACK's divide and conquer. NO_MEMORY; INTERNAL if it does not converge. Local; single-threaded. */
status eigenbasis(const double *gram, int k, double *spectrum, double *basis);

#endif
