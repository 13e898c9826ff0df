#include "train/groups/quality.h"

#include "io/base/mem.h"
#include "train/groups/kmeans.h"
#include "train/groups/seed.h"
#include "train/math/exact.h"
#include "train/math/product.h"
#include "train/math/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns of the random stream, beyond those of seeding. */
enum { SILHOUETTE_COLUMN = 252, HALF_COLUMN = 253 };

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

status kmeans_gini(const int64_t *size, lid groups, double *out) {
  int64_t *sorted;
  double sum = 0, weighted = 0;
  status st = MEM_ALLOC(sorted, groups, "sizes of groups");
  if (st != OK)
    return st;
  memcpy(sorted, size, sizeof *size * (size_t)groups);
  qsort(sorted, (size_t)groups, sizeof *sorted, by_size);
  for (lid g = 0; g < groups; g++) {
    sum += (double)sorted[g];
    weighted += (double)sorted[g] * (g + 1.0);
  }
  *out = sum > 0 ? 2 * weighted / (groups * sum) - (groups + 1.0) / groups : 0;
  mem_free(sorted);
  return OK;
}

/* Points that a rule takes, of all ranks, on every rank. */
typedef struct shared_points {
  lid n;
  real *x; /* (n, k) */
  gid *id;
  lid *label;
} shared_points;

static void shared_free(shared_points *s) {
  mem_free(s->x);
  mem_free(s->id);
  mem_free(s->label);
}

static status share(comm *c, const kmeans_points *points, const gid *id, const lid *label, const bool *taken,
                    shared_points *out) {
  status st = OK;
  int k = points->k;
  lid n = 0;
  off total = 0, *counts = NULL;
  shared_points mine = {0};
  *out = (shared_points){0};
  for (lid i = 0; i < points->n; i++)
    n += taken[i];
  TRY(MEM_ALLOC(counts, c->size, "counts of ranks"));
  TRY(MEM_ALLOC(mine.x, (off)n * k, "sample of points"));
  TRY(MEM_ALLOC(mine.id, n, "sample of points"));
  TRY(MEM_ALLOC(mine.label, n, "sample of points"));
  for (lid i = 0; i < points->n; i++)
    if (taken[i]) {
      memcpy(mine.x + (off)mine.n * k, points->x + i * points->ld, sizeof(real) * (size_t)k);
      mine.id[mine.n] = id[i];
      mine.label[mine.n++] = label[i];
    }
done:
  st = comm_agree(c, st);
  if (st == OK) {
    comm_gather_i64(c, n, counts);
    for (int r = 0; r < c->size; r++)
      total += counts[r];
    st = MEM_ALLOC(out->x, total * k, "sample of points");
    if (st == OK)
      st = MEM_ALLOC(out->id, total, "sample of points");
    if (st == OK)
      st = MEM_ALLOC(out->label, total, "sample of points");
    st = comm_agree(c, st);
  }
  if (st == OK) {
    comm_share_rows(c, mine.x, out->x, counts, sizeof(real) * (size_t)k);
    comm_share_rows(c, mine.id, out->id, counts, sizeof *out->id);
    comm_share_rows(c, mine.label, out->label, counts, sizeof *out->label);
    out->n = (lid)total;
  }
  shared_free(&mine);
  mem_free(counts);
  return st;
}

static double square_length(const real *x, int k) {
  double sum = 0;
  for (int p = 0; p < k; p++)
    sum += (double)x[p] * x[p];
  return sum;
}

enum { SAMPLE_CHUNK = 32, POINT_CHUNK = 64 };

/* Adds the distances of this rank's points to sample points first … first+count-1, by the points' groups:
 * sum (count, groups). */
static void add_distances(const kmeans_points *points, const gid *id, const lid *label, const double *norm2,
                          const shared_points *s, lid first, lid count, lid groups, const real *packed,
                          exact_scale scale, int64_t *sum) {
  isa set = isa_in_use();
  real dot[POINT_CHUNK * SAMPLE_CHUNK];
  double other[SAMPLE_CHUNK];
  for (lid j = 0; j < count; j++)
    other[j] = square_length(s->x + (off)(first + j) * points->k, points->k);
  for (off at = 0; at < points->n; at += POINT_CHUNK) {
    off m = points->n - at < POINT_CHUNK ? points->n - at : POINT_CHUNK;
    product_block(set, points->x + at * points->ld, m, points->ld, packed + (off)first * points->k, count, points->k,
                  dot, SAMPLE_CHUNK);
    for (off i = 0; i < m; i++)
      for (lid j = 0; j < count; j++)
        if (id[at + i] != s->id[first + j]) {
          double d2 = norm2[at + i] + other[j] - 2 * (double)dot[i * SAMPLE_CHUNK + j];
          sum[(off)j * groups + label[at + i]] += exact_term(scale, d2 > 0 ? sqrt(d2) : 0);
        }
  }
}

