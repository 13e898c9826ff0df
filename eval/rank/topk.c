#include "eval/rank/topk.h"

#include "eval/rank/topk_kernel.h"
#include "eval/rank/topk_keys.h"
#include "io/base/mem.h"
#include "train/math/product.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

typedef struct kernels {
  int (*rows)(void);
  void (*scan)(topk_tile *t);
} kernels;

#define ENTRY(set)                                                                                                     \
  { ISA_JOIN(topk_rows, set), ISA_JOIN(topk_scan_tile, set) }
static const kernels KERNELS[] = {
    ENTRY(baseline),
#if defined(__x86_64__)
    ENTRY(avx2),
    ENTRY(avx512),
#endif
};

/* --- a block of items --- */

struct topk_items {
  isa set;
  int k;
  lid n;
  real *packed;
  lid *item;
  double *reach;
};

typedef struct by_norm {
  double norm;
  lid row;
} by_norm;

static int fall(const void *of_a, const void *of_b) {
  const by_norm *a = of_a, *b = of_b;
  if (a->norm != b->norm)
    return a->norm > b->norm ? -1 : 1;
  return a->row < b->row ? -1 : 1;
}

/* An upper bound of the norm. Infinite if the vector is not finite, so that nothing is skipped for it. */
static double norm_of(const real *x, int k) {
  double sum = 0;
  for (int p = 0; p < k; p++)
    sum += (double)x[p] * x[p];
  /* A sum of k single-precision products is off by at most k 2^-24 |x| |y|. */
  return isfinite(sum) ? sqrt(sum) * (1 + (k + 8) * 0x1p-23) + 1e-30 : INFINITY;
}

status topk_items_create(isa set, const real *y, lid n, int k, off ldy, const lid *row, lid first, topk_items **out) {
  status st = OK;
  by_norm *order = NULL;
  real *panel_rows = NULL;
  topk_items *b = NULL;
  off panel = product_panel(set), panels = ((off)n + panel - 1) / panel, size = product_packed_size(set, n, k);
  lid kept = 0;
  *out = NULL;
  if (size < 0)
    return status_fail(NO_MEMORY, "the size of the item block overflows");
  TRY(MEM_ZALLOC(b, 1, "item block"));
  *b = (topk_items){.set = set, .k = k};
  TRY(MEM_ALLOC(b->packed, size, "item block"));
  TRY(MEM_ALLOC(b->item, n, "item block"));
  TRY(MEM_ALLOC(b->reach, panels, "item block"));
  TRY(MEM_ALLOC(order, n, "order of items"));
  TRY(MEM_ALLOC(panel_rows, panel * k, "item panel"));
  for (lid i = 0; i < n; i++)
    if (row == NULL || row[i] >= 0)
      order[kept++] = (by_norm){norm_of(y + i * ldy, k), i};
  qsort(order, (size_t)kept, sizeof *order, fall);
  b->n = kept;
  for (off j = 0; j * panel < kept; j++) {
    off rows = kept - j * panel < panel ? kept - j * panel : panel;
    for (off r = 0; r < rows; r++) {
      lid from = order[j * panel + r].row;
      memcpy(panel_rows + r * k, y + from * ldy, sizeof *y * (size_t)k);
      b->item[j * panel + r] = row != NULL ? row[from] : first + from;
    }
    product_pack(set, panel_rows, rows, k, k, b->packed + j * panel * k);
    b->reach[j] = order[j * panel].norm;
  }
done:
  mem_free(order);
  mem_free(panel_rows);
  if (st != OK) {
    topk_items_free(b);
    b = NULL;
  }
  *out = b;
  return st;
}

void topk_items_free(topk_items *b) {
  if (b == NULL)
    return;
  mem_free(b->packed);
  mem_free(b->item);
  mem_free(b->reach);
  mem_free(b);
}

/* --- lists --- */

