/* If these fail, what is said of groups is wrong: how many there are, what they love, how good they are, and whether a
 * member's shares in them mean what they say. */
#include "eval/measure/group_popular.h"
#include "io/base/mem.h"
#include "io/ranks/comm.h"
#include "tests/support/suite.h"
#include "train/exchange/part.h"
#include "train/groups/choose_number.h"
#include "train/groups/group_items.h"
#include "train/groups/lift.h"
#include "train/groups/membership_scale.h"
#include "train/groups/quality.h"
#include "train/math/rng.h"

#include <math.h>
#include <mpi.h>
#include <string.h>

enum { N = 400, K = 9, GROUPS = 8, ITEMS_ALL = 90, M = 3 };

/* Every rank makes everything, and gives its share to what is tested. */
typedef struct world {
  comm c;
  lid first, count;
  real x[N][K];
  gid id[N];
  lid label[N];
  bool has[N][ITEMS_ALL], wants[N][ITEMS_ALL]; /* trained on, held out */
} world;

static world make(double spread) {
  static world w;
  part p;
  w.c = comm_world();
  ck_assert_int_eq(part_equal(&p, N, w.c.size), OK);
  w.first = (lid)p.first[w.c.rank];
  w.count = (lid)part_count(&p, w.c.rank);
  part_free(&p);
  for (lid i = 0; i < N; i++) {
    w.id[i] = 2 * i;
    w.label[i] = i * i % GROUPS; /* of uneven sizes, some empty */
    for (int q = 0; q < K; q++)
      w.x[i][q] = (real)(3 * rng_normal(5, 1, (uint64_t)w.label[i], (uint64_t)q) +
                         spread * rng_normal(5, 2, (uint64_t)i, (uint64_t)q));
    for (lid j = 0; j < ITEMS_ALL; j++) {
      double u = rng_uniform(5, 3, (uint64_t)i, (uint64_t)j), love = (j + w.label[i]) % 5 == 0 ? 0.5 : 0.05;
      w.has[i][j] = i % 50 != 7 && u < love;
      w.wants[i][j] = !w.has[i][j] && u < 1.3 * love;
    }
  }
  return w;
}

static void assert_all(world *w, bool good) {
  double bad = good ? 0 : 1;
  comm_max_f64(&w->c, &bad, 1);
  ck_assert_msg(bad == 0, "wrong on one rank");
}

static kmeans_points mine(world *w) {
  return (kmeans_points){w->count, K, K, w->x[w->first]};
}

static csr pairs_of(world *w, bool test) {
  csr m;
  off n = 0;
  ck_assert_int_eq(csr_alloc(&m, w->count, (off)w->count * ITEMS_ALL, "pairs"), OK);
  for (lid r = 0; r < w->count; r++) {
    for (lid j = 0; j < ITEMS_ALL; j++)
      if (test ? w->wants[w->first + r][j] : w->has[w->first + r][j]) {
        m.col[n] = j;
        m.val[n++] = 1;
      }
    m.ptr[r + 1] = n;
  }
  return m;
}

typedef struct seen_groups {
  world *w;
  lid first, end; /* our items */
  bool right;
  int64_t items; /* of all groups */
  lid last;      /* groups that have ended */
} seen_groups;

static status check_tally(void *context, const group_tally *t) {
  seen_groups *s = context;
  int64_t members = 0;
  lid next = 0;
  for (lid j = s->first; j < s->end; j++) {
    int64_t count = 0;
    for (lid i = 0; i < N; i++)
      count += s->w->label[i] == t->group && s->w->has[i][j];
    if (count > 0) {
      s->right = s->right && next < t->n && t->item[next] == j && t->count[next] == count;
      next++;
    }
  }
  for (lid i = 0; i < N; i++) {
    bool any = false;
    for (lid j = 0; j < ITEMS_ALL; j++)
      any |= s->w->has[i][j];
    members += s->w->label[i] == t->group && any;
  }
  s->right = s->right && next == t->n && members == t->members && t->group >= s->last;
  s->items += t->n;
  return OK;
}