static double mean_silhouette(const shared_points *s, const int64_t *sum, const int64_t *size, lid groups,
                              exact_scale scale) {
  double total = 0;
  for (lid j = 0; j < s->n; j++) {
    lid own = s->label[j];
    double b = INFINITY;
    if (size[own] < 2)
      continue;
    double a = exact_value(scale, sum[(off)j * groups + own]) / (double)(size[own] - 1);
    for (lid g = 0; g < groups; g++)
      if (g != own && size[g] > 0) {
        double mean = exact_value(scale, sum[(off)j * groups + g]) / (double)size[g];
        b = mean < b ? mean : b;
      }
    if (isfinite(b) && (a > 0 || b > 0))
      total += (b - a) / (a > b ? a : b);
  }
  return s->n > 0 ? total / s->n : NAN;
}

status kmeans_silhouette(comm *c, const kmeans_points *points, const gid *id, const lid *label, lid groups,
                         int64_t sample, uint64_t seed, double *out, int64_t *sampled) {
  const int64_t most_sums = 1 << 23; /* 64 MB */
  status st = OK;
  isa set = isa_in_use();
  shared_points s = {0};
  bool *taken = NULL;
  real *packed = NULL;
  double *norm2 = NULL, largest = 0;
  int64_t *sum = NULL, *size = NULL, n_all = points->n;
  *out = NAN;
  *sampled = 0;
  if (groups < 2)
    return OK;
  comm_sum_i64(c, &n_all, 1);
  if (sample > most_sums / groups)
    sample = most_sums / groups;
  TRY(MEM_ALLOC(taken, points->n, "sample of points"));
  TRY(MEM_ALLOC(norm2, points->n, "lengths of points"));
  TRY(MEM_ZALLOC(size, groups, "sizes of groups"));
  for (lid i = 0; i < points->n; i++) {
    taken[i] = rng_uniform(seed, RNG_KMEANS, (uint64_t)id[i], SILHOUETTE_COLUMN) * (double)n_all < (double)sample;
    norm2[i] = square_length(points->x + i * points->ld, points->k);
    largest = norm2[i] > largest ? norm2[i] : largest;
    size[label[i]]++;
  }
done:
  st = comm_agree(c, st);
  if (st == OK)
    st = share(c, points, id, label, taken, &s);
  if (st == OK) {
    st = MEM_ZALLOC(sum, (off)s.n * groups, "distances by group");
    if (st == OK)
      st = MEM_ALLOC(packed, product_packed_size(set, s.n, points->k), "packed sample");
    st = comm_agree(c, st);
  }
  if (st == OK) {
    comm_max_f64(c, &largest, 1);
    comm_sum_i64(c, size, groups);
    exact_scale scale = exact_scale_for(2 * sqrt(largest), n_all);
    product_pack(set, s.x, s.n, points->k, points->k, packed);
#pragma omp parallel for schedule(dynamic)
    for (lid first = 0; first < s.n; first += SAMPLE_CHUNK)
      add_distances(points, id, label, norm2, &s, first, s.n - first < SAMPLE_CHUNK ? s.n - first : SAMPLE_CHUNK,
                    groups, packed, scale, sum + (off)first * groups);
    comm_sum_i64(c, sum, (off)s.n * groups);
    *out = mean_silhouette(&s, sum, size, groups, scale);
    *sampled = s.n;
  }
  shared_free(&s);
  mem_free(taken);
  mem_free(packed);
  mem_free(norm2);
  mem_free(sum);
  mem_free(size);
  return st;
}

/* --- stability --- */

/* A point's groups of either half. */
typedef struct both {
  lid a, b;
} both;

static int by_both(const void *x, const void *y) {
  const both *p = x, *q = y;
  if (p->a != q->a)
    return p->a < q->a ? -1 : 1;
  return p->b < q->b ? -1 : p->b > q->b;
}

static double choose_two(double n) {
  return n * (n - 1) / 2;
}

/* Adjusted Rand index of sorted pairs of labels; size has room for the groups of either. */
static double adjusted_rand(both *list, lid n, lid groups, int64_t *size_a, int64_t *size_b) {
  double index = 0, in_a = 0, in_b = 0;
  qsort(list, (size_t)n, sizeof *list, by_both);
  for (lid first = 0, last = 0; first < n; first = last) {
    while (last < n && by_both(&list[first], &list[last]) == 0)
      last++;
    index += choose_two(last - first);
  }
  for (lid i = 0; i < n; i++) {
    size_a[list[i].a]++;
    size_b[list[i].b]++;
  }
  for (lid g = 0; g < groups; g++) {
    in_a += choose_two((double)size_a[g]);
    in_b += choose_two((double)size_b[g]);
  }
  double expected = in_a * in_b / choose_two(n), most = (in_a + in_b) / 2;
  return most > expected ? (index - expected) / (most - expected) : 1;
}

