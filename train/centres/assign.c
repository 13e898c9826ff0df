#include "train/centres/assign.h"

#include "io/base/mem.h"
#include "train/centres/centre_order.h"
#include "train/centres/kmeans_kernel.h"
#include "train/math/product.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define ENTRY(set)                                                                                                     \
  {                                                                                                                    \
    ISA_JOIN(kmeans_scan, set), ISA_JOIN(kmeans_distances, set), ISA_JOIN(kmeans_own_scores, set),                     \
        ISA_JOIN(kmeans_reached, set), ISA_JOIN(kmeans_nearer, set)                                                    \
  }
static const kmeans_kernels KERNELS[] = {
    ENTRY(baseline),
#if defined(__x86_64__)
    ENTRY(avx2),
    ENTRY(avx512),
#endif
};

const kmeans_kernels *kmeans_kernels_of(isa set) {
  return &KERNELS[set];
}

enum {
  BLOCK = 768, /* points a thread works on at a time; their bounds for one group are 3 KB */
  CHUNK = 96,  /* points in one scan: 24 KB at k = 64, so that they stay in the first-level cache */
};
/* Rounding: half a unit in the last place of a float, and a margin for a few operations in float. */
static const double UNIT = 0x1p-24, MARGIN = 0x1p-21;

/* One thread's work space. */
typedef struct scratch {
  real *x; /* (CHUNK, k): points gathered for a scan */
  real reach[BLOCK], best[BLOCK], distance[BLOCK], low[CHUNK], chunk_best[CHUNK], displaced_best[CHUNK];
  double error[BLOCK], norm2[BLOCK];
  lid slot[BLOCK], listed[BLOCK], chunk_slot[CHUNK], displaced[CHUNK], displaced_slot[CHUNK], name[BLOCK],
      unscored[CHUNK];
  bool scored[BLOCK];
} scratch;

struct kmeans_assigner {
  kmeans_points points;
  const kmeans_kernels *kernel;
  isa set;
  lid groups, n_slots, group_size, n_bounds; /* n_bounds groups of group_size slots; 0: no bounds */
  off bound_ld;
  real *bound;   /* (n_bounds, bound_ld): lower bound of a point's distance to a group of centres other than its own,
                    plus the group's drift when it was made; -inf if unknown */
  double *drift; /* [n_bounds]: how far a group's centres have moved in all, at most */
  real *norm2;   /* [n] */
  real *centre;  /* (G, k): of the last call */
  real *packed, *half, *half_by_name;
  lid *name, *slot; /* slot → number, number → slot */
  double largest;   /* |c| of the longest centre */
  bool started;
  scratch *scratches;
  int threads;
};

/* Slots in a group: one panel if the memory allows (at least 32 slots if panels are narrow), else more panels. */
static void choose_groups(kmeans_assigner *a, int64_t bound_bytes) {
  lid panel = (lid)product_panel(a->set);
  lid panels = (a->groups + panel - 1) / panel;
  a->n_slots = panels * panel;
  a->group_size = a->n_slots;
  a->n_bounds = 0;
  a->bound_ld = ((off)a->points.n + 15) / 16 * 16;
  int64_t afford = a->bound_ld > 0 ? bound_bytes / (a->bound_ld * (int64_t)sizeof(real)) : 0;
  if (afford < 1)
    return;
  lid width = panel < 32 ? 32 / panel : 1; /* panels in a group */
  while ((panels + width - 1) / width > afford)
    width++;
  a->group_size = width * panel;
  a->n_bounds = (panels + width - 1) / width;
}

static status alloc_scratches(scratch **out, int threads, int k) {
  status st = OK;
  *out = NULL;
  TRY(MEM_ZALLOC(*out, threads, "work space of k-means"));
  for (int t = 0; t < threads; t++)
    TRY(MEM_ALLOC((*out)[t].x, (off)CHUNK * k, "gathered points of k-means"));
done:
  return st;
}

static void free_scratches(scratch *s, int threads) {
  for (int t = 0; s != NULL && t < threads; t++)
    mem_free(s[t].x);
  mem_free(s);
}

