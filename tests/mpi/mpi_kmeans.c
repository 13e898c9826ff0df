/* If these fail, a member's taste group depends on how many machines the night's job was given. */
#include "io/base/mem.h"
#include "io/ranks/comm.h"
#include "tests/ref/ref_kmeans.h"
#include "tests/support/suite.h"
#include "train/centres/membership.h"
#include "train/exchange/part.h"
#include "train/groups/choose_number.h"
#include "train/groups/distinct.h"
#include "train/groups/kmeans.h"
#include "train/groups/merge_small.h"
#include "train/groups/plusplus.h"
#include "train/groups/seed.h"
#include "train/math/rng.h"

#include <math.h>
#include <mpi.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

/* Every rank makes all points; the same work is done by each rank alone and by all together. */
typedef struct world {
  comm c;
  lid n;
  int k;
  real *x; /* (n, k) */
  gid *id; /* [n], ascending, with gaps */
  lid first, count;
} world;

static world make(lid n, int k, int places, double spread) {
  world w = {.c = comm_world(), .n = n, .k = k};
  part p;
  ck_assert_int_eq(MEM_ALLOC(w.x, (off)n * k, "x"), OK);
  ck_assert_int_eq(MEM_ALLOC(w.id, n, "id"), OK);
  for (lid i = 0; i < n; i++) {
    w.id[i] = 3 * (gid)i + 1;
    for (int q = 0; q < k; q++)
      w.x[(off)i * k + q] = (real)(rng_normal(7, 1, (uint64_t)(i % places), (uint64_t)q) +
                                   spread * rng_normal(7, 2, (uint64_t)i, (uint64_t)q));
  }
  ck_assert_int_eq(part_equal(&p, n, w.c.size), OK);
  w.first = (lid)p.first[w.c.rank];
  w.count = (lid)part_count(&p, w.c.rank);
  part_free(&p);
  return w;
}

static void drop(world *w) {
  mem_free(w->x);
  mem_free(w->id);
}

/* Asserts on all ranks or on none. */
static void assert_all(world *w, bool good) {
  double bad = good ? 0 : 1;
  comm_max_f64(&w->c, &bad, 1);
  ck_assert_msg(bad == 0, "wrong on one rank");
}

typedef struct outcome {
  status st;
  real *centre, *dist2;
  lid *label;
  kmeans_result result;
} outcome;

static outcome cluster(comm *c, const kmeans_points *points, const gid *id, lid groups, int rounds, int64_t bounds) {
  outcome o = {0};
  kmeans_settings config = {.groups = groups, .rounds = rounds, .bound_bytes = bounds};
  o.st = MEM_ALLOC(o.centre, (off)groups * points->k, "c");
  if (o.st == OK)
    o.st = MEM_ALLOC(o.dist2, points->n, "d");
  if (o.st == OK)
    o.st = MEM_ALLOC(o.label, points->n, "l");
  if (o.st == OK)
    o.st = kmeans_seed(c, points, id, groups, 3, 0, o.centre);
  if (o.st == OK)
    o.st = kmeans_run(c, points, id, &config, o.centre, o.label, o.dist2, &o.result);
  return o;
}

static void outcome_free(outcome *o) {
  mem_free(o->centre);
  mem_free(o->dist2);
  mem_free(o->label);
}

/* n, k, groups, places */
static const int SHAPES[][4] = {{1, 3, 1, 1},     {2, 1, 2, 2},      {3, 5, 1, 3},      {3, 4, 3, 3},
                                {101, 7, 13, 11}, {997, 17, 70, 31}, {500, 64, 100, 9}, {50, 10, 50, 50}};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES };

/* Seeds, labels, centres and inertia are those of one rank, to the bit, with bounds and without. */
START_TEST(same_on_any_ranks) {
  const int *s = SHAPES[_i];
  world w = make(s[0], s[1], s[3], 0.3);
  comm alone = comm_single();
  outcome one = cluster(&alone, &(kmeans_points){w.n, w.k, w.k, w.x}, w.id, s[2], 15, 0);
  kmeans_points mine = {w.count, w.k, w.k, w.x + (off)w.first * w.k};
  outcome all = cluster(&w.c, &mine, w.id + w.first, s[2], 15, 1 << 24);
  assert_all(&w, one.st == OK && all.st == OK);
  assert_all(&w, memcmp(one.centre, all.centre, sizeof *one.centre * (size_t)(s[2] * w.k)) == 0);
  assert_all(&w, memcmp(one.label + w.first, all.label, sizeof *one.label * (size_t)w.count) == 0);
  assert_all(&w, memcmp(one.dist2 + w.first, all.dist2, sizeof *one.dist2 * (size_t)w.count) == 0);
  assert_all(&w, one.result.inertia == all.result.inertia && one.result.rounds == all.result.rounds);
  /* No group is empty. */
  for (lid g = 0; g < s[2]; g++) {
    lid size = 0;
    for (lid i = 0; i < w.n; i++)
      size += one.label[i] == g;
    assert_all(&w, size > 0);
  }
  outcome_free(&one);
  outcome_free(&all);
  drop(&w);
}
END_TEST

/* Groups that are well apart are found again. */
START_TEST(planted_groups_are_found) {
  enum { PLACES = 12 };
  world w = make(3001, 16, PLACES, 0.25);
  kmeans_points mine = {w.count, w.k, w.k, w.x + (off)w.first * w.k};
  outcome all = cluster(&w.c, &mine, w.id + w.first, PLACES, 50, 1 << 24);
  assert_all(&w, all.st == OK && all.result.converged);
  lid planted[3001];
  for (lid i = 0; i < w.count; i++)
    planted[i] = (w.first + i) % PLACES;
  assert_all(&w, w.count < 100 || ref_adjusted_rand(planted, all.label, w.count) >= 0.9);
  outcome_free(&all);
  drop(&w);
}
END_TEST

/* Groups that lose all points get some: from seeds of which most are far away from everything. */
START_TEST(empty_groups_are_repaired) {
  enum { GROUPS = 9 };
  world w = make(401, 6, 20, 0.3);
  comm alone = comm_single();
  real seeds[2][GROUPS * 6];
  lid *label[2];
  real *dist2;
  kmeans_result result[2];
  status st[2];
  ck_assert_int_eq(MEM_ALLOC(label[0], w.n, "l"), OK);
  ck_assert_int_eq(MEM_ALLOC(label[1], w.n, "l"), OK);
  ck_assert_int_eq(MEM_ALLOC(dist2, w.n, "d"), OK);
  for (int t = 0; t < 2; t++) {
    for (int g = 0; g < GROUPS; g++)
      for (int q = 0; q < 6; q++)
        seeds[t][g * 6 + q] = g < 2 ? w.x[g * 6 + q] : 1000.0f + (real)g;
    kmeans_settings config = {.groups = GROUPS, .rounds = 10, .bound_bytes = t == 0 ? 0 : 1 << 20};
    kmeans_points points = {t == 0 ? w.n : w.count, 6, 6, t == 0 ? w.x : w.x + (off)w.first * 6};
    st[t] = kmeans_run(t == 0 ? &alone : &w.c, &points, t == 0 ? w.id : w.id + w.first, &config, seeds[t], label[t],
                       dist2, &result[t]);
  }
  assert_all(&w, st[0] == OK && st[1] == OK);
  assert_all(&w, memcmp(seeds[0], seeds[1], sizeof seeds[0]) == 0);
  assert_all(&w, memcmp(label[0] + w.first, label[1], sizeof *label[0] * (size_t)w.count) == 0);
  for (lid g = 0; g < GROUPS; g++) {
    lid size = 0;
    for (lid i = 0; i < w.n; i++)
      size += label[0][i] == g;
    assert_all(&w, size > 0);
  }
  mem_free(label[0]);
  mem_free(label[1]);
  mem_free(dist2);
  drop(&w);
}
END_TEST

/* A run that is stopped after every round and goes on, by turns on one rank and on all, is the run that was not: also
 * where groups start empty and are repaired. */
static status stop_now(void *context, const kmeans_round *round) {
  (void)context;
  return round->last ? OK : status_fail(STOPPED, "after round %d", round->round);
}

