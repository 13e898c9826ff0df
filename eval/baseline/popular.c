#include "eval/baseline/popular.h"

#include "io/base/mem.h"
#include "train/math/exact.h"
#include "train/rows/row_sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const gid SLICE = 1 << 20;

/* --- counting --- */

/* Items are counted one slice after another: each rank counts its own pairs, then the slice is summed over ranks. */
typedef struct counting {
  const csr *train;
  const uint8_t *skip;
  off *cursor;          /* [rows]: the first pair of each row in the next slice; NULL: there is only one slice */
  int64_t *count, *sum; /* [slice]; sum NULL: not wanted */
  bool likes;           /* count only pairs above 0 */
  exact_scale scale;
} counting;

static void count_slice(counting *k, gid first, gid end) {
  const csr *t = k->train;
  for (lid u = 0; u < t->n_rows; u++) {
    if (k->skip != NULL && k->skip[u])
      continue;
    off e = k->cursor != NULL ? k->cursor[u] : t->ptr[u];
    for (; e < t->ptr[u + 1] && t->col[e] < end; e++) {
      if (k->likes && !(t->val[e] > 0))
        continue;
      k->count[t->col[e] - first]++;
      if (k->sum != NULL)
        k->sum[t->col[e] - first] += exact_term(k->scale, t->val[e]);
    }
    if (k->cursor != NULL)
      k->cursor[u] = e;
  }
}

static status reserve_counts(counting *k, gid slice, gid n, bool sums) {
  status st = OK;
  TRY(MEM_ALLOC(k->count, slice, "item counts"));
  if (sums)
    TRY(MEM_ALLOC(k->sum, slice, "item means"));
  if (slice < n) {
    TRY(MEM_ALLOC(k->cursor, k->train->n_rows, "row cursors"));
    for (lid u = 0; u < k->train->n_rows; u++)
      k->cursor[u] = k->train->ptr[u];
  }
done:
  return st;
}

/* Counts, means and the overall mean. Means come from exact sums, so they do not depend on which rank holds which user.
 * Collective; agreed status. */
static status count_pairs(comm *c, counting *k, gid slice, popular *p) {
  status st = OK;
  gid n = p->owners.n, own = p->owners.first[c->rank], own_end = p->owners.first[c->rank + 1];
  int64_t total = 0;
  slice = slice < n ? slice : n;
  TRY(comm_agree(c, reserve_counts(k, slice, n, p->mean != NULL)));
  for (gid first = 0; first < n; first += slice) {
    gid end = n - first < slice ? n : first + slice;
    memset(k->count, 0, sizeof *k->count * (size_t)(end - first));
    if (k->sum != NULL)
      memset(k->sum, 0, sizeof *k->sum * (size_t)(end - first));
    count_slice(k, first, end);
    comm_sum_i64(c, k->count, end - first);
    if (k->sum != NULL)
      comm_sum_i64(c, k->sum, end - first);
    for (gid i = first > own ? first : own; i < end && i < own_end; i++) {
      p->count[i - own] = k->count[i - first];
      if (k->sum == NULL)
        continue;
      total += k->sum[i - first];
      p->mean[i - own] = exact_value(k->scale, k->sum[i - first]); /* the sum; divided below */
    }
  }
  if (p->mean != NULL) {
    comm_sum_i64(c, &total, 1);
    p->overall = p->pairs > 0 ? exact_value(k->scale, total) / (double)p->pairs : 0;
    for (gid i = 0; i < own_end - own; i++)
      p->mean[i] = p->count[i] > 0 ? p->mean[i] / (double)p->count[i] : p->overall;
  }
done:
  mem_free(k->count);
  mem_free(k->sum);
  mem_free(k->cursor);
  return st;
}

/* --- the order --- */

/* A place in the order of popularity: after all items with more than `count` pairs, and after the first `ties` items
 * (by row) with exactly `count`. */
typedef struct place {
  int64_t count, ties;
} place;

/* out: the number of items with more pairs than `count`, and the number of their pairs. Collective. */
static void above(comm *c, const popular *p, int64_t count, int64_t out[2]) {
  out[0] = out[1] = 0;
  for (gid i = 0; i < part_count(&p->owners, c->rank); i++)
    if (p->count[i] > count) {
      out[0]++;
      out[1] += p->count[i];
    }
  comm_sum_i64(c, out, 2);
}

/* The least count such that the items above it are fewer (which = 0), or have fewer pairs (1), than `target`; *above_it
 * is their number. Collective. */
static int64_t least_count(comm *c, const popular *p, int which, int64_t target, int64_t *above_it) {
  int64_t low = 0, high = 0, n[2];
  for (gid i = 0; i < part_count(&p->owners, c->rank); i++)
    high = p->count[i] > high ? p->count[i] : high;
  comm_max_i64(c, &high, 1);
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    above(c, p, middle, n);
    if (n[which] < target)
      high = middle;
    else
      low = middle + 1;
  }
  above(c, p, low, n);
  *above_it = n[which];
  return low;
}

/* How many items with exactly `count` pairs lower ranks own. Collective. */
static int64_t ties_before(comm *c, const popular *p, int64_t count) {
  int64_t ties = 0;
  for (gid i = 0; i < part_count(&p->owners, c->rank); i++)
    ties += p->count[i] == count;
  return comm_before_i64(c, ties);
}

