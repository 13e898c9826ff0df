#include "train/groups/distinct.h"

#include "io/base/mem.h"
#include "train/math/rng.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_row(const real *x, int k, uint64_t seed) {
  uint64_t hash = rng_mix(seed);
  for (int p = 0; p < k; p++) {
    uint32_t bits;
    real value = x[p] + 0.0f; /* -0 and 0 are the same point */
    memcpy(&bits, &value, sizeof bits);
    hash = rng_mix(hash ^ bits);
  }
  return hash;
}

static int by_hash(const void *a, const void *b) {
  const distinct_point *x = a, *y = b;
  if (x->hash != y->hash)
    return x->hash < y->hash ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id;
}

/* Sorts, keeps the first of each hash, and of those at most `most`. */
static off reduce(distinct_point *list, off n, off most) {
  off kept = 0;
  qsort(list, (size_t)n, sizeof *list, by_hash);
  for (off i = 0; i < n && kept < most; i++)
    if (kept == 0 || list[i].hash != list[kept - 1].hash)
      list[kept++] = list[i];
  return kept;
}

status kmeans_distinct(comm *c, const kmeans_points *points, const gid *id, lid most, uint64_t seed,
                       distinct_point *out, lid *found) {
  distinct_point *mine = NULL, *all = NULL;
  off *counts = NULL, total = 0;
  *found = 0;
  status st = MEM_ALLOC(mine, points->n, "distinct points");
  if (st == OK)
    st = MEM_ALLOC(counts, c->size, "distinct points");
  TRY(comm_agree(c, st));
#pragma omp parallel for schedule(static)
  for (lid i = 0; i < points->n; i++)
    mine[i] = (distinct_point){hash_row(points->x + i * points->ld, points->k, seed), id[i]};
  comm_gather_i64(c, reduce(mine, points->n, most), counts);
  for (int r = 0; r < c->size; r++)
    total += counts[r];
  TRY(comm_agree(c, MEM_ALLOC(all, total, "distinct points of all ranks")));
  comm_share_rows(c, mine, all, counts, sizeof *all);
  *found = (lid)reduce(all, total, most);
  memcpy(out, all, sizeof *out * (size_t)*found);
done:
  mem_free(mine);
  mem_free(all);
  mem_free(counts);
  return st;
}
