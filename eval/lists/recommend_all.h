/* Lists for all members, written to one file. */
#ifndef PALATE_EVAL_LISTS_RECOMMEND_ALL_H
#define PALATE_EVAL_LISTS_RECOMMEND_ALL_H

#include "eval/score/seen.h"
#include "io/ranks/comm.h"
#include "io/schema/model.h"

/* Writes the best `top` items of each of the model's members to an HDF5 file at `path`: /users/item int32
 * (n_users, top), the model's item rows, best first, padded with -1; /users/score float32: the predicted rating or
 * preference; /users/match uint8: per cent. `seen` (may be NULL): the items to leave out; `users`: the partition of the
 * model's members that `seen` was created for. `memory` limits what a rank takes; 0: 1 GiB. Collective; agreed status.
 */
status recommend_all(comm *c, model *m, seen *seen, const part *users, int top, int64_t memory, const char *path);

#endif