static status check_end(void *context, lid first, lid last) {
  seen_groups *s = context;
  s->right = s->right && first == s->last && last > first && last <= GROUPS;
  s->last = last;
  return OK;
}

/* What groups consumed is what their members consumed, each item of a group shown once, where it is owned. */
START_TEST(groups_consume_what_members_do) {
  world w = make(0.5);
  csr pairs = pairs_of(&w, false);
  part items;
  ck_assert_int_eq(part_equal(&items, ITEMS_ALL, w.c.size), OK);
  seen_groups seen = {&w, (lid)items.first[w.c.rank], (lid)items.first[w.c.rank + 1], true, 0, 0};
  static bool there[GROUPS][ITEMS_ALL];
  int64_t expected = 0;
  group_visitor visitor = {check_tally, check_end, &seen};
  status st = group_items_visit(&w.c, &pairs, w.label + w.first, GROUPS, ITEMS_ALL, &visitor);
  assert_all(&w, st == OK && seen.right && seen.last == GROUPS);
  for (lid i = 0; i < N; i++)
    for (lid j = 0; j < ITEMS_ALL; j++)
      if (w.has[i][j]) {
        expected += !there[w.label[i]][j];
        there[w.label[i]][j] = true;
      }
  comm_sum_i64(&w.c, &seen.items, 1);
  assert_all(&w, seen.items == expected);
  group_background all;
  assert_all(&w, group_background_count(&w.c, &pairs, ITEMS_ALL, &all) == OK);
  bool good = true;
  for (lid j = seen.first; j < seen.end; j++) {
    int64_t count = 0;
    for (lid i = 0; i < N; i++)
      count += w.has[i][j];
    good = good && group_background_of(&all, w.c.rank, j) == (double)count;
  }
  assert_all(&w, good);
  group_background_free(&all);
  part_free(&items);
  csr_free(&pairs);
}
END_TEST

/* A record on its way, with the rank that sent it. */
typedef struct note {
  lid group, from;
} note;

/* What ranks tell of groups comes together at the group's rank, in order of ranks, and nowhere else. */
START_TEST(records_meet_at_the_groups_rank) {
  comm c = comm_world();
  enum { FIRST = 5, LAST = 40 };
  note mine[2 * LAST];
  off n = 0;
  for (lid g = FIRST; g < LAST; g++)
    for (int times = 0; times < (g + c.rank) % 3; times++)
      mine[n++] = (note){g, c.rank};
  group_moved got;
  bool good = group_move(&c, FIRST, LAST, mine, sizeof *mine, n, &got) == OK;
  lid begin, end;
  group_share(FIRST, LAST, c.size, c.rank, &begin, &end);
  good = good && got.begin == begin && got.end == end;
  const note *note_at = (const note *)(const void *)got.record;
  off at = 0;
  for (lid g = begin; good && g < end; g++) {
    good = good && got.at[g - begin] == at;
    for (int r = 0; r < c.size; r++)
      for (int times = 0; good && times < (g + r) % 3; times++, at++)
        good = note_at[at].group == g && note_at[at].from == r;
    good = good && got.at[g - begin + 1] == at;
  }
  double bad = good ? 0 : 1;
  comm_max_f64(&c, &bad, 1);
  ck_assert(bad == 0);
  group_moved_free(&got);
}
END_TEST

/* Few members with few items each, of very many: 16 pairs to train on and 4 to find. */
static csr few_pairs(const part *users, gid n_items, int rank, bool test) {
  csr m;
  lid n = (lid)part_count(users, rank);
  int each = test ? 4 : 16;
  off at = 0;
  ck_assert_int_eq(csr_alloc(&m, n, (off)n * each, "pairs"), OK);
  for (lid r = 0; r < n; r++) {
    for (int j = 0; j < each; j++) {
      m.col[at] = (lid)(n_items / 20 * (test ? 16 + j : j) + users->first[rank] + r);
      m.val[at++] = 1;
    }
    m.ptr[r + 1] = at;
  }
  return m;
}

