#include "eval/measure/evaluate_parts.h"

#include "io/base/mem.h"
#include "train/rows/row_sort.h"

#include <string.h>

/* Orders a row whose items stand in another order in the model than in the dataset. */
static status order_items(lid *item, real *value, off n) {
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

/* Leaves out the items that the model does not know. */
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
    st = order_items(rows->col + start, rows->val + start, nnz - start);
  }
  return st;
}

/* Those of the users whom the model was not trained on, and their training pairs as the dataset has them. Local. */
static status gather_strangers(const batch *k, const bench *b, int model, const lid *user, lid n, csr *rows,
                               lid **place) {
  status st = OK;
  const csr *train = b->in->train;
  lid folded = 0;
  off nnz = 0;
  TRY(MEM_ALLOC(*place, n, "users to fold in"));
  for (lid u = 0; u < n; u++)
    if (b->in->fold[model] != NULL && k->row[u] < 0 && k->to[u] > k->from[u]) {
      (*place)[folded++] = u;
      nnz += k->to[u] - k->from[u];
    }
  TRY(csr_alloc(rows, folded, nnz, "users to fold in"));
  for (lid f = 0; f < folded; f++) {
    lid own = user[(*place)[f]];
    off at = rows->ptr[f], each = train->ptr[own + 1] - train->ptr[own];
    memcpy(rows->col + at, train->col + train->ptr[own], sizeof(lid) * (size_t)each);
    memcpy(rows->val + at, train->val + train->ptr[own], sizeof(real) * (size_t)each);
    rows->ptr[f + 1] = at + each;
  }
done:
  return st;
}

static status solve_strangers(batch *k, bench *b, int model, csr *rows, const lid *place) {
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

status batch_agree(comm *c, const scorer *s, status st) {
  return scorer_moved(s) ? comm_agree(c, st) : st;
}

/* Folds in those of the users whom the model was not trained on. Collective where scorer_moved. */
static status fold_users(comm *c, batch *k, bench *b, int model, const lid *user, lid n) {
  scorer *s = b->in->model[model];
  csr rows = {0};
  lid *place = NULL;
  status st = batch_agree(c, s, gather_strangers(k, b, model, user, n, &rows, &place));
  if (st == OK)
    st = scorer_items(c, s, rows.col, csr_nnz(&rows), rows.col);
  if (st == OK)
    st = solve_strangers(k, b, model, &rows, place);
  csr_free(&rows);
  mem_free(place);
  return st;
}

status batch_load_users(comm *c, batch *k, bench *b, int model, const lid *user, lid n) {
  const evaluate_input *in = b->in;
  const row_map *map = in->map[model];
  scorer *s = in->model[model];
  gid n_model = model_rows(scorer_model(s), USERS);
  for (lid u = 0; u < n; u++) {
    gid row = map != NULL && map->user != NULL ? map->user[user[u]] : k->id[u];
    if (row >= n_model || (in->fold_user != NULL && in->fold_user[user[u]]))
      row = -1;
    k->row[u] = row;
  }
  status st = batch_agree(c, s, scorer_users(s, k->row, n, k->x, k->constant));
  return st == OK ? fold_users(c, k, b, model, user, n) : st;
}