status kmeans_assigner_create(const kmeans_points *points, lid groups, int64_t bound_bytes, kmeans_assigner **out) {
  status st = OK;
  kmeans_assigner *a = NULL;
  *out = NULL;
  TRY(MEM_ZALLOC(a, 1, "k-means"));
  a->points = *points;
  a->set = isa_in_use();
  a->kernel = kmeans_kernels_of(a->set);
  a->groups = groups;
  choose_groups(a, bound_bytes);
  TRY(MEM_ALLOC(a->bound, a->n_bounds * a->bound_ld, "distance bounds of k-means"));
  TRY(MEM_ZALLOC(a->drift, a->n_bounds, "drift of k-means"));
  TRY(MEM_ALLOC(a->norm2, points->n, "lengths of the points"));
  TRY(MEM_ALLOC(a->centre, (off)groups * points->k, "last centroids"));
  TRY(MEM_ALLOC(a->packed, product_packed_size(a->set, a->n_slots, points->k), "packed centroids"));
  TRY(MEM_ALLOC(a->half, a->n_slots, "lengths of the centroids"));
  TRY(MEM_ALLOC(a->half_by_name, groups, "lengths of the centroids"));
  TRY(MEM_ALLOC(a->name, a->n_slots, "order of the centroids"));
  TRY(MEM_ALLOC(a->slot, groups, "order of the centroids"));
  a->threads = omp_get_max_threads();
  TRY(alloc_scratches(&a->scratches, a->threads, points->k));
  for (off i = 0; i < a->n_bounds * a->bound_ld; i++)
    a->bound[i] = -INFINITY;
#pragma omp parallel for schedule(static)
  for (lid i = 0; i < points->n; i++) {
    double sum = 0;
    for (int p = 0; p < points->k; p++)
      sum += (double)points->x[i * points->ld + p] * points->x[i * points->ld + p];
    a->norm2[i] = (real)sum;
  }
done:
  if (st != OK) {
    kmeans_assigner_free(a);
    a = NULL;
  }
  *out = a;
  return st;
}

void kmeans_assigner_free(kmeans_assigner *a) {
  if (a == NULL)
    return;
  free_scratches(a->scratches, a->threads);
  mem_free(a->bound);
  mem_free(a->drift);
  mem_free(a->norm2);
  mem_free(a->centre);
  mem_free(a->packed);
  mem_free(a->half);
  mem_free(a->half_by_name);
  mem_free(a->name);
  mem_free(a->slot);
  mem_free(a);
}

void kmeans_assigner_relabel(kmeans_assigner *a, lid i) {
  for (lid g = 0; g < a->n_bounds; g++)
    a->bound[g * a->bound_ld + i] = -INFINITY;
}

static double half_length(const real *c, int k) {
  double sum = 0;
  for (int p = 0; p < k; p++)
    sum += (double)c[p] * c[p];
  return sum / 2;
}

/* The panels of centres in slot order, and their lengths. */
static void pack(kmeans_assigner *a, const real *centre) {
  int k = a->points.k, panel = product_panel(a->set);
  a->largest = 0;
  for (lid g = 0; g < a->groups; g++) {
    double half = half_length(centre + (off)g * k, k);
    a->half_by_name[g] = (real)half;
    a->largest = fmax(a->largest, sqrt(2 * half));
  }
#pragma omp parallel for schedule(static)
  for (lid first = 0; first < a->n_slots; first += panel) {
    real *to = a->packed + (off)first * k;
    for (lid j = 0; j < panel; j++) {
      lid name = a->name[first + j];
      bool there = name < a->groups;
      a->half[first + j] = there ? a->half_by_name[name] : INFINITY;
      for (int p = 0; p < k; p++)
        to[(off)p * panel + j] = there ? centre[(off)name * k + p] : 0;
    }
  }
}

/* Adds how far the groups have moved since the last call. */
static void add_drift(kmeans_assigner *a, const real *centre) {
  int k = a->points.k;
  for (lid b = 0; b < a->n_bounds; b++) {
    double most = 0;
    for (lid s = b * a->group_size; s < (b + 1) * a->group_size && s < a->groups; s++) {
      const real *now = centre + (off)a->name[s] * k, *then = a->centre + (off)a->name[s] * k;
      double sum = 0;
      for (int p = 0; p < k; p++)
        sum += ((double)now[p] - then[p]) * ((double)now[p] - then[p]);
      most = fmax(most, sum);
    }
    a->drift[b] += sqrt(most) * (1 + 1e-12);
  }
}

static status set_centres(kmeans_assigner *a, const real *centre) {
  status st = OK;
  if (!a->started) {
    for (lid s = 0; s < a->n_slots; s++)
      a->name[s] = s < a->groups ? s : INT32_MAX;
    if (a->n_bounds > 1)
      TRY(kmeans_order(centre, a->groups, a->points.k, a->group_size, a->name));
    for (lid s = 0; s < a->groups; s++)
      a->slot[a->name[s]] = s;
  } else
    add_drift(a, centre);
  memcpy(a->centre, centre, sizeof *centre * (size_t)((off)a->groups * a->points.k));
  pack(a, centre);
  a->started = true;
done:
  return st;
}

