#include "train/groups/plusplus.h"

#include "io/base/mem.h"
#include "train/centres/assign.h"
#include "train/centres/kmeans_kernel.h"
#include "train/math/rng.h"

#include <math.h>
#include <string.h>

enum {
  SEGMENT = 512,     /* candidates whose potential is summed together, in order */
  ONE_BY_ONE = 256,  /* seeds that are drawn one after another */
  BATCH_SHARE = 16,  /* then (seeds so far) / this at once: few of a batch are close to one another */
  BATCH_MOST = 1024, /* so that distances within a batch take less time than those to the candidates */
  DRAW_COLUMN = 255, /* of the random stream */
  KEEP_COLUMN = 254,
};

/* A drawn candidate, as its owner reports it. */
typedef struct drawn {
  int64_t candidate; /* -1 on other ranks than the owner's */
  int64_t d2_bits;   /* the float's */
} drawn;

typedef struct search {
  comm *c;
  const real *candidate;
  const int64_t *weight;
  lid n;
  int k;
  uint64_t seed, stream, draws; /* draws: number drawn so far */
  lid n_segments, first, last;  /* segments first … last-1 are ours */
  double *segment;              /* [n_segments]: potentials, of all ranks */
  off *counts;                  /* [ranks]: segments of each */
  real *d2;                     /* of our candidates to the nearest seed */
  real *best, *near;            /* of our candidates: to the nearest of a batch */
  lid *label;
  real *batch; /* (BATCH_MOST, k) */
  drawn *draw; /* [BATCH_MOST] */
} search;

static lid ours_begin(const search *s) {
  return s->first * SEGMENT;
}
static lid ours_count(const search *s) {
  off end = (off)s->last * SEGMENT;
  return (lid)((end < s->n ? end : s->n) - (off)s->first * SEGMENT);
}

static status search_create(search *s) {
  status st = OK;
  s->n_segments = (lid)(((off)s->n + SEGMENT - 1) / SEGMENT);
  s->first = (lid)((off)s->n_segments * s->c->rank / s->c->size);
  s->last = (lid)((off)s->n_segments * (s->c->rank + 1) / s->c->size);
  lid mine = s->last > s->first ? ours_count(s) : 0;
  TRY(MEM_ALLOC(s->segment, s->n_segments, "sums over candidates"));
  TRY(MEM_ALLOC(s->counts, s->c->size, "sums over candidates"));
  TRY(MEM_ALLOC(s->d2, mine, "distances of candidates"));
  TRY(MEM_ALLOC(s->best, mine, "distances of candidates"));
  TRY(MEM_ALLOC(s->near, mine, "distances of candidates"));
  TRY(MEM_ALLOC(s->label, mine, "distances of candidates"));
  TRY(MEM_ALLOC(s->batch, (off)BATCH_MOST * s->k, "drawn seeds"));
  TRY(MEM_ALLOC(s->draw, BATCH_MOST, "drawn seeds"));
  for (lid i = 0; i < mine; i++)
    s->d2[i] = 1; /* the first is drawn by weight alone */
  for (int r = 0; r < s->c->size; r++)
    s->counts[r] = (off)s->n_segments * (r + 1) / s->c->size - (off)s->n_segments * r / s->c->size;
done:
  return comm_agree(s->c, st);
}

static void search_free(search *s) {
  mem_free(s->segment);
  mem_free(s->counts);
  mem_free(s->d2);
  mem_free(s->best);
  mem_free(s->near);
  mem_free(s->label);
  mem_free(s->batch);
  mem_free(s->draw);
}

/* Updates the distances of our candidates with the seeds in batch (count, k); `opening`: the first seed of all is among
 * them. */
static status look_at(search *s, lid count, bool opening) {
  const kmeans_kernels *kernel = kmeans_kernels_of(isa_in_use());
  lid n = s->last > s->first ? ours_count(s) : 0;
  int k = s->k;
  const real *y = s->candidate + (off)ours_begin(s) * k;
  for (lid i = 0; opening && i < n; i++)
    s->d2[i] = INFINITY;
  if (count == 1) {
#pragma omp parallel for schedule(static) if (n > 8 * SEGMENT)
    for (lid at = 0; at < n; at += SEGMENT)
      kernel->nearer(y + (off)at * k, n - at < SEGMENT ? n - at : SEGMENT, k, k, s->batch, s->d2 + at);
    return OK;
  }
  const kmeans_points points = {n, k, k, y};
  for (lid i = 0; i < n; i++) {
    s->best[i] = INFINITY;
    s->label[i] = -1;
  }
  status st = kmeans_assign_more(&points, s->batch, 0, count, s->best, s->label);
  if (st != OK)
    return st;
  kmeans_point_distances(&points, s->batch, s->label, s->near);
  for (lid i = 0; i < n; i++)
    s->d2[i] = s->near[i] < s->d2[i] ? s->near[i] : s->d2[i];
  return OK;
}

