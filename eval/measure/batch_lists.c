#include "eval/measure/batch_lists.h"

#include "io/base/mem.h"
#include "train/rows/row_sort.h"

#include <string.h>

/* Makes one rank's failure known to all ranks if the model's items are looked up over ranks; else the status stays
 * local. */
static status agree_if_moved(comm *c, const scorer *s, status st) {
  return scorer_renumbered(s) ? comm_agree(c, st) : st;
}

/* --- vectors of users; those the model was not trained on are folded in --- */

/* Sorts a row whose items have another order in the model than in the dataset. */
static status sort_items(lid *item, real *value, off n) {
  uint64_t *scratch = NULL;
  bool ascends = true;
  for (off e = 1; e < n; e++)
    ascends = ascends && item[e - 1] < item[e];
  if (ascends)
    return OK;
  status st = MEM_ALLOC(scratch, 2 * n, "order of items");
  if (st == OK)
    row_sort(n, item, value, scratch);
  mem_free(scratch);
  return st;
}

/* Drops the items that the model does not have. */
static status keep_known(csr *rows) {
  status st = OK;
  off nnz = 0, from = 0;
  for (lid f = 0; st == OK && f < rows->n_rows; f++) {
    off start = nnz;
    for (; from < rows->ptr[f + 1]; from++)
      if (rows->col[from] >= 0) {
        rows->col[nnz] = rows->col[from];
        rows->val[nnz++] = rows->val[from];
      }
    rows->ptr[f + 1] = nnz;
    st = sort_items(rows->col + start, rows->val + start, nnz - start);
  }
  return st;
}

/* The users to fold in: their places in the batch, and their training pairs with the dataset's item rows. Local. */
static status gather_unknown(const batch *batch, const measurement *m, int model, csr *rows, lid **place) {
  status st = OK;
  const csr *train = m->in->train;
  lid folded = 0;
  off nnz = 0;
  TRY(MEM_ALLOC(*place, batch->n, "users to fold in"));
  for (lid u = 0; u < batch->n; u++)
    if (m->in->fold[model] != NULL && batch->row[u] < 0 && batch->to[u] > batch->from[u]) {
      (*place)[folded++] = u;
      nnz += batch->to[u] - batch->from[u];
    }
  TRY(csr_alloc(rows, folded, nnz, "users to fold in"));
  for (lid f = 0; f < folded; f++) {
    lid own = batch->user[(*place)[f]];
    off at = rows->ptr[f], each = train->ptr[own + 1] - train->ptr[own];
    memcpy(rows->col + at, train->col + train->ptr[own], sizeof(lid) * (size_t)each);
    memcpy(rows->val + at, train->val + train->ptr[own], sizeof(real) * (size_t)each);
    rows->ptr[f + 1] = at + each;
  }
done:
  return st;
}

static status solve_unknown(batch *batch, measurement *m, int model, csr *rows, const lid *place) {
  status st = OK;
  scorer *s = m->in->model[model];
  int width = scorer_width(s), factors = model_factors(scorer_model(s));
  real *x = NULL, *bias = NULL;
  if (rows->n_rows == 0)
    return OK;
  TRY(keep_known(rows));
  TRY(MEM_ALLOC(x, (off)rows->n_rows * factors, "users to fold in"));
  TRY(MEM_ALLOC(bias, rows->n_rows, "users to fold in"));
  TRY(foldin_rows(m->in->fold[model], rows, x, factors, bias));
  for (lid f = 0; f < rows->n_rows; f++) {
    memcpy(batch->x + (off)place[f] * width, x + (off)f * factors, sizeof *x * (size_t)factors);
    batch->constant[place[f]] += (double)bias[f];
  }
  if (model == 0)
    m->folded_in += rows->n_rows;
done:
  mem_free(x);
  mem_free(bias);
  return st;
}