START_TEST(stopped_after_every_round) {
  enum { GROUPS = 9, K = 6, ROUNDS = 12 };
  world w = make(401, K, 20, 0.3);
  comm alone = comm_single();
  real seeds[GROUPS * K], whole[GROUPS * K];
  lid *label[2];
  real *dist2[2];
  kmeans_result result, again = {0};
  kmeans_points every = {w.n, K, K, w.x}, mine = {w.count, K, K, w.x + (off)w.first * K};
  for (int t = 0; t < 2; t++) {
    ck_assert_int_eq(MEM_ALLOC(label[t], w.n, "l"), OK);
    ck_assert_int_eq(MEM_ALLOC(dist2[t], w.n, "d"), OK);
  }
  for (int g = 0; g < GROUPS; g++)
    for (int q = 0; q < K; q++)
      seeds[g * K + q] = _i > 0 && g >= 5 ? (real)(1000 + g + q) : w.x[(off)(w.n - 1 - g) * K + q];
  memcpy(whole, seeds, sizeof whole);
  kmeans_settings config = {.groups = GROUPS, .rounds = ROUNDS, .bound_bytes = 1 << 20};
  config.tolerance = _i == 2 ? 0.05 : 0;
  status st = kmeans_run(&alone, &every, w.id, &config, whole, label[0], dist2[0], &result);
  assert_all(&w, st == OK && result.rounds > 1);
  config.on_round = stop_now;
  st = STOPPED;
  for (int done = 0; done <= ROUNDS && st == STOPPED; done++) {
    bool all = done % 2 == 1;
    config.done = done;
    st = all ? kmeans_run(&w.c, &mine, w.id + w.first, &config, seeds, label[1] + w.first, dist2[1] + w.first, &again)
             : kmeans_run(&alone, &every, w.id, &config, seeds, label[1], dist2[1], &again);
    assert_all(&w, (st == STOPPED && again.rounds == done + 1) || (st == OK && again.rounds == result.rounds));
  }
  assert_all(&w, st == OK && again.inertia == result.inertia && again.converged == result.converged);
  assert_all(&w, memcmp(seeds, whole, sizeof whole) == 0);
  assert_all(&w, memcmp(label[0] + w.first, label[1] + w.first, sizeof **label * (size_t)w.count) == 0);
  for (int t = 0; t < 2; t++) {
    mem_free(label[t]);
    mem_free(dist2[t]);
  }
  drop(&w);
}
END_TEST

/* More groups than distinct points is an error on all ranks that tells the number; exactly as many is not. */
START_TEST(fewer_distinct_points_than_groups) {
  enum { DISTINCT = 7 };
  world w = make(90, 4, DISTINCT, 0);
  kmeans_points mine = {w.count, w.k, w.k, w.x + (off)w.first * w.k};
  outcome enough = cluster(&w.c, &mine, w.id + w.first, DISTINCT, 10, 0);
  assert_all(&w, enough.st == OK && enough.result.inertia < 1e-9);
  outcome_free(&enough);
  outcome many = cluster(&w.c, &mine, w.id + w.first, DISTINCT + 1, 10, 0);
  assert_all(&w, many.st == BAD_DATA && strstr(status_message(), "only 7 ") != NULL);
  outcome_free(&many);
  outcome beyond = cluster(&w.c, &mine, w.id + w.first, 91, 10, 0);
  assert_all(&w, beyond.st == BAD_DATA && strstr(status_message(), "at most 90 ") != NULL);
  outcome_free(&beyond);
  drop(&w);
}
END_TEST

/* The sample of distinct points names each value once, by its lowest row, the same on any ranks. */
START_TEST(distinct_points_are_counted) {
  world w = make(200, 3, 23, 0);
  comm alone = comm_single();
  kmeans_points mine = {w.count, w.k, w.k, w.x + (off)w.first * w.k}, every = {w.n, w.k, w.k, w.x};
  distinct_point a[40], b[40];
  lid na = 0, nb = 0;
  status sa = kmeans_distinct(&alone, &every, w.id, 40, 5, a, &na);
  status sb = kmeans_distinct(&w.c, &mine, w.id + w.first, 40, 5, b, &nb);
  assert_all(&w, sa == OK && sb == OK && na == 23 && nb == 23);
  assert_all(&w, memcmp(a, b, sizeof *a * 23) == 0);
  for (int i = 0; i < 23; i++)
    assert_all(&w, a[i].id < 3 * 23 + 1);
  sb = kmeans_distinct(&w.c, &mine, w.id + w.first, 10, 5, b, &nb);
  assert_all(&w, sb == OK && nb == 10 && memcmp(a, b, sizeof *a * 10) == 0);
  drop(&w);
}
END_TEST

