#include "train/als/als_private.h"

#include "io/base/mem.h"
#include "train/exchange/reduce.h"
#include "train/math/gram.h"
#include "train/solve/row/double_row.h"

#include <string.h>

status als_prior_create(als *a) {
  status st = OK;
  if (a->set.loss.explicit_loss || !(a->set.loss.prior_mean > 0))
    return OK;
  TRY(MEM_ZALLOC(a->prior, a->set.factors, "the mean user"));
  TRY(MEM_ZALLOC(a->unseen, a->ld, "users without interactions"));
done:
  return st;
}

/* Sets the rows of users without interactions. */
static void set_unseen_rows(als *a, const real *row) {
  real *x = own_rows(a, USERS);
  for (lid r = 0; r < own_count(a, USERS); r++)
    if (als_row_interactions(a, USERS, r) == 0)
      memcpy(x + r * a->ld, row, sizeof *x * (size_t)a->ld);
}

void als_prior_begin(als *a) {
  if (a->prior != NULL) /* a->unseen is still zero */
    set_unseen_rows(a, a->unseen);
}

status als_prior_make(als *a) {
  if (a->prior == NULL)
    return OK;
  const part *users = &a->sides[USERS].part;
  double largest = gram_largest(own_rows(a, USERS), own_count(a, USERS), a->set.factors, a->ld);
  comm_max_f64(a->c, &largest, 1);
  if (!(largest < HUGE_VAL))
    return status_fail(INTERNAL, "factors are not finite: the run has diverged; raise --lambda");
  status st = reduce_mean_row(a->c, own_rows(a, USERS), own_count(a, USERS), users->n, a->set.factors, a->ld, NULL, 1,
                              largest, (double)a->active[USERS], a->prior);
  for (int j = 0; st == OK && j < a->set.factors; j++)
    a->prior[j] = (double)(real)a->prior[j]; /* as a model file holds it: folding in gives the bits of training */
  return st;
}

status als_prior_serve(als *a, const half_problem *p) {
  status st = comm_agree(a->c, solve_row_unseen(p, a->unseen));
  if (st == OK)
    set_unseen_rows(a, a->unseen);
  return st;
}
