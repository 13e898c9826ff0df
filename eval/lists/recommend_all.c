#include "eval/lists/recommend_all.h"

#include "eval/lists/match_percent.h"
#include "eval/score/scorer.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/user_rows.h"

#include <math.h>

static const int64_t DEFAULT_MEMORY = (int64_t)1 << 30;
enum { BATCH_MOST = 1 << 15 };

/* What a batch of users needs: kept from batch to batch. */
typedef struct batch {
  comm *c;
  scorer *scorer;
  seen *seen;
  match_scale scale;
  int top;
  topk *lists;
  gid *row;         /* [max_users] */
  real *x;          /* (max_users, width) */
  double *constant; /* [max_users] */
  double *best;     /* [max_users]: the strongest preference among the items the member has; implicit models */
  csr has;
} batch;

static status batch_make(batch *b, lid max_users) {
  status st = OK;
  TRY(topk_create(b->top, max_users, &b->lists));
  TRY(MEM_ALLOC(b->row, max_users, "batch of users"));
  TRY(MEM_ALLOC(b->x, (off)max_users * scorer_width(b->scorer), "batch of users"));
  TRY(MEM_ALLOC(b->constant, max_users, "batch of users"));
  TRY(MEM_ALLOC(b->best, max_users, "batch of users"));
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
  scorer_free(b->scorer);
}

/* Lists of the model's users first … first+n-1; b->has holds the items they have. */
static status batch_lists(batch *b, gid first, lid n) {
  status st = OK;
  int width = scorer_width(b->scorer);
  const off *ptr = b->has.ptr;
  for (lid u = 0; u < n; u++) {
    b->row[u] = first + u;
    b->best[u] = 0;
  }
  TRY(scorer_users(b->scorer, b->row, n, b->x, b->constant));
  topk_begin(b->lists, n);
  for (int i = 0; i < scorer_blocks(b->scorer); i++) {
    scorer_block block;
    TRY(scorer_get(b->scorer, i, &block));
    TRY(topk_scan(b->lists, block.items, b->x, width, ptr, ptr != NULL ? ptr + 1 : NULL, b->has.col));
    if (b->scale.explicit_loss || ptr == NULL)
      continue;
#pragma omp parallel for schedule(dynamic, 64)
    for (lid u = 0; u < n; u++)
      b->best[u] = match_best(b->best[u], b->x + (off)u * width, block.y, width, block.first, block.n,
                              b->has.col + ptr[u], ptr[u + 1] - ptr[u]);
  }
  topk_finish(b->lists);
done:
  return st;
}

enum { ITEM, SCORE, MATCH, N_COLUMNS };

/* Copies the finished lists to the columns of the file, (n, top) each. */
static void batch_read(const batch *b, lid n, lid *item, real *score, uint8_t *match) {
  int top = b->top;
#pragma omp parallel for schedule(static)
  for (lid u = 0; u < n; u++) {
    lid length = topk_count(b->lists, u);
    double best = length > 0 ? fmax(b->best[u], (double)topk_score(b->lists, u, 0)) : 0;
    for (lid r = 0; r < top; r++) {
      off at = (off)u * top + r;
      double value = r < length ? b->constant[u] + (double)topk_score(b->lists, u, r) : 0;
      item[at] = r < length ? topk_item(b->lists, u, r) : -1;
      score[at] = (real)value;
      match[at] = r < length ? (uint8_t)match_percent(&b->scale, value, best) : 0;
    }
  }
}

static status fill(void *context, gid first, lid n, void *const *columns) {
  batch *b = context;
  status st = OK;
  if (b->seen != NULL)
    TRY(seen_rows(b->c, b->seen, first, n, &b->has));
  if (n == 0)
    goto done;
  TRY(batch_lists(b, first, n));
  batch_read(b, n, columns[ITEM], columns[SCORE], columns[MATCH]);
done:
  return st;
}

/* As many users as fit into half of the memory; the other half holds the items. */
static lid batch_size(const batch *b, int64_t memory) {
  int64_t each = topk_user_bytes(b->top) + (int64_t)b->top * 9 + (int64_t)scorer_width(b->scorer) * 4 + 1024;
  int64_t fit = memory / 2 / each;
  return fit < 64 ? 64 : fit > BATCH_MOST ? BATCH_MOST : (lid)fit;
}

status recommend_all(comm *c, model *m, seen *seen, const part *users, int top, int64_t memory, const char *path) {
  status st = OK;
  gid n_users = model_rows(m, USERS), count = part_count(users, c->rank);
  if (top > model_rows(m, ITEMS))
    top = (int)model_rows(m, ITEMS);
  if (memory == 0)
    memory = DEFAULT_MEMORY;
  int64_t width = top;
  batch b = {.c = c, .seen = seen, .top = top};
  const h5_attribute attributes[] = {{"/", "format", H5_TEXT, 0, "palate-recommendations"},
                                     {"/", "top", H5_I64, 0, &width}};
  const h5_column columns[N_COLUMNS] = {
      [ITEM] = {.path = "/users/item", .type = H5_I32, .rows = n_users, .columns = top, .matrix = true},
      [SCORE] = {.path = "/users/score", .type = H5_F32, .rows = n_users, .columns = top, .matrix = true},
      [MATCH] = {.path = "/users/match", .type = H5_U8, .rows = n_users, .columns = top, .matrix = true}};
  user_rows_file file = {.path = path,
                         .columns = columns,
                         .n_columns = N_COLUMNS,
                         .attributes = attributes,
                         .n_attributes = 2,
                         .first = users->first[c->rank],
                         .count = count,
                         .together = seen_is_collective(seen),
                         .progress = "recommending"};
  THEN(match_scale_read(m, &b.scale));
  THEN(scorer_create(isa_in_use(), m, NULL, memory / 2, &b.scorer));
  if (st == OK) {
    file.batch = batch_size(&b, memory);
    st = batch_make(&b, file.batch < count ? file.batch : (lid)count);
  }
  TRY(comm_agree(c, st));
  TRY(user_rows_write(c, &file, fill, &b));
done:
  batch_free(&b);
  return st;
}