/* Shelf s begins at the first item that has at least s / POPULAR_SHELVES of all pairs before it. Collective. */
static void fill_shelves(comm *c, popular *p) {
  gid n = part_count(&p->owners, c->rank);
  memset(p->shelf, 0, (size_t)n);
  for (int s = 1; s < POPULAR_SHELVES && p->pairs > 0; s++) {
    int64_t target = p->pairs / POPULAR_SHELVES * s +
                     (p->pairs % POPULAR_SHELVES * s + POPULAR_SHELVES - 1) / POPULAR_SHELVES,
            before, count = least_count(c, p, 1, target, &before); /* target > 0, so count > 0 */
    place begin = {count, (target - before + count - 1) / count};
    int64_t tie = ties_before(c, p, count);
    for (gid i = 0; i < n; i++)
      if (p->count[i] < begin.count || (p->count[i] == begin.count && tie++ >= begin.ties))
        p->shelf[i]++;
  }
}

typedef struct by_count {
  int64_t count;
  lid item;
} by_count;

static int fall(const void *of_a, const void *of_b) {
  const by_count *a = of_a, *b = of_b;
  if (a->count != b->count)
    return a->count > b->count ? -1 : 1;
  return a->item < b->item ? -1 : 1;
}

/* The first n_head items of the order, on every rank. Collective; agreed status. */
static status find_head(comm *c, popular *p) {
  status st = OK;
  by_count *mine = NULL, *all = NULL;
  off *counts = NULL;
  gid first = p->owners.first[c->rank], n = part_count(&p->owners, c->rank);
  int64_t before, count = least_count(c, p, 0, p->n_head, &before), tie = ties_before(c, p, count), kept = 0;
  place end = {count, p->n_head - before};
  int64_t first_tie = tie;
  for (gid i = 0; i < n; i++)
    kept += p->count[i] > end.count || (p->count[i] == end.count && tie++ < end.ties);
  THEN(MEM_ALLOC(mine, kept, "order of items"));
  THEN(MEM_ALLOC(all, p->n_head, "order of items"));
  THEN(MEM_ALLOC(p->head, p->n_head, "order of items"));
  THEN(MEM_ALLOC(counts, c->size, "order of items"));
  TRY(comm_agree(c, st));
  tie = first_tie;
  kept = 0;
  for (gid i = 0; i < n; i++)
    if (p->count[i] > end.count || (p->count[i] == end.count && tie++ < end.ties))
      mine[kept++] = (by_count){.count = p->count[i], .item = (lid)(first + i)};
  comm_gather_i64(c, kept, counts);
  comm_share_rows(c, mine, all, counts, sizeof *all);
  qsort(all, (size_t)p->n_head, sizeof *all, fall);
  for (lid r = 0; r < p->n_head; r++)
    p->head[r] = all[r].item;
done:
  mem_free(mine);
  mem_free(all);
  mem_free(counts);
  return st;
}

static status reserve_items(comm *c, const popular_settings *wish, popular *out) {
  status st = OK;
  TRY(part_equal(&out->owners, wish->n_items, c->size));
  gid n = part_count(&out->owners, c->rank);
  TRY(MEM_ALLOC(out->count, n, "item counts"));
  TRY(MEM_ALLOC(out->shelf, n, "shelves"));
  if (wish->means)
    TRY(MEM_ALLOC(out->mean, n, "item means"));
done:
  return st;
}

status popular_make(comm *c, const csr *train, const popular_settings *wish, popular *out) {
  status st = OK;
  counting k = {.train = train, .skip = wish->skip, .likes = wish->likes};
  double bound = 0;
  *out = (popular){.n_head = (lid)(wish->head < wish->n_items ? wish->head : wish->n_items)};
  TRY(comm_agree(c, reserve_items(c, wish, out)));
  for (lid u = 0; u < train->n_rows; u++)
    for (off e = train->ptr[u]; e < train->ptr[u + 1] && (wish->skip == NULL || !wish->skip[u]); e++)
      out->pairs += !wish->likes || train->val[e] > 0;
  comm_sum_i64(c, &out->pairs, 1);
  if (wish->means) {
    for (off e = 0; e < csr_nnz(train); e++)
      bound = fmax(bound, fabs((double)train->val[e]));
    comm_max_f64(c, &bound, 1);
    k.scale = exact_scale_for(bound, out->pairs);
  }
  TRY(count_pairs(c, &k, wish->slice > 0 ? wish->slice : SLICE, out));
  fill_shelves(c, out);
  TRY(find_head(c, out));
done:
  if (st != OK)
    popular_free(out);
  return st;
}

void popular_free(popular *p) {
  part_free(&p->owners);
  mem_free(p->count);
  mem_free(p->mean);
  mem_free(p->shelf);
  mem_free(p->head);
  *p = (popular){0};
}

lid popular_list(const popular *p, const lid *seen, off n_seen, int most, lid *list) {
  lid n = 0;
  for (lid r = 0; r < p->n_head && n < most; r++)
    if (!row_contains(seen, n_seen, p->head[r]))
      list[n++] = p->head[r];
  return n;
}
