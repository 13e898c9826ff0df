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
static status gather_unknown(const batch *k, const bench *b, int model, csr *rows, lid **place) {
  status st = OK;
  const csr *train = b->in->train;
  lid folded = 0;
  off nnz = 0;
  TRY(MEM_ALLOC(*place, k->n, "users to fold in"));
  for (lid u = 0; u < k->n; u++)
    if (b->in->fold[model] != NULL && k->row[u] < 0 && k->to[u] > k->from[u]) {
      (*place)[folded++] = u;
      nnz += k->to[u] - k->from[u];
    }
  TRY(csr_alloc(rows, folded, nnz, "users to fold in"));
  for (lid f = 0; f < folded; f++) {
    lid own = k->user[(*place)[f]];
    off at = rows->ptr[f], each = train->ptr[own + 1] - train->ptr[own];
    memcpy(rows->col + at, train->col + train->ptr[own], sizeof(lid) * (size_t)each);
    memcpy(rows->val + at, train->val + train->ptr[own], sizeof(real) * (size_t)each);
    rows->ptr[f + 1] = at + each;
  }
done:
  return st;
}

static status solve_unknown(batch *k, bench *b, int model, csr *rows, const lid *place) {
  status st = OK;
  scorer *s = b->in->model[model];
  int width = scorer_width(s), factors = model_factors(scorer_model(s));
  real *x = NULL, *bias = NULL;
  if (rows->n_rows == 0)
    return OK;
  TRY(keep_known(rows));
  TRY(MEM_ALLOC(x, (off)rows->n_rows * factors, "users to fold in"));
  TRY(MEM_ALLOC(bias, rows->n_rows, "users to fold in"));
  TRY(foldin_rows(b->in->fold[model], rows, x, factors, bias));
  for (lid f = 0; f < rows->n_rows; f++) {
    memcpy(k->x + (off)place[f] * width, x + (off)f * factors, sizeof *x * (size_t)factors);
    k->constant[place[f]] += (double)bias[f];
  }
  if (model == 0)
    b->folded_in += rows->n_rows;
done:
  mem_free(x);
  mem_free(bias);
  return st;
}

/* Collective if scorer_renumbered; the status is not agreed. */
static status fold_users(comm *c, batch *k, bench *b, int model) {
  status st = OK;
  scorer *s = b->in->model[model];
  csr rows = {0};
  lid *place = NULL;
  TRY(agree_if_moved(c, s, gather_unknown(k, b, model, &rows, &place)));
  TRY(scorer_items(c, s, rows.col, csr_nnz(&rows), rows.col));
  TRY(solve_unknown(k, b, model, &rows, place));
done:
  csr_free(&rows);
  mem_free(place);
  return st;
}

/* Collective if scorer_renumbered; the status is not agreed. */
static status load_users(comm *c, batch *k, bench *b, int model) {
  const evaluate_settings *in = b->in;
  const row_map *map = in->map[model];
  scorer *s = in->model[model];
  gid n_model = model_rows(scorer_model(s), USERS);
  for (lid u = 0; u < k->n; u++) {
    gid row = map != NULL && map->user != NULL ? map->user[k->user[u]] : k->id[u];
    if (row >= n_model || (in->fold_user != NULL && in->fold_user[k->user[u]]))
      row = -1;
    k->row[u] = row;
  }
  status st = agree_if_moved(c, s, scorer_users(s, k->row, k->n, k->x, k->constant));
  return st == OK ? fold_users(c, k, b, model) : st;
}

/* --- lists and predictions --- */

static double predict(const real *x, const real *y, int width) {
  double sum = 0;
  for (int p = 0; p < width; p++)
    sum += (double)x[p] * y[p];
  return sum;
}

/* Predicts the ratings of the test items in this block. */
static void predict_block(batch *k, const scorer *s, const scorer_block *block) {
  int width = scorer_width(s);
#pragma omp parallel for schedule(dynamic, 64)
  for (lid u = 0; u < k->n; u++)
    for (off e = k->test_at[u]; e < k->test_at[u + 1]; e++) {
      lid item = k->test_item[e];
      if (item >= block->first && item < block->first + block->n)
        k->guess[e] =
            k->constant[u] + predict(k->x + (off)u * width, block->y + (off)(item - block->first) * width, width);
    }
}

static status offer_block(batch *k, const bench *b, scorer *s, int i) {
  status st = OK;
  scorer_block block;
  TRY(scorer_get(s, i, &block));
  TRY(topk_scan(k->lists, block.items, k->x, scorer_width(s), k->from, k->to, b->in->train->col));
  if (b->in->explicit_loss)
    predict_block(k, s, &block);
done:
  return st;
}

/* Finds the model's rows of the batch's test items; items that the model does not have are predicted by the user's
 * constant. Collective with agreed status if scorer_renumbered. */
static status find_tests(comm *c, batch *k, const bench *b, const scorer *s) {
  const csr *test = b->in->test;
  for (lid u = 0; u < k->n; u++)
    for (off e = k->test_at[u]; e < k->test_at[u + 1]; e++) {
      k->guess[e] = k->constant[u];
      k->test_item[e] = test->col[test->ptr[k->user[u]] + e - k->test_at[u]];
    }
  return scorer_items(c, s, k->test_item, k->test_at[k->n], k->test_item);
}

status batch_lists_make(comm *c, batch *k, bench *b, int model) {
  scorer *s = b->in->model[model];
  status st = OK, offered = OK;
  TRY(agree_if_moved(c, s, load_users(c, k, b, model)));
  if (b->in->explicit_loss)
    TRY(find_tests(c, k, b, s));
  topk_begin(k->lists, k->n);
  for (int i = 0; i < scorer_blocks(s); i++) {
    TRY(scorer_bring(c, s, i));
    if (offered == OK && k->n > 0) /* a rank that failed keeps in step until the end */
      offered = offer_block(k, b, s, i);
  }
  topk_finish(k->lists);
  TRY(agree_if_moved(c, s, offered));
done:
  return st;
}