struct topk {
  int top, capacity;
  lid max_users, users;
  uint64_t *key; /* (max_users, capacity) */
  int *count;
  real *threshold; /* [max_users] */
  double scanned, offered;
};

int64_t topk_user_bytes(int top) {
  return (int64_t)topk_capacity(top) * 8 + 8;
}

status topk_create(int top, lid max_users, topk **out) {
  status st = OK;
  topk *t = NULL;
  *out = NULL;
  off keys;
  if (top > (1 << 29) || __builtin_mul_overflow((off)max_users, (off)topk_capacity(top), &keys))
    return status_fail(NO_MEMORY, "the size of the best lists overflows");
  TRY(MEM_ZALLOC(t, 1, "best lists"));
  *t = (topk){.top = top, .capacity = topk_capacity(top), .max_users = max_users};
  TRY(MEM_ALLOC(t->key, keys, "best lists"));
  TRY(MEM_ALLOC(t->count, max_users, "best lists"));
  TRY(MEM_ALLOC(t->threshold, max_users, "best lists"));
done:
  if (st != OK) {
    topk_free(t);
    t = NULL;
  }
  *out = t;
  return st;
}

void topk_free(topk *t) {
  if (t == NULL)
    return;
  mem_free(t->key);
  mem_free(t->count);
  mem_free(t->threshold);
  mem_free(t);
}

void topk_begin(topk *t, lid users) {
  t->users = users;
  for (lid u = 0; u < users; u++) {
    t->count[u] = 0;
    t->threshold[u] = -INFINITY;
  }
}

/* log2 of the size of a hash table for `n` seen items, at most half full. */
static int seen_bits(off n) {
  int bits = 2;
  while (((off)1 << bits) < 2 * n)
    bits++;
  return bits;
}

static void seen_fill(topk_row *row, lid *place, int bits, const lid *item, off n) {
  memset(place, 0, sizeof *place << bits);
  row->seen = place;
  row->seen_shift = 32 - bits;
  uint32_t mask = (1u << bits) - 1;
  for (off e = 0; e < n; e++) {
    uint32_t at = ((uint32_t)item[e] * 2654435769u) >> row->seen_shift;
    while (place[at] != 0 && place[at] != item[e] + 1)
      at = (at + 1) & mask;
    place[at] = item[e] + 1;
  }
}

typedef struct scan {
  topk *t;
  const topk_items *items;
  const real *x;
  off ldx;
  const off *seen_from, *seen_to;
  const lid *seen;
  int rows; /* of a group */
} scan;

/* Writes a user's vector to its column of the tile; x NULL: zeros, for a row that pads a group. */
static void pack_user(real *packed, int r, int rows, int k, const real *x) {
  real *to = packed + (off)(r / rows) * k * rows + r % rows;
  for (int p = 0; p < k; p++)
    to[(off)p * rows] = x != NULL ? x[p] : 0;
}

/* Row r of the tile for user u; `places` holds the tables of seen items. Returns the first place that is still free. */
static lid *load_user(const scan *s, topk_tile *tile, int r, lid u, lid *places) {
  topk *t = s->t;
  topk_row *row = &tile->row[r];
  row->norm = norm_of(s->x + u * s->ldx, tile->k);
  row->key = t->key + (off)u * t->capacity;
  row->count = t->count[u];
  tile->threshold[r] = t->threshold[u];
  off seen = s->seen != NULL ? s->seen_to[u] - s->seen_from[u] : 0;
  if (seen == 0)
    return places;
  int bits = seen_bits(seen);
  seen_fill(row, places, bits, s->seen + s->seen_from[u], seen);
  return places + ((off)1 << bits);
}

/* Scans users first … first+count-1 in one tile; `packed` and `places` are this thread's scratch. Returns how many
 * products of a group and a panel were made. */