/* Seeds are distinct candidates that have weight, the same ones with any number of ranks and threads. */
START_TEST(plusplus_chooses_distinct_candidates) {
  enum { N = 6000, K = 5, G = 500 };
  static real y[N * K];
  static int64_t weight[N];
  lid chosen[3][G], found[3];
  comm all = comm_world(), alone = comm_single();
  world w = {.c = all};
  for (int i = 0; i < N; i++) {
    weight[i] = i % 5 == 0 ? 0 : 1 + i % 3;
    for (int p = 0; p < K; p++)
      y[i * K + p] = (real)rng_normal(1, 1, (uint64_t)(i / 2), (uint64_t)p); /* each value twice */
  }
  for (int t = 0; t < 3; t++) {
    omp_set_num_threads(1 + t % 2);
    status st = kmeans_plusplus(t < 2 ? &alone : &all, y, weight, N, K, G, 5, 0, chosen[t], &found[t]);
    assert_all(&w, st == OK && found[t] == G);
    assert_all(&w, memcmp(chosen[0], chosen[t], sizeof chosen[0]) == 0);
  }
  bool distinct = true;
  for (int g = 0; g < G; g++) {
    distinct &= weight[chosen[0][g]] > 0;
    for (int h = 0; h < g; h++)
      distinct &= memcmp(y + chosen[0][g] * K, y + chosen[0][h] * K, sizeof *y * K) != 0;
  }
  assert_all(&w, distinct);
  /* Only three different values: three seeds, and it says so. */
  for (int i = 0; i < N; i++)
    for (int p = 0; p < K; p++)
      y[i * K + p] = (real)(i % 3);
  assert_all(&w, kmeans_plusplus(&all, y, weight, N, K, G, 5, 0, chosen[0], &found[0]) == OK && found[0] == 3);
}
END_TEST

/* The potential of the seeds that k-means++ draws, in double precision, one after another. */
static double plusplus_slowly(const real *y, const int64_t *weight, int n, int k, int groups, uint64_t seed) {
  static double d2[2000];
  double total = 0;
  for (int i = 0; i < n; i++)
    d2[i] = INFINITY;
  for (int g = 0; g <= groups; g++) {
    double sum = 0, target = rng_uniform(seed, RNG_SYNTH, (uint64_t)g, 0);
    for (int i = 0; i < n; i++)
      sum += (double)weight[i] * (g == 0 ? 1 : d2[i]);
    total = sum;
    if (g == groups)
      break;
    int c = -1;
    target *= sum;
    for (int i = 0; i < n && target >= 0; i++)
      if (weight[i] > 0 && (g == 0 || d2[i] > 0)) {
        target -= (double)weight[i] * (g == 0 ? 1 : d2[i]);
        c = i;
      }
    for (int i = 0; i < n; i++) {
      double d = 0;
      for (int p = 0; p < k; p++)
        d += ((double)y[i * k + p] - y[c * k + p]) * ((double)y[i * k + p] - y[c * k + p]);
      d2[i] = fmin(d2[i], d);
    }
  }
  return total;
}

/* Seeds drawn in batches are as good as those drawn one after another: in the mean over a few tries the potential they
 * leave is the same. */
