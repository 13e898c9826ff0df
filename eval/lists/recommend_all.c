#include "eval/lists/recommend_all.h"

#include "eval/lists/match_percent.h"
#include "eval/score/scorer.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/hdf5/store.h"

#include <math.h>

static const int64_t DEFAULT_MEMORY = (int64_t)1 << 30;
enum { BATCH_MOST = 1 << 15 };

typedef struct batch {
  lid max_users;
  topk *lists;
  gid *row;         /* [max_users] */
  real *x;          /* (max_users, width) */
  double *constant; /* [max_users] */
  double *best;     /* [max_users]: the strongest preference among the items the member has; implicit models */
  csr has;
  lid *item;      /* (max_users, top) */
  real *score;    /* (max_users, top) */
  uint8_t *match; /* (max_users, top) */
} batch;

static status batch_make(batch *b, int top, int width, lid max_users) {
  status st = OK;
  b->max_users = max_users;
  TRY(topk_create(top, max_users, &b->lists));
  TRY(MEM_ALLOC(b->row, max_users, "batch of users"));
  TRY(MEM_ALLOC(b->x, (off)max_users * width, "batch of users"));
  TRY(MEM_ALLOC(b->constant, max_users, "batch of users"));
  TRY(MEM_ALLOC(b->best, max_users, "batch of users"));
  TRY(MEM_ALLOC(b->item, (off)max_users * top, "lists of users"));
  TRY(MEM_ALLOC(b->score, (off)max_users * top, "lists of users"));
  TRY(MEM_ALLOC(b->match, (off)max_users * top, "lists of users"));
done:
  return st;
}

static void batch_free(batch *b) {
  topk_free(b->lists);
  mem_free(b->row);
  mem_free(b->x);
  mem_free(b->constant);
  mem_free(b->best);
  csr_free(&b->has);
  mem_free(b->item);
  mem_free(b->score);
  mem_free(b->match);
}

/* Lists of the model's users first … first+n-1; b->has holds the items they have. */
static status batch_lists(batch *b, scorer *s, const match_scale *scale, gid first, lid n) {
  status st = OK;
  for (lid u = 0; u < n; u++)
    b->row[u] = first + u;
  TRY(scorer_users(s, b->row, n, b->x, b->constant));
  for (lid u = 0; u < n; u++)
    b->best[u] = 0;
  topk_begin(b->lists, n);
  for (int i = 0; i < scorer_blocks(s); i++) {
    scorer_block block;
    TRY(scorer_get(s, i, &block));
    const off *ptr = b->has.ptr;
    TRY(topk_scan(b->lists, block.items, b->x, scorer_width(s), ptr, ptr != NULL ? ptr + 1 : NULL, b->has.col));
    if (scale->explicit_loss || ptr == NULL)
      continue;
    int width = scorer_width(s);
#pragma omp parallel for schedule(dynamic, 64)
    for (lid u = 0; u < n; u++)
      b->best[u] = match_best(b->best[u], b->x + (off)u * width, block.y, width, block.first, block.n,
                              b->has.col + ptr[u], ptr[u + 1] - ptr[u]);
  }
  topk_finish(b->lists);
done:
  return st;
}

/* Copies the finished lists to item, score and match. */
static void batch_read(batch *b, const match_scale *scale, int top, lid n) {
#pragma omp parallel for schedule(static)
  for (lid u = 0; u < n; u++) {
    lid length = topk_count(b->lists, u);
    double best = length > 0 ? fmax(b->best[u], (double)topk_score(b->lists, u, 0)) : 0;
    for (lid r = 0; r < top; r++) {
      off at = (off)u * top + r;
      double score = r < length ? b->constant[u] + (double)topk_score(b->lists, u, r) : 0;
      b->item[at] = r < length ? topk_item(b->lists, u, r) : -1;
      b->score[at] = (real)score;
      b->match[at] = r < length ? (uint8_t)match_percent(scale, score, best) : 0;
    }
  }
}

static status write_batch(batch *b, scorer *s, const match_scale *scale, gid first, lid n, int top, store *out) {
  status st = OK;
  TRY(batch_lists(b, s, scale, first, n));
  batch_read(b, scale, top, n);
  TRY(store_put(out, 0, first, n, b->item));
  TRY(store_put(out, 1, first, n, b->score));
  TRY(store_put(out, 2, first, n, b->match));
done:
  return st;
}

/* Writes this rank's users. Local, unless seen_together: then all ranks make as many batches as the rank with most, and
 * all stop when one fails. */
static status write_lists(comm *c, scorer *s, seen *seen, const match_scale *scale, gid first, gid count, int top,
                          int64_t memory, store *out) {
  batch b = {0};
  progress bar;
  bool together = seen_together(seen);
  int64_t each = topk_user_bytes(top) + (int64_t)top * 9 + (int64_t)scorer_width(s) * 4 + 1024;
  int64_t fit = memory / 2 / each;
  lid most = fit < 64 ? 64 : fit > BATCH_MOST ? BATCH_MOST : (lid)fit;
  if (most > count)
    most = (lid)count;
  int64_t rounds = most > 0 ? (count + most - 1) / most : 0;
  if (together)
    comm_max_i64(c, &rounds, 1);
  status st = batch_make(&b, top, scorer_width(s), most);
  progress_begin(&bar, "recommending", count);
  for (gid u = 0; rounds > 0; rounds--) {
    lid n = count - u < most ? (lid)(count - u) : most;
    if (together)
      st = comm_agree(c, st);
    if (st == OK && seen != NULL)
      st = seen_rows(c, seen, first + u, n, &b.has);
    if (st != OK)
      break;
    if (n > 0)
      st = write_batch(&b, s, scale, first + u, n, top, out);
    u += n;
    progress_step(&bar, u, "%lld members", (long long)u);
  }
  progress_end(&bar);
  batch_free(&b);
  return st;
}

status recommend_all(comm *c, model *m, seen *seen, const part *users, int top, int64_t memory, const char *path) {
  status st = OK;
  scorer *s = NULL;
  store *out = NULL;
  match_scale scale;
  gid n_users = model_rows(m, USERS), first = users->first[c->rank], count = part_count(users, c->rank);
  if (top > model_rows(m, ITEMS))
    top = (int)model_rows(m, ITEMS);
  if (memory == 0)
    memory = DEFAULT_MEMORY;
  int64_t width = top;
  const h5_attribute attributes[] = {{"/", "format", H5_TEXT, 0, "palate-recommendations"},
                                     {"/", "top", H5_I64, 0, &width}};
  const h5_column columns[] = {
      {.path = "/users/item", .type = H5_I32, .rows = n_users, .columns = top, .matrix = true},
      {.path = "/users/score", .type = H5_F32, .rows = n_users, .columns = top, .matrix = true},
      {.path = "/users/match", .type = H5_U8, .rows = n_users, .columns = top, .matrix = true}};
  THEN(match_scale_read(m, &scale));
  THEN(scorer_create(isa_in_use(), m, NULL, memory / 2, &s));
  TRY(comm_agree(c, st));
  TRY(store_create(c, path, columns, 3, attributes, 2, &out));
  st = write_lists(c, s, seen, &scale, first, count, top, memory, out);
  st = store_commit(out, st);
done:
  scorer_free(s);
  return st;
}
