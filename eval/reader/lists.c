#include "eval/reader/reader_private.h"

#include "eval/rank/one_member.h"
#include "io/base/mem.h"

#include <math.h>

/* --- one vector --- */

/* Scores of all items for x [k], the model's biases and the constant added; *best becomes the strongest preference
 * among the items of `has`. */
static status score_all(const reader *r, const real *x, double constant, const lid *has, off n_has, real *score,
                        double *best) {
  lid n = (lid)model_rows(r->m, ITEMS);
  int k = model_factors(r->m);
  status st = member_scores(isa_in_use(), x, r->y, n, k, score);
  if (st != OK)
    return st;
  *best = match_best(0, x, r->y, k, 0, n, has, n_has);
  if (r->bias != NULL)
    for (lid i = 0; i < n; i++)
      score[i] += r->bias[i];
  for (lid i = 0; i < n; i++)
    score[i] = (real)(constant + (double)score[i]);
  return OK;
}

/* The best items for x [k] without those of skip[n_skip], which is sorted here. */
static status list_best(const reader *r, const real *x, double constant, lid *skip, off n_skip, int top,
                        reader_entry *list, int *n) {
  status st = OK;
  lid items = (lid)model_rows(r->m, ITEMS), *best = NULL;
  real *score = NULL;
  double strongest;
  *n = 0;
  if (top > items)
    top = items;
  TRY(MEM_ALLOC(score, items, "scores"));
  TRY(MEM_ALLOC(best, top, "list"));
  TRY(score_all(r, x, constant, skip, n_skip, score, &strongest));
  TRY(member_best(score, items, skip, n_skip, top, best, n));
  if (*n > 0)
    strongest = fmax(strongest, (double)score[best[0]]);
  for (int i = 0; i < *n; i++) {
    double s = (double)score[best[i]];
    list[i] = (reader_entry){.row = best[i], .score = s, .match = match_percent(&r->scale, s, strongest)};
  }
done:
  mem_free(score);
  mem_free(best);
  return st;
}

/* --- a user --- */

static status read_user(const reader *r, gid user, real *x, real *bias) {
  h5_guard guard;
  reader_begin(r, &guard);
  status st = model_read_factors(r->m, USERS, user, 1, x, model_factors(r->m));
  if (st == OK)
    st = model_read_bias(r->m, USERS, user, 1, bias);
  reader_end(r, &guard, st);
  return st;
}

status reader_user_is_blank(reader *r, gid user, bool *blank) {
  real *x = NULL, bias;
  status st = MEM_ALLOC(x, model_factors(r->m), "member");
  if (st == OK)
    st = read_user(r, user, x, &bias);
  *blank = st == OK && model_is_unseen(r->m, x);
  mem_free(x);
  return st;
}

status reader_list_user(reader *r, gid user, int top, reader_entry *list, int *n) {
  status st = OK;
  real *x = NULL, bias;
  lid *has = NULL;
  off n_has = 0;
  *n = 0;
  TRY(MEM_ALLOC(x, model_factors(r->m), "member"));
  TRY(read_user(r, user, x, &bias));
  TRY(reader_seen(r, user, &has, &n_has));
  TRY(reader_need_items(r));
  TRY(list_best(r, x, model_mean(r->m) + (double)bias, has, n_has, top, list, n));
done:
  mem_free(x);
  mem_free(has);
  return st;
}

/* --- a newcomer --- */

static status need_newcomer(reader *r) {
  status st = OK;
  comm alone = comm_single();
  h5_guard guard;
  pthread_mutex_lock(&r->making);
  if (r->newcomer == NULL) {
    h5_guard_enter(&guard);
    st = foldin_create(&alone, r->m, &r->newcomer);
    h5_guard_leave(&guard, st);
  }
  pthread_mutex_unlock(&r->making);
  return st;
}

/* The favourites as a row of training: each chosen once, or rated best. */
static status favourites(const reader *r, const lid *likes, int n, csr *out) {
  status st = csr_alloc(out, 1, n, "favourites");
  for (int i = 0; st == OK && i < n; i++) {
    out->col[i] = likes[i];
    out->val[i] = (real)r->scale.high; /* the best rating there is; or 1, a choice */
  }
  if (st == OK)
    out->ptr[1] = n;
  return st;
}