/* The most that `cluster --quality` takes to see whether groups help. */
static int64_t helping_peak(comm *c, gid n_items, int64_t cap) {
  enum { MEMBERS = 64, OF = 4 };
  part users;
  ck_assert_int_eq(part_equal(&users, MEMBERS, c->size), OK);
  csr train = few_pairs(&users, n_items, c->rank, false), test = few_pairs(&users, n_items, c->rank, true);
  lid group[MEMBERS];
  real affinity[MEMBERS];
  for (lid r = 0; r < train.n_rows; r++) {
    group[r] = (lid)((users.first[c->rank] + r) % OF);
    affinity[r] = 1;
  }
  group_popular got;
  int64_t before = mem_held(), most;
  mem_peak_reset();
  mem_cap(cap > 0 ? before + cap : 0);
  int64_t bad = group_popular_measure(c, &train, &train, &test, group, affinity, 1, OF, n_items, &got) != OK;
  mem_cap(0);
  most = mem_peak() - before;
  comm_max_i64(c, &bad, 1);
  ck_assert_msg(bad == 0, "%s", status_message());
  ck_assert_int_eq(got.users, MEMBERS);
  comm_max_i64(c, &most, 1);
  csr_free(&train);
  csr_free(&test);
  part_free(&users);
  return most;
}

/* A rank holds what it owns of the items: two counts and a shelf of each, and a slice of 2^20 counts where they are
 * summed. An array of all of them would not fit beside
 * that. */
START_TEST(items_are_shared_out) {
  comm c = comm_world();
  enum { SLICE = 1 << 20, MANY = 16 << 20, PAGES = 4 * (2 << 20) }; /* what blocks are rounded up to */
  int64_t little = helping_peak(&c, 2000, 0), own = (MANY + c.size - 1) / c.size;
  int64_t cap = little + 17 * own + 8 * SLICE + PAGES;
  ck_assert_int_le(helping_peak(&c, MANY, cap), cap);
}
END_TEST

/* The mean silhouette over all points, as the definition has it. */
static double slow_silhouette(world *w) {
  double total = 0;
  for (lid i = 0; i < N; i++) {
    double sum[GROUPS] = {0}, b = INFINITY;
    lid size[GROUPS] = {0};
    for (lid j = 0; j < N; j++) {
      double d2 = 0;
      for (int q = 0; q < K; q++)
        d2 += ((double)w->x[i][q] - w->x[j][q]) * ((double)w->x[i][q] - w->x[j][q]);
      sum[w->label[j]] += sqrt(d2);
      size[w->label[j]]++;
    }
    lid own = w->label[i];
    if (size[own] < 2)
      continue;
    double a = sum[own] / (size[own] - 1);
    for (lid g = 0; g < GROUPS; g++)
      if (g != own && size[g] > 0)
        b = fmin(b, sum[g] / size[g]);
    total += (b - a) / fmax(a, b);
  }
  return total / N;
}

START_TEST(silhouette_is_as_defined) {
  world w = make(1.5);
  kmeans_points points = mine(&w);
  double got = 0;
  int64_t sampled = 0;
  status st = kmeans_silhouette(&w.c, &points, w.id + w.first, w.label + w.first, GROUPS, N, 1, &got, &sampled);
  assert_all(&w, st == OK && sampled == N && fabs(got - slow_silhouette(&w)) < 1e-5);
}
END_TEST

/* Groups that are there come again from other people; groups of noise do not. */
START_TEST(stability_tells_groups_from_noise) {
  world w = make(0.2);
  kmeans_points points = mine(&w);
  double there = 0, noise = 0;
  /* i² mod 8 takes three values. */
  status st = kmeans_stability(&w.c, &points, w.id + w.first, 3, false, 20, N, 1, &there);
  assert_all(&w, st == OK && there > 0.95);
  for (lid i = 0; i < N; i++)
    for (int q = 0; q < K; q++)
      w.x[i][q] = (real)rng_normal(6, 4, (uint64_t)i, (uint64_t)q);
  points = mine(&w);
  st = kmeans_stability(&w.c, &points, w.id + w.first, 12, false, 20, N, 1, &noise);
  assert_all(&w, st == OK && noise < 0.5);
  st = kmeans_stability(&w.c, &points, w.id + w.first, 100, false, 20, N, 1, &noise);
  assert_all(&w, st == OK && isnan(noise)); /* two members a group are too few to say */
}
END_TEST