static int64_t scan_users(const scan *s, lid first, int count, real *packed, lid *places) {
  topk *t = s->t;
  int k = s->items->k, rows = s->rows;
  topk_tile tile = {.k = k,
                    .top = t->top,
                    .capacity = t->capacity,
                    .groups = (count + rows - 1) / rows,
                    .x = packed,
                    .n = s->items->n,
                    .packed = s->items->packed,
                    .item = s->items->item,
                    .reach = s->items->reach};
  for (int r = 0; r < count; r++) {
    pack_user(packed, r, rows, k, s->x + (first + r) * s->ldx);
    places = load_user(s, &tile, r, first + r, places);
  }
  for (int r = count; r < tile.groups * rows; r++) {
    pack_user(packed, r, rows, k, NULL);
    tile.threshold[r] = INFINITY;
    tile.row[r].norm = 1;
  }
  for (int g = 0; g < tile.groups; g++) {
    tile.cut[g] = INFINITY;
    for (int r = g * rows; r < (g + 1) * rows; r++)
      tile.cut[g] = fmin(tile.cut[g], tile.threshold[r] / tile.row[r].norm);
  }
  KERNELS[s->items->set].scan(&tile);
  for (int r = 0; r < count; r++) {
    t->count[first + r] = tile.row[r].count;
    t->threshold[first + r] = tile.threshold[r];
  }
  return tile.scanned;
}

/* The most places that the seen items of a tile of users take. */
static off most_places(const scan *s, int tile) {
  off most = 0;
  for (lid u = 0; s->seen != NULL && u < s->t->users; u += tile) {
    off sum = 0;
    for (lid r = u; r < u + tile && r < s->t->users; r++)
      if (s->seen_to[r] > s->seen_from[r])
        sum += (off)1 << seen_bits(s->seen_to[r] - s->seen_from[r]);
    most = sum > most ? sum : most;
  }
  return most;
}

status topk_scan(topk *t, const topk_items *items, const real *x, off ldx, const off *seen_from, const off *seen_to,
                 const lid *seen) {
  status st = OK;
  scan s = {t, items, x, ldx, seen_from, seen_to, seen, KERNELS[items->set].rows()};
  int tile = TOPK_GROUPS * s.rows, threads = omp_get_max_threads();
  off x_places = (off)tile * items->k, seen_places = most_places(&s, tile);
  real *packed = NULL;
  lid *places = NULL;
  TRY(MEM_ALLOC(packed, threads * x_places, "user tiles"));
  TRY(MEM_ALLOC(places, threads * seen_places, "seen items"));
  int64_t scanned = 0;
#pragma omp parallel for schedule(dynamic) reduction(+ : scanned)
  for (lid u = 0; u < t->users; u += tile) {
    int me = omp_get_thread_num();
    scanned +=
        scan_users(&s, u, t->users - u < tile ? t->users - u : tile, packed + me * x_places, places + me * seen_places);
  }
  off panel = product_panel(items->set);
  t->scanned += (double)(scanned * panel * s.rows);
  t->offered += (double)((t->users + s.rows - 1) / s.rows * s.rows) * (double)((items->n + panel - 1) / panel * panel);
done:
  mem_free(packed);
  mem_free(places);
  return st;
}

void topk_finish(topk *t) {
#pragma omp parallel for schedule(dynamic, 64)
  for (lid u = 0; u < t->users; u++) {
    uint64_t *key = t->key + (off)u * t->capacity;
    t->count[u] = topk_cut(key, t->count[u], t->top);
    topk_sort(key, t->count[u]);
  }
}

lid topk_count(const topk *t, lid u) {
  return t->count[u];
}
lid topk_item(const topk *t, lid u, lid r) {
  return topk_key_item(t->key[(off)u * t->capacity + r]);
}
real topk_score(const topk *t, lid u, lid r) {
  return topk_key_score(t->key[(off)u * t->capacity + r]);
}

double topk_skipped(const topk *t) {
  return t->offered > 0 ? 1 - t->scanned / t->offered : 0;
}