START_TEST(plusplus_draws_by_distance) {
  enum { N = 2000, K = 3, G = 700, TRIES = 12 };
  static real y[N * K];
  static int64_t weight[N];
  static lid chosen[G];
  comm alone = comm_single();
  world w = {.c = comm_world()};
  double fast = 0, slow = 0;
  for (int i = 0; i < N; i++) {
    weight[i] = 1 + i % 7;
    for (int p = 0; p < K; p++)
      y[i * K + p] = (real)(rng_normal(1, 1, (uint64_t)(i % 40), (uint64_t)p) + /* places, with tails */
                            0.1 * pow(rng_normal(1, 2, (uint64_t)i, (uint64_t)p), 3));
  }
  for (int t = 0; t < TRIES; t++) {
    lid found;
    assert_all(&w, kmeans_plusplus(&alone, y, weight, N, K, G, (uint64_t)t, 0, chosen, &found) == OK && found == G);
    for (int i = 0; i < N; i++) {
      double least = INFINITY;
      for (int g = 0; g < G; g++) {
        double d = 0;
        for (int p = 0; p < K; p++)
          d += ((double)y[i * K + p] - y[chosen[g] * K + p]) * ((double)y[i * K + p] - y[chosen[g] * K + p]);
        least = fmin(least, d);
      }
      fast += (double)weight[i] * least / TRIES;
    }
    slow += plusplus_slowly(y, weight, N, K, G, (uint64_t)t) / TRIES;
  }
  if (w.c.rank == 0)
    printf("potential of seeds in batches: %.4f of those one by one\n", fast / slow);
  assert_all(&w, fast / slow > 0.96 && fast / slow < 1.04);
}
END_TEST

/* Groups and sizes after merging. */
typedef struct merged {
  outcome o;
  lid groups;
  int64_t size[16];
} merged;

static merged merge(comm *c, const kmeans_points *points, const gid *id, lid groups, int64_t least_size, lid floor) {
  merged m = {.o = cluster(c, points, id, groups, 10, 0)};
  kmeans_settings config = {.groups = groups, .rounds = 10, .bound_bytes = 1 << 20};
  if (m.o.st == OK)
    m.o.st = kmeans_merge_small(c, points, id, &config, least_size, floor, m.o.centre, &m.groups, m.size, &m.o.result);
  return m;
}

/* No group is below the least size, sizes are those of the nearest centres, and one rank gives the same bits. */
START_TEST(small_groups_are_merged) {
  enum { N = 203, K = 5, GROUPS = 13 };
  world w = make(N, K, 7, 0.3);
  comm alone = comm_single();
  kmeans_points whole = {w.n, w.k, w.k, w.x}, mine = {w.count, w.k, w.k, w.x + (off)w.first * w.k};
  lid near[N];
  real dist2[N];
  for (int q = 0; q < K; q++) { /* a lonely point, and two */
    w.x[(off)17 * K + q] = 40;
    w.x[(off)90 * K + q] = w.x[(off)91 * K + q] = -30;
  }
  merged one = merge(&alone, &whole, w.id, GROUPS, 20, 1), all = merge(&w.c, &mine, w.id + w.first, GROUPS, 20, 1);
  assert_all(&w, one.o.st == OK && all.o.st == OK && one.groups == all.groups);
  assert_all(&w, one.groups > 1 && one.groups < GROUPS && one.o.result.inertia == all.o.result.inertia);
  assert_all(&w, memcmp(one.o.centre, all.o.centre, sizeof(real) * (size_t)(one.groups * K)) == 0);
  assert_all(&w, membership_nearest(&whole, all.o.centre, all.groups, 1, near, dist2) == OK);
  for (lid g = 0; g < all.groups; g++) {
    int64_t size = 0;
    for (lid i = 0; i < N; i++)
      size += near[i] == g;
    assert_all(&w, size == all.size[g] && size == one.size[g] && size >= 20);
  }
  outcome_free(&one.o);
  outcome_free(&all.o);
  /* Merging stops at the least number; groups that are large enough are left as they are. */
  all = merge(&w.c, &mine, w.id + w.first, GROUPS, 1000, 4);
  assert_all(&w, all.o.st == OK && all.groups == 4);
  outcome_free(&all.o);
  one.o = cluster(&w.c, &mine, w.id + w.first, GROUPS, 10, 0);
  all = merge(&w.c, &mine, w.id + w.first, GROUPS, 1, 1);
  assert_all(&w, all.groups == GROUPS && memcmp(one.o.centre, all.o.centre, sizeof(real) * GROUPS * K) == 0);
  outcome_free(&one.o);
  outcome_free(&all.o);
  drop(&w);
}
END_TEST