/* --groups auto finds planted groups, on any ranks. */
START_TEST(the_number_of_groups_is_found) {
  world w = make(0.3);
  comm alone = comm_single();
  kmeans_points points = mine(&w), every = {N, K, K, w.x[0]};
  kmeans_curve all, one;
  status st = kmeans_auto(&w.c, &points, w.id + w.first, &(choose_number_settings){1, 64, N, false, 1, NULL, 0}, &all,
                          &(int){0});
  status st1 =
      kmeans_auto(&alone, &every, w.id, &(choose_number_settings){1, 64, N, false, 1, NULL, 0}, &one, &(int){0});
  assert_all(&w, st == OK && st1 == OK && all.groups[all.chosen] == 3);
  assert_all(&w, all.n == one.n && memcmp(all.likelihood, one.likelihood, sizeof *all.likelihood * (size_t)all.n) == 0);
  st = kmeans_auto(&w.c, &points, w.id + w.first, &(choose_number_settings){1, 64, 3, false, 1, NULL, 0}, &all,
                   &(int){0});
  assert_all(&w, st == BAD_DATA);
}
END_TEST

START_TEST(gini_of_known_sizes) {
  double gini;
  ck_assert_int_eq(kmeans_gini((const int64_t[]){5, 5, 5, 5}, 4, &gini), OK);
  ck_assert_double_eq_tol(gini, 0, 1e-12);
  ck_assert_int_eq(kmeans_gini((const int64_t[]){0, 8, 0, 0}, 4, &gini), OK);
  ck_assert_double_eq_tol(gini, 0.75, 1e-12);
  ck_assert_int_eq(kmeans_gini((const int64_t[]){3, 1}, 2, &gini), OK);
  ck_assert_double_eq_tol(gini, 0.25, 1e-12);
}
END_TEST

/* Half of the members have a first affinity of at least a half; shares add up; nearer is more. */
START_TEST(memberships_mean_what_they_say) {
  world w = make(1);
  real centre[GROUPS][K], dist2[N * M], affinity[N * M];
  lid group[N * M];
  for (lid g = 0; g < GROUPS; g++)
    memcpy(centre[g], w.x[g * 31], sizeof centre[g]);
  kmeans_points points = mine(&w), every = {N, K, K, w.x[0]};
  status st = membership_nearest(&points, centre[0], GROUPS, M, group, dist2);
  double t = membership_temperature(&w.c, dist2, w.count, M);
  int64_t above = membership_above(dist2, w.count, M, t, 0.5);
  comm_sum_i64(&w.c, &above, 1);
  assert_all(&w, st == OK && above == N / 2);
  membership_affinity(dist2, w.count, M, t, affinity);
  bool good = true;
  for (lid i = 0; i < w.count; i++) {
    double sum = 0;
    for (int j = 0; j < M; j++) {
      sum += affinity[i * M + j];
      good = good && (j == 0 || affinity[i * M + j] <= affinity[i * M + j - 1]) && group[i * M + j] >= 0;
    }
    good = good && fabs(sum - 1) < 1e-6;
  }
  assert_all(&w, good);
  comm alone = comm_single();
  st = membership_nearest(&every, centre[0], GROUPS, M, group, dist2);
  assert_all(&w, st == OK && membership_temperature(&alone, dist2, N, M) == t);
}
END_TEST

/* NDCG@10 of a score, as the definition has it; ties to the lower item. */
static double slow_ndcg(world *w, lid i, const double *score) {
  double gain = 0, ideal = 0;
  int wanted = 0;
  bool used[ITEMS_ALL];
  memcpy(used, w->has[i], sizeof used);
  for (lid j = 0; j < ITEMS_ALL; j++)
    wanted += w->wants[i][j];
  for (int rank = 1; rank <= 10; rank++) {
    lid best = -1;
    for (lid j = 0; j < ITEMS_ALL; j++)
      if (!used[j] && (best < 0 || score[j] > score[best]))
        best = j;
    if (best >= 0) {
      used[best] = true;
      gain += w->wants[i][best] / log2(rank + 1);
    }
    ideal += rank <= wanted ? 1 / log2(rank + 1) : 0;
  }
  return wanted > 0 ? gain / ideal : NAN;
}

