#include "train/groups/seed.h"

#include "io/base/mem.h"
#include "io/ranks/stop.h"
#include "train/groups/distinct.h"
#include "train/groups/plusplus.h"
#include "train/math/exact.h"
#include "train/math/rng.h"

#include <math.h>
#include <string.h>

/* In Bahmani et al., more than five rounds of half as many candidates as groups gain nothing. A candidate costs as much
 * as a centre in a round of Lloyd, so with few groups there may be more. */
enum { ROUNDS = 5, FEW_GROUPS = 512 };
static double oversampling(lid groups) {
  return groups <= FEW_GROUPS ? 2.0 * groups : 0.5 * groups;
}

static const double LITTLE_WORK = 1e10; /* multiplications of k-means++ */

typedef struct seeding {
  comm *c;
  const kmeans_points *points;
  const gid *id;
  uint64_t seed, restart;
  real *best, *d2;        /* [n]: score of, and squared distance to, the nearest candidate */
  lid *label;             /* [n]: which that is */
  bool *taken;            /* [n]: becomes a candidate */
  real *candidate, *mine; /* (n_candidates, k); this rank's new ones */
  lid n_candidates;
  off *counts;
} seeding;

static uint64_t column(const seeding *s, int round) {
  return (s->restart << 8) + (uint64_t)round;
}

/* Adds the points marked `taken` on all ranks to the candidates, and updates every point's distance. */
static status add_candidates(seeding *s) {
  status st = OK;
  int k = s->points->k;
  lid n = s->points->n, taken = 0;
  off total = 0;
  for (lid i = 0; i < n; i++)
    taken += s->taken[i];
  comm_gather_i64(s->c, taken, s->counts);
  for (int r = 0; r < s->c->size; r++)
    total += s->counts[r];
  if (s->n_candidates + total > INT32_MAX / 2)
    st = status_fail(NO_MEMORY, "k-means: %lld candidates for seeds are too many", (long long)total);
  if (st == OK)
    st = MEM_REALLOC(s->candidate, (s->n_candidates + total) * k, "candidates for seeds");
  if (st == OK)
    st = MEM_REALLOC(s->mine, (off)taken * k, "candidates for seeds");
  if (st == OK) {
    taken = 0;
    for (lid i = 0; i < n; i++)
      if (s->taken[i])
        memcpy(s->mine + (off)taken++ * k, s->points->x + i * s->points->ld, sizeof(real) * (size_t)k);
  }
  st = comm_agree(s->c, st);
  if (st != OK)
    return st;
  real *fresh = s->candidate + (off)s->n_candidates * k;
  comm_share_rows(s->c, s->mine, fresh, s->counts, sizeof(real) * (size_t)k);
  st = comm_agree(s->c, kmeans_assign_more(s->points, fresh, s->n_candidates, (lid)total, s->best, s->label));
  if (st != OK)
    return st;
  s->n_candidates += (lid)total;
  kmeans_point_distances(s->points, s->candidate, s->label, s->d2);
  return OK;
}

/* One point drawn from all of them: the one with the largest random number. */
static void take_first(seeding *s) {
  int64_t most = -1, row = -1, best_bits = -1;
  lid mine = -1;
  for (lid i = 0; i < s->points->n; i++) {
    int64_t bits = (int64_t)(rng_bits(s->seed, RNG_KMEANS, (uint64_t)s->id[i], column(s, 0)) >> 1);
    if (bits > best_bits) {
      best_bits = bits;
      mine = i;
    }
  }
  most = best_bits;
  comm_max_i64(s->c, &most, 1);
  row = mine >= 0 && best_bits == most ? s->id[mine] : -1;
  comm_max_i64(s->c, &row, 1);
  memset(s->taken, 0, sizeof *s->taken * (size_t)s->points->n);
  if (mine >= 0 && s->id[mine] == row)
    s->taken[mine] = true;
}

/* Takes each point with probability l · d² / Σ d². Returns false if every point coincides with a candidate. */
static bool take_far(seeding *s, double l, int64_t n_all, int round) {
  lid n = s->points->n;
  double largest = 0;
  for (lid i = 0; i < n; i++)
    largest = fmax(largest, s->d2[i]);
  comm_max_f64(s->c, &largest, 1);
  if (!(largest > 0))
    return false;
  exact_scale scale = exact_scale_for(largest, n_all);
  int64_t sum = 0;
  for (lid i = 0; i < n; i++)
    sum += exact_term(scale, s->d2[i]);
  comm_sum_i64(s->c, &sum, 1);
  double potential = exact_value(scale, sum);
  for (lid i = 0; i < n; i++)
    s->taken[i] = s->d2[i] > 0 &&
                  rng_uniform(s->seed, RNG_KMEANS, (uint64_t)s->id[i], column(s, round)) * potential < l * s->d2[i];
  return true;
}

static lid find_id(const gid *id, lid n, gid row) {
  lid low = 0, high = n;
  while (low < high) {
    lid middle = low + (high - low) / 2;
    if (id[middle] < row)
      low = middle + 1;
    else
      high = middle;
  }
  return low < n && id[low] == row ? low : -1;
}

/* The rows of n distinct points, on all ranks, as the bits of their values: rows (n, k). Each row is known to one rank
 * alone, so that the sum over ranks is the row. */
static void share_rows(const seeding *s, const distinct_point *distinct, lid n, int64_t *rows) {
  int k = s->points->k;
  for (lid g = 0; g < n; g++) {
    lid i = find_id(s->id, s->points->n, distinct[g].id);
    for (int p = 0; i >= 0 && p < k; p++) {
      uint32_t word;
      memcpy(&word, &s->points->x[i * s->points->ld + p], sizeof word);
      rows[(off)g * k + p] = word;
    }
  }
  comm_sum_i64(s->c, rows, (off)n * k);
}

