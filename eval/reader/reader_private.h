/* What the files of eval/reader share. */
#ifndef PALATE_EVAL_READER_READER_PRIVATE_H
#define PALATE_EVAL_READER_READER_PRIVATE_H

#include "eval/lists/match_percent.h"
#include "eval/reader/reader.h"
#include "eval/score/foldin.h"
#include "eval/score/match_ids.h"
#include "io/hdf5/h5_guard.h"
#include "io/schema/dataset.h"
#include "io/snapshot/resolve.h"

#include <pthread.h>

struct reader {
  char dir[SNAPSHOT_PATH_MAX];
  model *m;
  groups *g;  /* NULL: none */
  dataset *d; /* NULL: nothing is left out of lists */
  bool plain; /* every column that is read lies in place: reading needs no guard */

  /* If the dataset is not the one the model was trained on: */
  bool matched;   /* users and items are found by id */
  row_share item; /* rows of the model for the dataset's items; none: the dataset has further ones at most */

  /* Made at the first question that needs them; `making` is held meanwhile. */
  pthread_mutex_t making;
  bool has_items;
  match_scale scale;
  const real *y;  /* (items, factors): in the file or copied … */
  real *copy;     /* … to here */
  real *bias;     /* [items]; NULL: a model without biases */
  double *norm;   /* [items]: |y_i| */
  int64_t *pairs; /* [items]: training pairs; NULL: a model that does not know them */
  foldin *newcomer;
};

/* Around everything that reads columns of the snapshot or of the dataset. */
static inline void reader_begin(const reader *r, h5_guard *guard) {
  if (!r->plain)
    h5_guard_enter(guard);
}
static inline void reader_end(const reader *r, const h5_guard *guard, status st) {
  if (!r->plain)
    h5_guard_leave(guard, st);
}

/* Fills in y, bias and scale. */
status reader_need_items(reader *r);
/* The items a user has, as the model's rows, in no order and as often as they occur; free *item with mem_free. */
status reader_seen(reader *r, gid user, lid **item, off *n);

#endif
