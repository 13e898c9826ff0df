/* Lists for everyone, written to one file. */
#ifndef PALATE_EVAL_LISTS_RECOMMEND_ALL_H
#define PALATE_EVAL_LISTS_RECOMMEND_ALL_H

#include "eval/score/seen.h"
#include "io/ranks/comm.h"
#include "io/schema/model.h"

/* What turns a score into a match per cent. Explicit models: where the predicted rating lies between the lowest and the
 * highest training rating. Implicit models: the predicted preference as a share of the member's strongest, over all
 * items, those they have included; so it does not depend on how much a member has done, and the best unseen item gets
 * 100 only where nothing the member has suits them better. Cut off at 0 and 100. */
typedef struct match_scale {
  bool explicit_loss;
  double low, high;
} match_scale;

status match_scale_read(model *m, match_scale *out);

/* The larger of `best` and the scores x · y_i of the n items (rows of y, width columns, less `first`); items below
 * first or from first + rows on stand in other blocks and are passed over. */
double match_best(double best, const real *x, const real *y, int width, lid first, lid rows, const lid *item, off n);

/* `best` is the member's strongest preference; not looked at for explicit models. */
int match_percent(const match_scale *s, double score, double best);

/* The best `top` items of each of the model's members into an HDF5 file at `path`: /users/item int32 (n_users, top),
 * the model's item rows, best first, -1 where fewer items are left; /users/score float32: the predicted rating or
 * preference; /users/match uint8, per cent. `seen` (may be NULL) tells what to leave out, with `users` the cut of the
 * model's members it was made for. `memory` bounds what a rank takes; 0: 1 GiB. Collective; agreed status. */
status recommend_all(comm *c, model *m, seen *seen, const part *users, int top, int64_t memory, const char *path);

#endif