/* Whether row (k) is among the n rows of centre (n, k). */
static bool is_known(const real *centre, lid n, int k, const real *row) {
  for (lid h = 0; h < n; h++) {
    bool same = true;
    for (int p = 0; p < k && same; p++)
      same = centre[(off)h * k + p] == row[p];
    if (same)
      return true;
  }
  return false;
}

/* Fewer than `groups` seeds were found: points repeat, or all but coincide. Fills up with distinct points; BAD_DATA if
 * there are not enough. */
static status fill(seeding *s, lid found, lid groups, real *centre) {
  status st = OK;
  int k = s->points->k;
  distinct_point *distinct = NULL;
  int64_t *rows = NULL;
  lid n_distinct = 0;
  TRY(comm_agree(s->c, MEM_ALLOC(distinct, groups, "distinct points")));
  TRY(kmeans_distinct(s->c, s->points, s->id, groups, s->seed, distinct, &n_distinct));
  if (n_distinct < groups) {
    st = status_fail(BAD_DATA,
                     "only %d of the factor rows are distinct, fewer than the %d groups requested: use --groups %d or "
                     "less",
                     n_distinct, groups, n_distinct);
    goto done;
  }
  TRY(comm_agree(s->c, MEM_ZALLOC(rows, (off)groups * k, "distinct points")));
  share_rows(s, distinct, groups, rows);
  for (lid g = 0; g < groups && found < groups; g++) {
    real *row = centre + (off)found * k;
    for (int p = 0; p < k; p++) {
      uint32_t word = (uint32_t)rows[(off)g * k + p];
      memcpy(&row[p], &word, sizeof word);
    }
    found += !is_known(centre, found, k, row);
  }
  if (found < groups) /* two distinct rows with one hash, or values that differ by less than rounding shows */
    st = status_fail(BAD_DATA, "fewer distinct factor rows than the %d groups requested: use fewer groups", groups);
done:
  mem_free(distinct);
  mem_free(rows);
  return st;
}

/* Weighs the candidates by the points nearest to them and chooses among them. */
static status choose(seeding *s, lid groups, real *centre) {
  int k = s->points->k;
  int64_t *weight = NULL;
  lid *chosen = NULL, found = 0;
  status st = MEM_ZALLOC(weight, s->n_candidates, "weights of candidates");
  if (st == OK)
    st = MEM_ALLOC(chosen, groups, "chosen seeds");
  TRY(comm_agree(s->c, st));
  for (lid i = 0; i < s->points->n; i++)
    weight[s->label[i]]++;
  comm_sum_i64(s->c, weight, s->n_candidates);
  /* Little work takes less time than messages: one rank does it. The seeds are the same. */
  comm alone = comm_single();
  bool together = (double)s->n_candidates * k * groups > LITTLE_WORK;
  if (together || s->c->rank == 0)
    st = kmeans_plusplus(together ? s->c : &alone, s->candidate, weight, s->n_candidates, k, groups, s->seed,
                         s->restart, chosen, &found);
  TRY(comm_agree(s->c, st));
  if (!together) {
    comm_broadcast(s->c, &found, sizeof found, 0);
    comm_broadcast(s->c, chosen, (off)sizeof *chosen * found, 0);
  }
  for (lid g = 0; g < found; g++)
    memcpy(centre + (off)g * k, s->candidate + (off)chosen[g] * k, sizeof *centre * (size_t)k);
  if (found < groups)
    st = fill(s, found, groups, centre);
done:
  mem_free(weight);
  mem_free(chosen);
  return st;
}

static status seeding_create(seeding *s) {
  status st = OK;
  lid n = s->points->n;
  TRY(MEM_ALLOC(s->best, n, "scores of seeding"));
  TRY(MEM_ALLOC(s->d2, n, "distances of seeding"));
  TRY(MEM_ALLOC(s->label, n, "labels of seeding"));
  TRY(MEM_ALLOC(s->taken, n, "choice of seeding"));
  TRY(MEM_ALLOC(s->counts, s->c->size, "counts of seeding"));
  for (lid i = 0; i < n; i++) {
    s->best[i] = INFINITY;
    s->label[i] = -1;
  }
done:
  return st;
}

static void seeding_free(seeding *s) {
  mem_free(s->best);
  mem_free(s->d2);
  mem_free(s->label);
  mem_free(s->taken);
  mem_free(s->candidate);
  mem_free(s->mine);
  mem_free(s->counts);
}

status kmeans_seed(comm *c, const kmeans_points *points, const gid *id, lid groups, uint64_t seed, int restart,
                   real *centre) {
  status st = OK;
  int64_t n_all = points->n;
  seeding s = {.c = c, .points = points, .id = id, .seed = seed, .restart = (uint64_t)restart};
  comm_sum_i64(c, &n_all, 1);
  if (n_all < groups)
    return status_fail(
        BAD_DATA, "%lld rows have events to learn from, fewer than the %d groups requested: use at most %lld groups",
        (long long)n_all, groups, (long long)n_all);
  TRY(comm_agree(c, seeding_create(&s)));
  take_first(&s);
  TRY(add_candidates(&s));
  for (int round = 1; round <= ROUNDS; round++) {
    if (stop_agreed(c, false)) {
      st = status_fail(STOPPED,
                       "while the first centres of groups were being chosen; run the same command again to resume");
      goto done;
    }
    if (!take_far(&s, oversampling(groups), n_all, round))
      break;
    TRY(add_candidates(&s));
  }
  st = choose(&s, groups, centre);
done:
  seeding_free(&s);
  return st;
}