/* Groups the points marked `half` and gives every sampled point its group: label[n], -1 to points not sampled. */
static status group_half(comm *c, const kmeans_points *points, const gid *id, const int8_t *lot, int half, lid groups,
                         bool unit, int rounds, uint64_t seed, lid *label) {
  status st = OK;
  int k = points->k;
  kmeans_points mine = {.k = k, .ld = k};
  kmeans_config config = {.groups = groups, .rounds = rounds, .unit = unit, .on_round = kmeans_leave, .context = c};
  kmeans_result result;
  real *x = NULL, *centre = NULL, *dist2 = NULL, *best = NULL;
  gid *ids = NULL;
  lid *labels = NULL;
  for (lid i = 0; i < points->n; i++)
    mine.n += lot[i] == half;
  config.bound_bytes = (int64_t)mine.n * k * 8;
  TRY(MEM_ALLOC(x, (off)mine.n * k, "half of the points"));
  TRY(MEM_ALLOC(ids, mine.n, "half of the points"));
  TRY(MEM_ALLOC(labels, mine.n, "labels"));
  TRY(MEM_ALLOC(dist2, mine.n, "distances"));
  TRY(MEM_ALLOC(centre, (off)groups * k, "centroids"));
  TRY(MEM_ALLOC(best, points->n, "scores"));
  mine.x = x;
  for (lid i = 0, to = 0; i < points->n; i++)
    if (lot[i] == half) {
      memcpy(x + (off)to * k, points->x + i * points->ld, sizeof *x * (size_t)k);
      ids[to++] = id[i];
    }
done:
  st = comm_agree(c, st);
  if (st == OK)
    st = kmeans_seed(c, &mine, ids, groups, seed, HALF_COLUMN + half, centre);
  if (st == OK)
    st = kmeans_run(c, &mine, ids, &config, centre, labels, dist2, &result);
  if (st == OK) {
    for (lid i = 0; i < points->n; i++) {
      best[i] = INFINITY;
      label[i] = -1;
    }
    st = comm_agree(c, kmeans_assign_more(points, centre, 0, groups, best, label));
  }
  mem_free(x);
  mem_free(ids);
  mem_free(labels);
  mem_free(dist2);
  mem_free(centre);
  mem_free(best);
  return st;
}

status kmeans_stability(comm *c, const kmeans_points *points, const gid *id, lid groups, bool unit, int rounds,
                        int64_t sample, uint64_t seed, double *out) {
  status st = OK;
  int8_t *lot = NULL;
  lid *a = NULL, *b = NULL, n = 0;
  both *mine = NULL, *all = NULL;
  off *counts = NULL, total = 0;
  int64_t *sizes = NULL, halves[2] = {0}, n_all = points->n;
  *out = NAN;
  comm_sum_i64(c, &n_all, 1);
  double share_of = n_all > sample ? (double)sample / (double)n_all : 1;
  TRY(MEM_ALLOC(lot, points->n, "halves of the points"));
  TRY(MEM_ALLOC(a, points->n, "labels"));
  TRY(MEM_ALLOC(b, points->n, "labels"));
  TRY(MEM_ALLOC(mine, points->n, "labels"));
  TRY(MEM_ALLOC(counts, c->size, "counts of ranks"));
  TRY(MEM_ZALLOC(sizes, 2 * (off)groups, "sizes of groups"));
  for (lid i = 0; i < points->n; i++) {
    double u = rng_uniform(seed, RNG_KMEANS, (uint64_t)id[i], HALF_COLUMN);
    lot[i] = (int8_t)(u >= share_of ? -1 : u < share_of / 2 ? 0 : 1);
    if (lot[i] >= 0)
      halves[lot[i]]++;
  }
done:
  st = comm_agree(c, st);
  if (st == OK) {
    comm_sum_i64(c, halves, 2);
    int64_t fewest = (int64_t)KMEANS_HALF_POINTS * groups;
    if (halves[0] >= fewest && halves[1] >= fewest) {
      st = group_half(c, points, id, lot, 0, groups, unit, rounds, seed, a);
      if (st == OK)
        st = group_half(c, points, id, lot, 1, groups, unit, rounds, seed, b);
      for (lid i = 0; st == OK && i < points->n; i++)
        if (lot[i] >= 0)
          mine[n++] = (both){a[i], b[i]};
      if (st == OK) {
        comm_gather_i64(c, n, counts);
        for (int r = 0; r < c->size; r++)
          total += counts[r];
        st = comm_agree(c, MEM_ALLOC(all, total, "labels of all ranks"));
      }
      if (st == OK) {
        comm_share_rows(c, mine, all, counts, sizeof *all);
        *out = adjusted_rand(all, (lid)total, groups, sizes, sizes + groups);
      }
      if (st == BAD_DATA) /* a half has fewer distinct points than groups */
        st = OK;
    }
  }
  mem_free(lot);
  mem_free(a);
  mem_free(b);
  mem_free(mine);
  mem_free(all);
  mem_free(counts);
  mem_free(sizes);
  return st;
}
