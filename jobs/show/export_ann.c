#include "eval/score/scorer.h"
#include "io/base/mem.h"
#include "io/hdf5/store.h"
#include "io/snapshot/resolve.h"
#include "jobs/show/export.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { QUERIES_MOST = 10000, NEIGHBORS = 100, BATCH = 4096 };

/* Items as vectors of d = width + 1 entries, the last sqrt(M² - |y|²): their norms are all M. */
static status put_items(scorer *s, store *out, double *largest) {
  status st = OK;
  int width = scorer_width(s), d = width + 1;
  real *rows = NULL;
  double most = 0;
  scorer_block block;
  TRY(MEM_ALLOC(rows, (off)BATCH * d, "vectors to export"));
  for (int pass = 0; pass < 2; pass++)
    for (int b = 0; b < scorer_blocks(s); b++) {
      TRY(scorer_get(s, b, &block));
      for (lid i = 0; i < block.n; i++) {
        const real *y = block.y + (off)i * width;
        double square = 0;
        for (int p = 0; p < width; p++)
          square += (double)y[p] * y[p];
        if (pass == 0) {
          most = fmax(most, square);
          continue;
        }
        real *row = rows + (off)(i % BATCH) * d;
        memcpy(row, y, sizeof *y * (size_t)width);
        row[width] = (real)sqrt(fmax(most - square, 0));
        if (i % BATCH == BATCH - 1 || i == block.n - 1)
          TRY(store_put(out, 0, block.first + i - i % BATCH, i % BATCH + 1, rows));
      }
    }
  *largest = sqrt(most);
done:
  mem_free(rows);
  return st;
}

/* The users who ask: at most QUERIES_MOST, evenly spread, without those who have no factors and thus no direction. */
typedef struct queries {
  lid n;
  real *x; /* (n, width) */
} queries;

static status read_queries(scorer *s, gid n_users, queries *out) {
  status st = OK;
  gid stride = (n_users + QUERIES_MOST - 1) / QUERIES_MOST, *row = NULL;
  lid n = stride > 0 ? (lid)((n_users + stride - 1) / stride) : 0;
  int width = scorer_width(s), k = model_factors(scorer_model(s));
  TRY(MEM_ALLOC(row, n, "queries"));
  TRY(MEM_ALLOC(out->x, (off)n * width, "queries"));
  for (lid u = 0; u < n; u++)
    row[u] = u * stride;
  TRY(scorer_users(s, row, n, out->x, NULL));
  for (lid u = 0; u < n; u++) {
    bool any = false;
    for (int p = 0; p < k; p++)
      any = any || out->x[(off)u * width + p] != 0;
    if (any)
      memmove(out->x + (off)out->n++ * width, out->x + (off)u * width, sizeof *out->x * (size_t)width);
  }
done:
  mem_free(row);
  return st;
}

/* The exact answers: the items of the best preference, with 1 - cosine as the distance. */
static status put_answers(scorer *s, store *out, const queries *q, int neighbors, double largest) {
  status st = OK;
  int width = scorer_width(s), d = width + 1;
  real *vector = NULL, *distance = NULL;
  lid *neighbor = NULL;
  topk *lists = NULL;
  TRY(MEM_ALLOC(vector, (off)q->n * d, "queries"));
  TRY(MEM_ALLOC(neighbor, (off)q->n * neighbors, "answers"));
  TRY(MEM_ALLOC(distance, (off)q->n * neighbors, "answers"));
  TRY(topk_create(neighbors, q->n, &lists));
  topk_begin(lists, q->n);
  for (int b = 0; b < scorer_blocks(s); b++) {
    scorer_block block;
    TRY(scorer_get(s, b, &block));
    TRY(topk_scan(lists, block.items, q->x, width, NULL, NULL, NULL));
  }
  topk_finish(lists);
  for (lid u = 0; u < q->n; u++) {
    double square = 0;
    for (int p = 0; p < width; p++) {
      real value = q->x[(off)u * width + p];
      vector[(off)u * d + p] = value;
      square += (double)value * value;
    }
    vector[(off)u * d + width] = 0;
    for (int r = 0; r < neighbors; r++) {
      bool is = r < topk_count(lists, u);
      double cosine = is ? (double)topk_score(lists, u, r) / (sqrt(square) * largest) : 0;
      neighbor[(off)u * neighbors + r] = is ? topk_item(lists, u, r) : -1;
      distance[(off)u * neighbors + r] = (real)(1 - cosine);
    }
  }
  TRY(store_put(out, 1, 0, q->n, vector));
  TRY(store_put(out, 2, 0, q->n, neighbor));
  TRY(store_put(out, 3, 0, q->n, distance));
done:
  mem_free(vector);
  mem_free(neighbor);
  mem_free(distance);
  topk_free(lists);
  return st;
}

status export_ann(model *m, const char *dir) {
  status st = OK;
  comm single = comm_single();
  scorer *s = NULL;
  store *out = NULL;
  char path[SNAPSHOT_PATH_MAX + 32];
  gid n_items = model_rows(m, ITEMS);
  queries q = {0};
  int neighbors = n_items < NEIGHBORS ? (int)n_items : NEIGHBORS;
  double largest;
  TRY(scorer_create(isa_in_use(), m, NULL, 0, &s));
  TRY(read_queries(s, model_rows(m, USERS), &q));
  int64_t d = scorer_width(s) + 1;
  const h5_attribute attributes[] = {{"/", "distance", H5_TEXT, 0, "angular"},
                                     {"/", "type", H5_TEXT, 0, "dense"},
                                     {"/", "point_type", H5_TEXT, 0, "float"},
                                     {"/", "dimension", H5_I64, 0, &d}};
  const h5_column columns[] = {
      {.path = "/train", .type = H5_F32, .rows = n_items, .columns = d, .matrix = true},
      {.path = "/test", .type = H5_F32, .rows = q.n, .columns = d, .matrix = true},
      {.path = "/neighbors", .type = H5_I32, .rows = q.n, .columns = neighbors, .matrix = true},
      {.path = "/distances", .type = H5_F32, .rows = q.n, .columns = neighbors, .matrix = true}};
  snprintf(path, sizeof path, "%s/ann-benchmarks.hdf5", dir);
  TRY(store_create(&single, path, columns, 4, attributes, 4, &out));
  st = put_items(s, out, &largest);
  if (st == OK)
    st = put_answers(s, out, &q, neighbors, largest);
  st = store_commit(out, st);
done:
  mem_free(q.x);
  scorer_free(s);
  return st;
}
