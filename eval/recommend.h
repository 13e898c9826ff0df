/* Lists for everyone, written to one file. */
#ifndef PALATE_EVAL_RECOMMEND_H
#define PALATE_EVAL_RECOMMEND_H

#include "eval/seen.h"
#include "io/comm.h"
#include "io/snapshot.h"

/* What turns a score into a match per cent: for an explicit model where the predicted rating lies between the lowest
 * and the highest training rating, for an implicit one the predicted preference, which training draws towards 1 for
 * what a member chose and towards 0 for what not. Both are cut off at 0 and 100. */
typedef struct match_scale {
  double low, high;
} match_scale;

status match_scale_read(model *m, match_scale *out);
int match_percent(const match_scale *s, double score);

/* The best `top` items of each of the model's members into an HDF5 file at `path`: /users/item int32 (n_users, top),
 * the model's item rows, best first, -1 where fewer items are left; /users/score float32: the predicted rating or
 * preference; /users/match uint8, per cent. `seen` (may be NULL) tells what to leave out, with `users` the cut of the
 * model's members it was made for. `memory` bounds what a rank takes; 0: 1 GiB. Collective; agreed status. */
status recommend_all(comm *c, model *m, seen *seen, const part *users, int top, int64_t memory, const char *path);

#endif
