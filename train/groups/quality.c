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

/* A sample of the points of all ranks, on every rank. */
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

static status shared_alloc(shared_points *s, off n, int k) {
  status st = OK;
  TRY(MEM_ALLOC(s->x, n * k, "sample of points"));
  TRY(MEM_ALLOC(s->id, n, "sample of points"));
  TRY(MEM_ALLOC(s->label, n, "sample of points"));
  s->n = (lid)n;
done:
  return st;
}

/* The points marked `taken` of all ranks. Collective; agreed status. Free with shared_free, also after a failure. */
static status share(comm *c, const kmeans_points *points, const gid *id, const lid *label, const bool *taken,
                    shared_points *out) {
  int k = points->k;
  lid n = 0;
  off total = 0, *counts = NULL;
  shared_points mine = {0};
  *out = (shared_points){0};
  for (lid i = 0; i < points->n; i++)
    n += taken[i];
  status st = MEM_ALLOC(counts, c->size, "counts of ranks");
  if (st == OK)
    st = shared_alloc(&mine, n, k);
  TRY(comm_agree(c, st));
  for (lid i = 0, to = 0; i < points->n; i++)
    if (taken[i]) {
      memcpy(mine.x + (off)to * k, points->x + i * points->ld, sizeof(real) * (size_t)k);
      mine.id[to] = id[i];
      mine.label[to++] = label[i];
    }
  comm_gather_i64(c, n, counts);
  for (int r = 0; r < c->size; r++)
    total += counts[r];
  TRY(comm_agree(c, shared_alloc(out, total, k)));
  comm_share_rows(c, mine.x, out->x, counts, sizeof(real) * (size_t)k);
  comm_share_rows(c, mine.id, out->id, counts, sizeof *out->id);
  comm_share_rows(c, mine.label, out->label, counts, sizeof *out->label);
done:
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

/* The sample, and arrays over this rank's points and all groups. */
typedef struct silhouette {
  bool *taken;   /* [points]: in the sample */
  double *norm2; /* [points] */
  int64_t *size; /* [groups] */
  shared_points sample;
  int64_t *sum; /* (sample, groups): distances */
  real *packed; /* the sample, for products */
} silhouette;

static status silhouette_create(silhouette *s, lid n, lid groups) {
  status st = OK;
  *s = (silhouette){0};
  TRY(MEM_ALLOC(s->taken, n, "sample of points"));
  TRY(MEM_ALLOC(s->norm2, n, "lengths of points"));
  TRY(MEM_ZALLOC(s->size, groups, "sizes of groups"));
done:
  return st;
}

static void silhouette_free(silhouette *s) {
  shared_free(&s->sample);
  mem_free(s->taken);
  mem_free(s->norm2);
  mem_free(s->size);
  mem_free(s->sum);
  mem_free(s->packed);
}

status kmeans_silhouette(comm *c, const kmeans_points *points, const gid *id, const lid *label, lid groups,
                         int64_t sample, uint64_t seed, double *out, int64_t *sampled) {
  const int64_t most_sums = 1 << 23; /* 64 MB */
  isa set = isa_in_use();
  silhouette s;
  double largest = 0;
  int64_t n_all = points->n;
  *out = NAN;
  *sampled = 0;
  if (groups < 2)
    return OK;
  comm_sum_i64(c, &n_all, 1);
  if (sample > most_sums / groups)
    sample = most_sums / groups;
  status st = OK;
  TRY(comm_agree(c, silhouette_create(&s, points->n, groups)));
  for (lid i = 0; i < points->n; i++) {
    s.taken[i] = rng_uniform(seed, RNG_KMEANS, (uint64_t)id[i], SILHOUETTE_COLUMN) * (double)n_all < (double)sample;
    s.norm2[i] = square_length(points->x + i * points->ld, points->k);
    largest = s.norm2[i] > largest ? s.norm2[i] : largest;
    s.size[label[i]]++;
  }
  TRY(share(c, points, id, label, s.taken, &s.sample));
  lid n = s.sample.n;
  st = MEM_ZALLOC(s.sum, (off)n * groups, "distances by group");
  if (st == OK)
    st = MEM_ALLOC(s.packed, product_packed_size(set, n, points->k), "packed sample");
  TRY(comm_agree(c, st));
  comm_max_f64(c, &largest, 1);
  comm_sum_i64(c, s.size, groups);
  exact_scale scale = exact_scale_for(2 * sqrt(largest), n_all);
  product_pack(set, s.sample.x, n, points->k, points->k, s.packed);
#pragma omp parallel for schedule(dynamic)
  for (lid first = 0; first < n; first += SAMPLE_CHUNK)
    add_distances(points, id, label, s.norm2, &s.sample, first, n - first < SAMPLE_CHUNK ? n - first : SAMPLE_CHUNK,
                  groups, s.packed, scale, s.sum + (off)first * groups);
  comm_sum_i64(c, s.sum, (off)n * groups);
  *out = mean_silhouette(&s.sample, s.sum, s.size, groups, scale);
  *sampled = n;
done:
  silhouette_free(&s);
  return st;
}

/* --- stability --- */

/* A point's group in each half. */
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

/* Adjusted Rand index of pairs of labels; sorts them. size_a and size_b are zero, [groups] each. */
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

/* One half of this rank's points, and its k-means. */
typedef struct half {
  kmeans_points points;
  real *x, *centre, *dist2, *best;
  gid *id;
  lid *label;
} half;

static status half_create(half *h, lid n, const kmeans_points *all, lid groups) {
  status st = OK;
  *h = (half){.points = {.n = n, .k = all->k, .ld = all->k}};
  TRY(MEM_ALLOC(h->x, (off)n * all->k, "half of the points"));
  TRY(MEM_ALLOC(h->id, n, "half of the points"));
  TRY(MEM_ALLOC(h->label, n, "labels"));
  TRY(MEM_ALLOC(h->dist2, n, "distances"));
  TRY(MEM_ALLOC(h->centre, (off)groups * all->k, "centroids"));
  TRY(MEM_ALLOC(h->best, all->n, "scores"));
  h->points.x = h->x;
done:
  return st;
}

static void half_free(half *h) {
  mem_free(h->x);
  mem_free(h->id);
  mem_free(h->label);
  mem_free(h->dist2);
  mem_free(h->centre);
  mem_free(h->best);
}

/* Groups the points whose lot is `which` and gives every point its nearest group: label[n]. */
static status group_half(comm *c, const kmeans_points *points, const gid *id, const int8_t *lot, int which, lid groups,
                         bool unit, int rounds, uint64_t seed, lid *label) {
  status st = OK;
  int k = points->k;
  half h;
  kmeans_settings config = {.groups = groups, .rounds = rounds, .unit = unit, .on_round = kmeans_leave, .context = c};
  kmeans_result result;
  lid n = 0;
  for (lid i = 0; i < points->n; i++)
    n += lot[i] == which;
  config.bound_bytes = (int64_t)n * k * 8;
  TRY(comm_agree(c, half_create(&h, n, points, groups)));
  for (lid i = 0, to = 0; i < points->n; i++)
    if (lot[i] == which) {
      memcpy(h.x + (off)to * k, points->x + i * points->ld, sizeof *h.x * (size_t)k);
      h.id[to++] = id[i];
    }
  TRY(kmeans_seed(c, &h.points, h.id, groups, seed, HALF_COLUMN + which, h.centre));
  TRY(kmeans_run(c, &h.points, h.id, &config, h.centre, h.label, h.dist2, &result));
  for (lid i = 0; i < points->n; i++) {
    h.best[i] = INFINITY;
    label[i] = -1;
  }
  st = comm_agree(c, kmeans_assign_more(points, h.centre, 0, groups, h.best, label));
done:
  half_free(&h);
  return st;
}

/* The groups of all points in each half. */
typedef struct halves {
  int8_t *lot;      /* [points]: 0 or 1, the half it is in; -1: in neither */
  lid *a, *b;       /* [points]: group in each half */
  both *mine, *all; /* of the sampled points: of this rank's [points], of all ranks' */
  off *counts;      /* [ranks] */
  int64_t *sizes;   /* [2 groups] */
} halves;

static status halves_create(halves *h, const comm *c, lid n, lid groups) {
  status st = OK;
  *h = (halves){0};
  TRY(MEM_ALLOC(h->lot, n, "halves of the points"));
  TRY(MEM_ALLOC(h->a, n, "labels"));
  TRY(MEM_ALLOC(h->b, n, "labels"));
  TRY(MEM_ALLOC(h->mine, n, "labels"));
  TRY(MEM_ALLOC(h->counts, c->size, "counts of ranks"));
  TRY(MEM_ZALLOC(h->sizes, 2 * (off)groups, "sizes of groups"));
done:
  return st;
}

static void halves_free(halves *h) {
  mem_free(h->lot);
  mem_free(h->a);
  mem_free(h->b);
  mem_free(h->mine);
  mem_free(h->all);
  mem_free(h->counts);
  mem_free(h->sizes);
}

status kmeans_stability(comm *c, const kmeans_points *points, const gid *id, lid groups, bool unit, int rounds,
                        int64_t sample, uint64_t seed, double *out) {
  status st = OK;
  halves h;
  lid n = 0;
  off total = 0;
  int64_t size[2] = {0}, n_all = points->n, fewest = (int64_t)KMEANS_HALF_POINTS * groups;
  *out = NAN;
  comm_sum_i64(c, &n_all, 1);
  double share_of = n_all > sample ? (double)sample / (double)n_all : 1;
  TRY(comm_agree(c, halves_create(&h, c, points->n, groups)));
  for (lid i = 0; i < points->n; i++) {
    double u = rng_uniform(seed, RNG_KMEANS, (uint64_t)id[i], HALF_COLUMN);
    h.lot[i] = (int8_t)(u >= share_of ? -1 : u < share_of / 2 ? 0 : 1);
    if (h.lot[i] >= 0)
      size[h.lot[i]]++;
  }
  comm_sum_i64(c, size, 2);
  if (size[0] < fewest || size[1] < fewest)
    goto done;
  TRY(group_half(c, points, id, h.lot, 0, groups, unit, rounds, seed, h.a));
  TRY(group_half(c, points, id, h.lot, 1, groups, unit, rounds, seed, h.b));
  for (lid i = 0; i < points->n; i++)
    if (h.lot[i] >= 0)
      h.mine[n++] = (both){h.a[i], h.b[i]};
  comm_gather_i64(c, n, h.counts);
  for (int r = 0; r < c->size; r++)
    total += h.counts[r];
  TRY(comm_agree(c, MEM_ALLOC(h.all, total, "labels of all ranks")));
  comm_share_rows(c, h.mine, h.all, h.counts, sizeof *h.all);
  *out = adjusted_rand(h.all, (lid)total, groups, h.sizes, h.sizes + groups);
done:
  halves_free(&h);
  return st == BAD_DATA ? OK : st; /* a half has fewer distinct points than groups */
}