/* The potentials of all segments, Σ weight · d2, on all ranks. Returns their sum. */
static double sum_up(search *s) {
  double total = 0;
#pragma omp parallel for schedule(static) if (s->last - s->first > 8)
  for (lid g = s->first; g < s->last; g++) {
    double sum = 0;
    for (lid i = g * SEGMENT; i < s->n && i < (g + 1) * SEGMENT; i++)
      sum += (double)s->weight[i] * s->d2[i - ours_begin(s)];
    s->segment[g] = sum;
  }
  comm_share_rows(s->c, s->segment + s->first, s->segment, s->counts, sizeof *s->segment);
  for (lid g = 0; g < s->n_segments; g++)
    total += s->segment[g];
  return total;
}

/* The candidate at which the running sum passes `target`; the last one with a share if rounding leads past the end. -1
 * if it is another rank's, or there is none. */
static lid find(const search *s, double target) {
  lid at = -1, last = -1;
  for (lid g = 0; g < s->n_segments; g++) {
    if (!(s->segment[g] > 0))
      continue;
    at = g;
    if (target < s->segment[g])
      break;
    target -= s->segment[g];
  }
  if (at < s->first || at >= s->last)
    return -1;
  for (lid i = at * SEGMENT; i < s->n && i < (at + 1) * SEGMENT; i++) {
    double share = (double)s->weight[i] * s->d2[i - ours_begin(s)];
    if (share > 0) {
      last = i;
      if (target < share)
        break;
      target -= share;
    }
  }
  return last;
}

/* Draws `count` candidates by the current distances, on all ranks. */
static void draw(search *s, lid count, double total) {
#pragma omp parallel for schedule(static) if (count > 32)
  for (lid j = 0; j < count; j++) {
    uint32_t bits = 0;
    lid i = find(s, total * rng_uniform(s->seed, RNG_KMEANS, s->draws + (uint64_t)j, (s->stream << 8) + DRAW_COLUMN));
    if (i >= 0)
      memcpy(&bits, &s->d2[i - ours_begin(s)], sizeof bits);
    s->draw[j] = (drawn){i, i >= 0 ? (int64_t)bits : -1};
  }
  comm_max_i64(s->c, &s->draw[0].candidate, 2 * (off)count);
}

/* Keeps each with the probability that drawing one after another would give it: the seeds kept are the first rows of
 * batch. Rank 0 decides and broadcasts. */
static lid keep(search *s, lid count, lid most, lid *chosen) {
  const kmeans_kernels *kernel = kmeans_kernels_of(isa_in_use());
  lid kept = 0;
  int k = s->k;
  real apart[BATCH_MOST];
  for (lid j = 0; s->c->rank == 0 && j < count && kept < most; j++) {
    uint32_t bits = (uint32_t)s->draw[j].d2_bits;
    real then, now;
    lid i = (lid)s->draw[j].candidate;
    if (i < 0)
      continue;
    const real *y = s->candidate + (off)i * k;
    memcpy(&then, &bits, sizeof then);
    now = then;
    for (lid h = 0; h < kept; h++)
      apart[h] = INFINITY;
    kernel->nearer(s->batch, kept, k, k, y, apart);
    for (lid h = 0; h < kept; h++)
      now = apart[h] < now ? apart[h] : now;
    double u = rng_uniform(s->seed, RNG_KMEANS, s->draws + (uint64_t)j, (s->stream << 8) + KEEP_COLUMN);
    if (u * then < now) {
      memcpy(s->batch + (off)kept * k, y, sizeof *y * (size_t)k);
      chosen[kept++] = i;
    }
  }
  comm_broadcast(s->c, &kept, sizeof kept, 0);
  comm_broadcast(s->c, chosen, (off)sizeof *chosen * kept, 0);
  for (lid h = 0; h < kept; h++)
    memcpy(s->batch + (off)h * k, s->candidate + (off)chosen[h] * k, sizeof *s->batch * (size_t)k);
  s->draws += (uint64_t)count;
  return kept;
}

status kmeans_plusplus(comm *c, const real *candidate, const int64_t *weight, lid n, int k, lid groups, uint64_t seed,
                       uint64_t stream, lid *chosen, lid *found) {
  search s = {.c = c, .candidate = candidate, .weight = weight, .n = n, .k = k, .seed = seed, .stream = stream};
  *found = 0;
  status st = search_create(&s);
  while (st == OK && *found < groups) {
    double total = sum_up(&s);
    if (!(total > 0))
      break;
    lid count = *found < ONE_BY_ONE ? 1 : *found / BATCH_SHARE;
    count = count < BATCH_MOST ? count : BATCH_MOST;
    draw(&s, count, total);
    lid kept = keep(&s, count, groups - *found, chosen + *found);
    if (kept == 0)
      break;
    st = comm_agree(c, look_at(&s, kept, *found == 0));
    *found += kept;
  }
  search_free(&s);
  return st;
}