status reader_list_likes(reader *r, const lid *likes, int n_likes, int top, reader_entry *list, int *n) {
  status st = OK;
  csr row = {0};
  real *x = NULL, bias = 0;
  lid *skip = NULL;
  h5_guard guard;
  *n = 0;
  TRY(reader_need_items(r));
  TRY(need_newcomer(r));
  TRY(favourites(r, likes, n_likes, &row));
  TRY(MEM_ALLOC(x, model_factors(r->m), "newcomer"));
  TRY(MEM_ALLOC(skip, n_likes, "favourites"));
  for (int i = 0; i < n_likes; i++)
    skip[i] = likes[i];
  reader_begin(r, &guard);
  st = foldin_rows(r->newcomer, &row, x, model_factors(r->m), &bias);
  reader_end(r, &guard, st);
  if (st == OK)
    st = list_best(r, x, model_mean(r->m) + (double)bias, skip, n_likes, top, list, n);
done:
  csr_free(&row);
  mem_free(x);
  mem_free(skip);
  return st;
}

/* --- similar items --- */

static status make_norms(reader *r) {
  lid n = (lid)model_rows(r->m, ITEMS);
  int k = model_factors(r->m);
  double *norm;
  status st = MEM_ALLOC(norm, n, "norms");
  for (lid i = 0; st == OK && i < n; i++) {
    double sum = 0;
    for (int p = 0; p < k; p++)
      sum += (double)r->y[(off)i * k + p] * r->y[(off)i * k + p];
    norm[i] = sqrt(sum);
  }
  r->norm = norm;
  return st;
}

static status make_pairs(reader *r) {
  gid n = model_rows(r->m, ITEMS);
  int64_t *pairs;
  h5_guard guard;
  status st = MEM_ALLOC(pairs, n, "pairs of items");
  if (st != OK)
    return st;
  h5_guard_enter(&guard);
  st = model_read_pairs(r->m, 0, n, pairs);
  h5_guard_leave(&guard, st);
  if (st == OK)
    r->pairs = pairs;
  else
    mem_free(pairs);
  return st;
}

/* Lengths of the items, and their training pairs if the model knows them. */
static status need_similar(reader *r) {
  status st = reader_need_items(r);
  if (st != OK)
    return st;
  pthread_mutex_lock(&r->making);
  if (r->pairs == NULL && model_has_pairs(r->m))
    st = make_pairs(r);
  if (st == OK && r->norm == NULL)
    st = make_norms(r);
  pthread_mutex_unlock(&r->making);
  return st;
}

/* Similarities of all items to one; NaN for an item without factors, which is never listed. */
static status similarities(const reader *r, lid item, double support, real *out) {
  lid n = (lid)model_rows(r->m, ITEMS);
  int k = model_factors(r->m);
  const double *norm = r->norm;
  bool shrink = support > 0 && r->pairs != NULL;
  if (norm[item] == 0)
    return status_fail(USAGE, "this item has no training data, so no item is similar to it");
  status st = member_scores(isa_in_use(), r->y + (off)item * k, r->y, n, k, out);
  for (lid i = 0; st == OK && i < n; i++) {
    double cosine = fmin(fmax((double)out[i] / (norm[i] * norm[item]), -1), 1);
    if (shrink)
      cosine *= (double)r->pairs[i] / ((double)r->pairs[i] + support);
    out[i] = norm[i] > 0 ? (real)cosine : NAN;
  }
  return st;
}

status reader_list_similar(reader *r, lid item, double support, int top, reader_entry *list, int *n) {
  status st = OK;
  lid items = (lid)model_rows(r->m, ITEMS), *best = NULL, skip[1] = {item};
  real *score = NULL;
  *n = 0;
  if (top > items)
    top = items;
  TRY(need_similar(r));
  TRY(MEM_ALLOC(score, items, "similarities"));
  TRY(MEM_ALLOC(best, top, "list"));
  TRY(similarities(r, item, support, score));
  TRY(member_best(score, items, skip, 1, top, best, n));
  for (int i = 0; i < *n; i++)
    list[i] = (reader_entry){.row = best[i], .score = (double)score[best[i]], .match = -1};
done:
  mem_free(score);
  mem_free(best);
  return st;
}
