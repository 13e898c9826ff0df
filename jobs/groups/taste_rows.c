#include "jobs/groups/taste_rows.h"

#include "io/base/mem.h"
#include "train/exchange/part.h"

#include <math.h>
#include <string.h>

void taste_rows_free(taste_rows *r) {
  if (r->taste != r->x)
    mem_free(r->taste);
  mem_free(r->x);
  mem_free(r->id);
  *r = (taste_rows){0};
}

/* Squared length of a row; scales it to length 1 if asked to. */
static double prepare_row(real *x, int k, bool unit) {
  double square = 0;
  for (int p = 0; p < k; p++)
    square += (double)x[p] * x[p];
  double scale = 1 / sqrt(square);
  for (int p = 0; p < k && unit && square > 0; p++)
    x[p] = (real)(x[p] * scale);
  return square;
}

status taste_rows_read(comm *c, model *m, const char *dir, side s, bool unit, taste_rows *r) {
  /* Places of rows are 32 bits, with room for a block beyond the last. */
  enum { MOST = INT32_MAX - 4096 };
  status st = OK;
  part p = {0};
  *r = (taste_rows){.side = s, .n_all = model_rows(m, s), .k = model_factors(m)};
  TRY(part_equal(&p, r->n_all, c->size));
  r->first = p.first[c->rank];
  if (part_count(&p, c->rank) > MOST)
    TRY(status_fail(NO_MEMORY, "%lld rows on one rank are too many: use more ranks",
                    (long long)part_count(&p, c->rank)));
  r->count = (lid)part_count(&p, c->rank);
  TRY(MEM_ALLOC(r->x, (off)r->count * r->k, "factors"));
  TRY(MEM_ALLOC(r->id, r->count, "rows"));
  TRY(model_read_factors(m, s, r->first, r->count, r->x, r->k));
  for (lid i = 0; i < r->count; i++) {
    bool unseen = model_is_unseen(m, r->x + (off)i * r->k);
    double square = prepare_row(r->x + (off)i * r->k, r->k, unit);
    if (!isfinite(square))
      TRY(status_fail(BAD_DATA, "%s/model.h5: the factors of %s row %lld are not finite: train again", dir,
                      s == USERS ? "user" : "item", (long long)(r->first + i)));
    if (!unseen && square > 0)
      r->id[r->n++] = r->first + i;
  }
  r->n_unseen = r->count - r->n;
  r->taste = r->x;
  if (r->n < r->count) {
    r->taste = NULL;
    TRY(MEM_ALLOC(r->taste, (off)r->n * r->k, "factors"));
    for (lid i = 0; i < r->n; i++)
      memcpy(r->taste + (off)i * r->k, r->x + (r->id[i] - r->first) * r->k, sizeof(real) * (size_t)r->k);
  }
done:
  part_free(&p);
  st = comm_agree(c, st);
  if (st == OK)
    comm_sum_i64(c, &r->n_unseen, 1);
  return st;
}
