/* One vector against all items, for answers at once: no packing is kept, nothing is sorted that is not listed. */
#ifndef PALATE_EVAL_RANK_ONE_MEMBER_H
#define PALATE_EVAL_RANK_ONE_MEMBER_H

#include "io/base/status.h"
#include "io/base/types.h"
#include "train/math/isa.h"

/* score[i] = x · y_i for the n rows of y (n, k); the same bits as eval/rank/topk.h. NO_MEMORY. Local. */
status one_scores(isa set, const real *x, const real *y, off n, int k, real *score);

/* The best of n scores, without the items of skip[n_skip], which is sorted here, and without NaN: at most `top` into
 * list (room for top), best first, ties by lower row; how many in *count. NO_MEMORY. Local. */
status one_best(const real *score, lid n, lid *skip, off n_skip, int top, lid *list, int *count);

#endif
