/* A batch of users: who they are, and what is worked out for them. */
#ifndef PALATE_EVAL_MEASURE_BATCH_H
#define PALATE_EVAL_MEASURE_BATCH_H

#include "eval/measure/columns.h"

#include <math.h>

typedef struct batch {
  lid max_users;
  lid n;           /* users in the batch */
  const lid *user; /* [n]: their places among this rank's users, ascending; borrowed */
  off most_tests;  /* test pairs of the user who has most */
  topk *lists;
  gid *row;          /* [max_users]: the model's rows, or -1 */
  gid *id;           /* [max_users]: the dataset's rows */
  off *from, *to;    /* [max_users]: what the user has seen: range of train */
  off *test_at;      /* [max_users + 1]: ranges of guess and test_item */
  real *x;           /* (max_users, widest model) */
  double *constant;  /* [max_users] */
  double *values;    /* (max_users, columns) */
  double *slice_row; /* (max_users, SLICE_COLUMNS) */
  gid *chosen_id;    /* [max_users] */
  double *guess;     /* explicit models: predicted ratings of the batch's test pairs */
  lid *test_item;    /* their item rows in the model, or -1 */
  off guess_room;    /* capacity of both */
  lid *top; /* (max_users, FACTS_LISTS, first length): the first model's lists and most popular's; padded with -1 */
  facts known;
} batch;

/* Holds up to max_users users at a time. NO_MEMORY. Local. Free with batch_free. */
status batch_create(const measurement *m, lid max_users, batch **out);
void batch_free(batch *batch);

/* Fills the batch with n users (see batch.user; n may be 0). NO_MEMORY. Local. */
status batch_fill(batch *batch, const measurement *m, const lid *user, lid n);

/* List w of user u and its length: 0 the first model's, 1 most popular's. Local. */
static inline const lid *batch_top(const batch *batch, const measurement *m, lid u, int w, lid *length) {
  int shown = m->in->at[0];
  const lid *top = batch->top + ((off)u * FACTS_LISTS + w) * shown;
  for (*length = 0; *length < shown && top[*length] >= 0;)
    ++*length;
  return top;
}

/* A predicted rating, clipped to the rating scale. Local. */
static inline double clip_rating(const evaluate_settings *in, double guess) {
  return fmin(fmax(guess, in->low), in->high);
}

#endif
