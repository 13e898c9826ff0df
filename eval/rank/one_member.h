/* The best N items of one member, for immediate answers: items are packed a panel at a time, and only the list is
 * sorted. */
#ifndef PALATE_EVAL_RANK_ONE_MEMBER_H
#define PALATE_EVAL_RANK_ONE_MEMBER_H

#include "io/base/status.h"
#include "io/base/types.h"
#include "train/math/isa.h"

/* score[i] = x · y_i for the n rows of y (n, k), with the same bits as in eval/rank/topk.h. NO_MEMORY. Local. */
status member_scores(isa set, const real *x, const real *y, off n, int k, real *score);

/* list[*count]: at most `top` of the n items, best first, ties to the lower row. Leaves out NaN and the items of
 * skip[n_skip], which is sorted in place. list has room for `top`. NO_MEMORY. Local. */
status member_best(const real *score, lid n, lid *skip, off n_skip, int top, lid *list, int *count);

#endif