/* Collective if scorer_renumbered; the status is not agreed. */
static status fold_users(comm *c, batch *batch, measurement *m, int model) {
  status st = OK;
  scorer *s = m->in->model[model];
  csr rows = {0};
  lid *place = NULL;
  TRY(agree_if_moved(c, s, gather_unknown(batch, m, model, &rows, &place)));
  TRY(scorer_items(c, s, rows.col, csr_nnz(&rows), rows.col));
  TRY(solve_unknown(batch, m, model, &rows, place));
done:
  csr_free(&rows);
  mem_free(place);
  return st;
}

/* Collective if scorer_renumbered; the status is not agreed. */
static status load_users(comm *c, batch *batch, measurement *m, int model) {
  const evaluate_settings *in = m->in;
  const row_map *map = in->map[model];
  scorer *s = in->model[model];
  gid n_model = model_rows(scorer_model(s), USERS);
  for (lid u = 0; u < batch->n; u++) {
    gid row = map != NULL && map->user != NULL ? map->user[batch->user[u]] : batch->id[u];
    if (row >= n_model || (in->fold_user != NULL && in->fold_user[batch->user[u]]))
      row = -1;
    batch->row[u] = row;
  }
  status st = agree_if_moved(c, s, scorer_users(s, batch->row, batch->n, batch->x, batch->constant));
  return st == OK ? fold_users(c, batch, m, model) : st;
}

/* --- lists and predictions --- */

static double predict(const real *x, const real *y, int width) {
  double sum = 0;
  for (int p = 0; p < width; p++)
    sum += (double)x[p] * y[p];
  return sum;
}

/* Predicts the ratings of the test items in this block. */
static void predict_block(batch *batch, const scorer *s, const scorer_block *block) {
  int width = scorer_width(s);
#pragma omp parallel for schedule(dynamic, 64)
  for (lid u = 0; u < batch->n; u++)
    for (off e = batch->test_at[u]; e < batch->test_at[u + 1]; e++) {
      lid item = batch->test_item[e];
      if (item >= block->first && item < block->first + block->n)
        batch->guess[e] = batch->constant[u] +
                          predict(batch->x + (off)u * width, block->y + (off)(item - block->first) * width, width);
    }
}

static status offer_block(batch *batch, const measurement *m, scorer *s, int i) {
  status st = OK;
  scorer_block block;
  TRY(scorer_get(s, i, &block));
  TRY(topk_scan(batch->lists, block.items, batch->x, scorer_width(s), batch->from, batch->to, m->in->train->col));
  if (m->in->explicit_loss)
    predict_block(batch, s, &block);
done:
  return st;
}

/* Finds the model's rows of the batch's test items; items that the model does not have are predicted by the user's
 * constant. Collective with agreed status if scorer_renumbered. */
static status find_tests(comm *c, batch *batch, const measurement *m, const scorer *s) {
  const csr *test = m->in->test;
  for (lid u = 0; u < batch->n; u++)
    for (off e = batch->test_at[u]; e < batch->test_at[u + 1]; e++) {
      batch->guess[e] = batch->constant[u];
      batch->test_item[e] = test->col[test->ptr[batch->user[u]] + e - batch->test_at[u]];
    }
  return scorer_items(c, s, batch->test_item, batch->test_at[batch->n], batch->test_item);
}

status batch_lists_make(comm *c, batch *batch, measurement *m, int model) {
  scorer *s = m->in->model[model];
  status st = OK, offered = OK;
  TRY(agree_if_moved(c, s, load_users(c, batch, m, model)));
  if (m->in->explicit_loss)
    TRY(find_tests(c, batch, m, s));
  topk_begin(batch->lists, batch->n);
  for (int i = 0; i < scorer_blocks(s); i++) {
    TRY(scorer_bring(c, s, i));
    if (offered == OK && batch->n > 0) /* a rank that failed keeps in step until the end */
      offered = offer_block(batch, m, s, i);
  }
  topk_finish(batch->lists);
  TRY(agree_if_moved(c, s, offered));
done:
  return st;
}