/* Lists from groups are what their definition says, and better than popularity where members of a group agree. */
START_TEST(popular_in_groups_is_as_defined) {
  world w = make(0.5);
  csr train = pairs_of(&w, false), test = pairs_of(&w, true);
  lid group[N * 2];
  real affinity[N * 2];
  double share[GROUPS][ITEMS_ALL], everywhere[ITEMS_ALL] = {0}, popular = 0, groups = 0;
  int64_t members[GROUPS] = {0}, all = 0, users = 0;
  memset(share, 0, sizeof share);
  for (lid i = 0; i < N; i++) {
    group[i * 2] = w.label[i];
    group[i * 2 + 1] = (w.label[i] + 1) % GROUPS;
    affinity[i * 2] = 0.75f;
    affinity[i * 2 + 1] = 0.25f;
    bool any = false;
    for (lid j = 0; j < ITEMS_ALL; j++) {
      share[w.label[i]][j] += w.has[i][j];
      everywhere[j] += w.has[i][j];
      any |= w.has[i][j];
    }
    members[w.label[i]] += any;
    all += any;
  }
  for (lid g = 0; g < GROUPS; g++)
    for (lid j = 0; j < ITEMS_ALL; j++)
      share[g][j] = (share[g][j] + 10 * everywhere[j] / (double)all) / ((double)members[g] + 10);
  for (lid i = 0; i < N; i++) {
    double score[ITEMS_ALL];
    for (lid j = 0; j < ITEMS_ALL; j++)
      score[j] = 0.75 * share[group[i * 2]][j] + 0.25 * share[group[i * 2 + 1]][j];
    double mine_is = slow_ndcg(&w, i, score);
    if (!isnan(mine_is)) {
      users++;
      groups += mine_is;
      popular += slow_ndcg(&w, i, everywhere);
    }
  }
  group_popular got;
  status st = group_popular_measure(&w.c, &train, &train, &test, group + w.first * 2, affinity + w.first * 2, 2, GROUPS,
                                    ITEMS_ALL, &got);
  assert_all(&w, st == OK && got.users == users);
  assert_all(&w, fabs(got.popular - popular / (double)users) < 1e-9);
  assert_all(&w, fabs(got.groups - groups / (double)users) < 2e-3); /* sums in another order: near ties */
  assert_all(&w, got.groups > 1.5 * got.popular);
  csr_free(&train);
  csr_free(&test);
}
END_TEST

/* A title that hardly anyone knows does not name a group, one that the group loves does. */
START_TEST(lift_is_not_fooled_by_rarity) {
  double rare = lift(2, 40, 2, 10000, 0.1), loved = lift(30, 40, 1000, 10000, 0.1),
         popular = lift(36, 40, 8500, 10000, 0.1);
  ck_assert_double_gt(loved, rare);
  ck_assert_double_gt(loved, popular);
  ck_assert_double_eq_tol(lift(20, 40, 5000, 10000, 0.1), 1, 1e-12);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, groups_consume_what_members_do);
  tcase_add_test(tc, records_meet_at_the_groups_rank);
  tcase_add_test(tc, items_are_shared_out);
  tcase_add_test(tc, silhouette_is_as_defined);
  tcase_add_test(tc, stability_tells_groups_from_noise);
  tcase_add_test(tc, the_number_of_groups_is_found);
  tcase_add_test(tc, gini_of_known_sizes);
  tcase_add_test(tc, memberships_mean_what_they_say);
  tcase_add_test(tc, popular_in_groups_is_as_defined);
  tcase_add_test(tc, lift_is_not_fooled_by_rarity);
}

int main(int argc, char **argv) {
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  int failed = suite_run("groups over ranks", add);
  MPI_Finalize();
  return failed;
}