/* --- one block of points --- */

/* Squared distance beyond which no computed score can beat one of a point whose squared distance is at most d2: scores
 * err by at most `error`, and two of them meet. */
static real reach_of(double d2, double error) {
  return (real)(sqrt(fmax(d2, 0) + 4 * error) * (1 + MARGIN));
}

/* The bound to store for a least computed score. */
static real bound_of(double norm2, double error, real score, double drift) {
  double d2 = norm2 * (1 - MARGIN) + 2 * (double)score - 2 * error;
  return (real)(((d2 > 0 ? sqrt(d2) : 0) + drift) * (1 - MARGIN));
}

/* Scans up to CHUNK listed points of a block against one group, or against all slots if there are no bounds. */
static void scan_chunk(kmeans_assigner *a, scratch *s, lid block, const lid *listed, lid m, lid b) {
  int k = a->points.k;
  const real *x = a->points.x + block * a->points.ld;
  kmeans_centres centres = {k, a->n_slots, a->packed, a->half, a->name};
  kmeans_scan scan = {.m = m,
                      .best = s->chunk_best,
                      .slot = s->chunk_slot,
                      .low = a->n_bounds > 0 ? s->low : NULL,
                      .displaced = s->displaced,
                      .displaced_slot = s->displaced_slot,
                      .displaced_best = s->displaced_best};
  lid first = b * a->group_size, count = a->n_slots - first < a->group_size ? a->n_slots - first : a->group_size;
  if (listed[m - 1] - listed[0] == m - 1) {
    scan.x = x + listed[0] * a->points.ld;
    scan.ldx = a->points.ld;
  } else {
    for (lid i = 0; i < m; i++)
      memcpy(s->x + (off)i * k, x + listed[i] * a->points.ld, sizeof *x * (size_t)k);
    scan.x = s->x;
    scan.ldx = k;
  }
  lid unscored = 0;
  for (lid i = 0; i < m; i++)
    if (!s->scored[listed[i]]) {
      s->unscored[unscored++] = listed[i];
      s->scored[listed[i]] = true;
    }
  a->kernel->own_scores(x, a->points.ld, s->unscored, unscored, k, a->centre, a->half_by_name, s->name, s->best);
  for (lid i = 0; i < m; i++) {
    lid r = listed[i];
    s->chunk_best[i] = s->best[r];
    s->chunk_slot[i] = s->slot[r];
  }
  a->kernel->scan(&centres, first, count, &scan);
  for (lid i = 0; i < m; i++) {
    lid r = listed[i];
    if (s->chunk_slot[i] != s->slot[r]) {
      s->best[r] = s->chunk_best[i];
      s->slot[r] = s->chunk_slot[i];
      s->reach[r] = reach_of(s->norm2[r] * (1 + MARGIN) + 2 * (double)s->best[r] + 2 * s->error[r], s->error[r]);
    }
    if (scan.low != NULL)
      a->bound[b * a->bound_ld + block + r] = bound_of(s->norm2[r], s->error[r], s->low[i], a->drift[b]);
  }
  for (lid i = 0; i < scan.n_displaced; i++) {
    lid r = listed[scan.displaced[i]], from = scan.displaced_slot[i] / a->group_size;
    real *bound = &a->bound[from * a->bound_ld + block + r];
    *bound = fminf(*bound, bound_of(s->norm2[r], s->error[r], scan.displaced_best[i], a->drift[from]));
  }
}