/* The number of groups is found where there are clumps, and what cannot be is said, on all ranks together. */
START_TEST(number_of_groups_is_chosen) {
  enum { EVERY_ROW = 100000 };
  kmeans_curve curve;
  world clumps = make(400, 4, 3, 0.05);
  kmeans_points mine = {clumps.count, 4, 4, clumps.x + (off)clumps.first * 4};
  const gid *id = clumps.id + clumps.first;
  status st = kmeans_auto(&clumps.c, &mine, id, &(choose_number_settings){1, 9, EVERY_ROW, false, 1, NULL, 0}, &curve,
                          &(int){0});
  assert_all(&clumps, st == OK && curve.n == 6 && curve.groups[curve.chosen] == 3);
  st = kmeans_auto(&clumps.c, &mine, id, &(choose_number_settings){1, 2, EVERY_ROW, false, 1, NULL, 0}, &curve,
                   &(int){0});
  assert_all(&clumps, st == OK && curve.n == 2 && curve.groups[curve.chosen] == 2);
  st = kmeans_auto(&clumps.c, &mine, id, &(choose_number_settings){1, 3, EVERY_ROW, true, 1, NULL, 0}, &curve,
                   &(int){0});
  assert_all(&clumps, st == OK && curve.n == 3 && curve.groups[curve.chosen] == 3);
  /* Far more groups than points to fit them to. */
  st = kmeans_auto(&clumps.c, &mine, id, &(choose_number_settings){1, 1000000, EVERY_ROW, false, 1, NULL, 0}, &curve,
                   &(int){0});
  assert_all(&clumps, st == OK && curve.groups[curve.n - 1] <= 400 / 5);
  st = kmeans_auto(&clumps.c, &mine, id, &(choose_number_settings){200, 300, EVERY_ROW, false, 1, NULL, 0}, &curve,
                   &(int){0});
  assert_all(&clumps, st == BAD_DATA && strstr(status_message(), "lower range") != NULL);
  /* Nobody, or a single member, with factors. */
  mine.n = 0;
  st = kmeans_auto(&clumps.c, &mine, id, &(choose_number_settings){1, 9, EVERY_ROW, false, 1, NULL, 0}, &curve,
                   &(int){0});
  assert_all(&clumps, st == BAD_DATA && strstr(status_message(), "too few") != NULL);
  mine.n = clumps.c.rank == 0;
  st = kmeans_auto(&clumps.c, &mine, id, &(choose_number_settings){1, 9, EVERY_ROW, false, 1, NULL, 0}, &curve,
                   &(int){0});
  assert_all(&clumps, st == BAD_DATA && strstr(status_message(), "too few") != NULL);
  drop(&clumps);
  /* One value in all rows, and two. */
  for (int places = 1; places <= 2; places++) {
    world few = make(60, 4, places, 0);
    mine = (kmeans_points){few.count, 4, 4, few.x + (off)few.first * 4};
    st = kmeans_auto(&few.c, &mine, few.id + few.first, &(choose_number_settings){1, 9, EVERY_ROW, false, 1, NULL, 0},
                     &curve, &(int){0});
    assert_all(&few, st == OK && curve.groups[curve.chosen] == places && curve.n == places);
    drop(&few);
  }
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, same_on_any_ranks, 0, N_SHAPES);
  tcase_add_test(tc, planted_groups_are_found);
  tcase_add_test(tc, empty_groups_are_repaired);
  tcase_add_loop_test(tc, stopped_after_every_round, 0, 3);
  tcase_add_test(tc, fewer_distinct_points_than_groups);
  tcase_add_test(tc, distinct_points_are_counted);
  tcase_add_test(tc, plusplus_chooses_distinct_candidates);
  tcase_add_test(tc, plusplus_draws_by_distance);
  tcase_add_test(tc, small_groups_are_merged);
  tcase_add_test(tc, number_of_groups_is_chosen);
}

int main(int argc, char **argv) {
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  int failed = suite_run("kmeans over ranks", add);
  MPI_Finalize();
  return failed;
}