/* Points block … block+m-1. */
static void assign_block(kmeans_assigner *a, scratch *s, lid block, lid m, lid *label, real *dist2, int64_t *scanned) {
  int k = a->points.k;
  const real *x = a->points.x + block * a->points.ld;
  label += block;
  dist2 += block;
  if (a->n_bounds > 0)
    a->kernel->distances(x, m, a->points.ld, k, a->centre, label, dist2);
  for (lid i = 0; i < m; i++) {
    double norm = sqrt(a->norm2[block + i]) * (1 + MARGIN);
    s->norm2[i] = a->norm2[block + i];
    s->error[i] = 1.01 * (k + 8) * UNIT * (norm * a->largest + a->largest * a->largest);
    s->name[i] = label[i];
    s->slot[i] = label[i] >= 0 ? a->slot[label[i]] : -1;
    s->scored[i] = label[i] < 0 || a->n_bounds == 0;
    s->best[i] = INFINITY;
    s->listed[i] = i;
    if (a->n_bounds > 0)
      s->reach[i] = label[i] >= 0 ? reach_of(dist2[i] * (1 + (k + 8) * 2 * UNIT), s->error[i]) : (real)INFINITY;
    else
      s->slot[i] = -1;
  }
  lid bounds = a->n_bounds > 0 ? a->n_bounds : 1;
  for (lid b = 0; b < bounds; b++) {
    lid n = m;
    if (a->n_bounds > 0)
      n = a->kernel->reached(a->bound + b * a->bound_ld + block, (real)(a->drift[b] * (1 + MARGIN)), s->reach, m,
                             s->listed);
    for (lid at = 0; at < n; at += CHUNK)
      scan_chunk(a, s, block, s->listed + at, n - at < CHUNK ? n - at : CHUNK, b);
    lid first = b * a->group_size, last = first + a->group_size < a->groups ? first + a->group_size : a->groups;
    *scanned += (int64_t)n * (last - first);
  }
  for (lid i = 0; i < m; i++) {
    lid to = a->name[s->slot[i]];
    if (to != label[i] || a->n_bounds == 0) {
      label[i] = to;
      a->kernel->distances(x + i * a->points.ld, 1, a->points.ld, k, a->centre, &to, &dist2[i]);
    }
  }
}

status kmeans_assign(kmeans_assigner *a, const real *centre, lid *label, real *dist2, kmeans_work *work) {
  status st = OK;
  int64_t scanned = 0;
  lid n = a->points.n;
  TRY(set_centres(a, centre));
#pragma omp parallel for schedule(dynamic) reduction(+ : scanned) num_threads(a->threads)
  for (lid block = 0; block < n; block += BLOCK)
    assign_block(a, &a->scratches[omp_get_thread_num()], block, n - block < BLOCK ? n - block : BLOCK, label, dist2,
                 &scanned);
  *work = (kmeans_work){scanned, (int64_t)n * a->groups - scanned};
done:
  return st;
}

/* --- seeding --- */

status kmeans_assign_more(const kmeans_points *points, const real *centre, lid first, lid count, real *best,
                          lid *label) {
  status st = OK;
  isa set = isa_in_use();
  const kmeans_kernels *kernel = kmeans_kernels_of(set);
  int k = points->k, panel = product_panel(set);
  lid n_slots = (count + panel - 1) / panel * panel;
  real *packed = NULL, *half = NULL;
  lid *name = NULL;
  TRY(MEM_ALLOC(packed, product_packed_size(set, n_slots, k), "packed candidates"));
  TRY(MEM_ALLOC(half, n_slots, "lengths of candidates"));
  TRY(MEM_ALLOC(name, n_slots, "numbers of candidates"));
  product_pack(set, centre, count, k, k, packed);
  for (lid s = 0; s < n_slots; s++) {
    half[s] = s < count ? (real)half_length(centre + (off)s * k, k) : INFINITY;
    name[s] = s;
  }
  kmeans_centres centres = {k, n_slots, packed, half, name};
#pragma omp parallel for schedule(dynamic)
  for (lid at = 0; at < points->n; at += CHUNK) {
    lid slot[CHUNK], m = points->n - at < CHUNK ? points->n - at : CHUNK;
    for (lid i = 0; i < m; i++)
      slot[i] = -1;
    kmeans_scan scan = {
        .m = m, .ldx = points->ld, .x = points->x + at * points->ld, .best = best + at, .slot = slot, .low = NULL};
    kernel->scan(&centres, 0, n_slots, &scan);
    for (lid i = 0; i < m; i++)
      if (slot[i] >= 0)
        label[at + i] = first + slot[i];
  }
done:
  mem_free(packed);
  mem_free(half);
  mem_free(name);
  return st;
}

void kmeans_point_distances(const kmeans_points *points, const real *centre, const lid *label, real *out) {
  const kmeans_kernels *kernel = kmeans_kernels_of(isa_in_use());
#pragma omp parallel for schedule(static)
  for (lid at = 0; at < points->n; at += BLOCK)
    kernel->distances(points->x + at * points->ld, points->n - at < BLOCK ? points->n - at : BLOCK, points->ld,
                      points->k, centre, label + at, out + at);
}

void kmeans_half_lengths(const real *centre, lid groups, int k, real *half) {
  for (lid g = 0; g < groups; g++)
    half[g] = (real)half_length(centre + (off)g * k, k);
}
