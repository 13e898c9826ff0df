/* If these fail, a model depends on how many ranks or threads made it, or is not the minimum that ALS converges to. */
#include "io/base/mem.h"
#include "tests/ref/ref_train.h"
#include "tests/support/suite.h"
#include "train/als/als.h"
#include "train/exchange/reduce.h"
#include "train/math/isa.h"
#include "train/math/rng.h"

#include <mpi.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static comm world;

static void everywhere(bool good, const char *what) {
  int64_t bad = !good;
  comm_max_i64(&world, &bad, 1);
  ck_assert_msg(bad == 0, "%s", what);
}

/* A planted matrix: every user has item 0, user 0 has every item, the last user and item have nothing. */
typedef struct shape {
  gid n_users, n_items;
  int k;
  bool sparse; /* no row that needs everything */
  bool aged;   /* pairs have weights, as by --half-life */
} shape;
static const shape SHAPES[] = {
    {1, 2, 1, false, false},    {40, 25, 5, false, false}, {9, 60, 16, false, false},
    {70, 30, 33, false, false}, {120, 90, 8, true, false}, {1100, 24, 16, false, false} /* so many short rows that the
                                                                                          dual system pays */};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES, N_LOSSES = 10, FIRST_AGED = 8 };

/* For the i-th shape and loss; the last losses come with weights. */
static shape shape_number(int i) {
  shape s = SHAPES[i / N_LOSSES];
  s.aged = i % N_LOSSES >= FIRST_AGED;
  return s;
}

/* With 16 lanes the dual system of the implicit loss is not for so few factors. */
static void choose_lanes(const shape *s) {
  unsetenv("PALATE_ISA");
  if (s->n_users > 1000 && isa_in_use() == ISA_AVX512)
    setenv("PALATE_ISA", isa_name(ISA_AVX2), 1);
}

static bool has(const shape *s, gid u, gid i) {
  if (u == s->n_users - 1 && u > 0)
    return false;
  if (i == s->n_items - 1)
    return false;
  if (s->sparse)
    return rng_bits(5, 0, (uint64_t)u, (uint64_t)i) % 24 == 0;
  return u == 0 || i == 0 || rng_bits(5, 0, (uint64_t)u, (uint64_t)i) % 4 == 0;
}

static real value(gid u, gid i) {
  double taste = (u % 3 == i % 3) ? 2 : 0;
  return (real)(0.5 * floor(2 * (1.5 + taste + rng_uniform(6, 0, (uint64_t)u, (uint64_t)i))));
}

static loss loss_number(int i) {
  loss l = {.lambda = 0.05, .nu = 1, .alpha = 2, .epsilon = 1, .unobserved = 0.1};
  l.explicit_loss = i == 0;
  l.form = i >= 2 && i <= 5 ? (confidence)(i - 2) : CONFIDENCE_IALS;
  l.weigh_values = i == 1;
  if (i == 5)
    l.nu = 0.5;
  if (i == 6)
    l = (loss){.lambda = 0.05, .nu = 1, .unobserved = 0.1, .prior_mean = 0.3};
  if (i == 7)
    l = (loss){.lambda = 0.2, .nu = 0.5, .form = CONFIDENCE_LINEAR, .alpha = 2, .prior_mean = 1};
  if (i == FIRST_AGED)
    l = (loss){.lambda = 0.05, .nu = 1, .unobserved = 0.1, .prior_mean = 0.3};
  if (i == FIRST_AGED + 1)
    l.form = CONFIDENCE_LOG;
  return l;
}

/* Pairs of value 0 are ratings, or no likes. */
static bool is_zero(gid u, gid i) {
  return (u + 3 * i) % 13 == 5;
}

/* Whether the implicit loss trains on the pair. */
static bool likes(const shape *s, gid u, gid i) {
  return has(s, u, i) && !is_zero(u, i);
}

static void rows_of(const shape *s, gid first, gid count, csr *m) {
  off nnz = 0;
  for (gid u = first; u < first + count; u++)
    for (gid i = 0; i < s->n_items; i++)
      nnz += has(s, u, i);
  ck_assert_int_eq(csr_alloc(m, (lid)count, nnz, "users"), OK);
  if (s->aged)
    ck_assert_int_eq(MEM_ALLOC(m->weight, nnz, "users"), OK);
  nnz = 0;
  for (gid u = first; u < first + count; u++) {
    for (gid i = 0; i < s->n_items; i++)
      if (has(s, u, i)) {
        m->col[nnz] = (lid)i;
        if (s->aged)
          m->weight[nnz] = (real)(0.02 + 0.98 * rng_uniform(7, 0, (uint64_t)u, (uint64_t)i));
        /* some dislikes, and some zeros */
        m->val[nnz++] = is_zero(u, i) ? 0 : i % 7 == 6 && u % 5 == 4 ? -value(u, i) : value(u, i);
      }
    m->ptr[u - first + 1] = nnz;
  }
}

enum { SWEEPS = 4 };

static status keep(void *context, als *a, const als_report *r) {
  (void)a;
  ((double *)context)[r->sweep - 1] = r->objective;
  return OK;
}

/* NULL if it failed: for want of memory, or with a message. */
static als *train_with(comm *c, const shape *s, const als_settings *set, double *objective) {
  part users;
  csr m;
  als *a;
  ck_assert_int_eq(part_equal(&users, s->n_users, c->size), OK);
  rows_of(s, users.first[c->rank], part_count(&users, c->rank), &m);
  status st = als_create(c, set, &users, s->n_items, &m, &a);
  if (st == OK)
    st = als_run(a, keep, objective);
  if (st != OK && set->memory == 0)
    fprintf(stderr, "%s\n", status_message());
  part_free(&users);
  if (st != OK && a != NULL)
    als_free(a);
  return st == OK ? a : NULL;
}

static als *train(comm *c, const shape *s, const loss *l, solve_method method, exchange_mode exchange, off heavy,
                  int64_t memory, double *objective) {
  als_settings set = {.loss = *l,
                      .factors = s->k,
                      .seed = 3,
                      .sweeps = SWEEPS,
                      .method = method,
                      .exchange = exchange,
                      .heavy = heavy,
                      .memory = memory};
  return train_with(c, s, &set, objective);
}

/* One side's rows of the distributed run against the same rows of a run alone, bit for bit. */
static bool same_rows(als *a, als *alone, side s, int k) {
  gid first = als_part(a, s)->first[world.rank], count = part_count(als_part(a, s), world.rank);
  for (gid r = 0; r < count; r++) {
    const real *x = als_factors(a, s) + r * als_ld(a), *y = als_factors(alone, s) + (first + r) * als_ld(alone);
    if (memcmp(x, y, sizeof *x * (size_t)k) != 0)
      return false;
    if (als_bias(a, s) != NULL && als_bias(a, s)[r] != als_bias(alone, s)[first + r])
      return false;
  }
  return true;
}

START_TEST(bits_do_not_depend_on_ranks_or_threads) {
  const shape own = shape_number(_i), *s = &own;
  choose_lanes(s);
  loss l = loss_number(_i % N_LOSSES);
  comm single = comm_single();
  double alone_objective[SWEEPS], objective[SWEEPS];
  static const exchange_mode MODES[] = {EXCHANGE_REPLICATE, EXCHANGE_HALO, EXCHANGE_REDUCE, EXCHANGE_AUTO};
  static const off HEAVY[] = {1000000, 8, 1};             /* no row, some rows, every row */
  for (int h = 0; h < (s->n_users > 1000 ? 2 : 3); h++) { /* every row of so many takes long */
    solve_method method = h == 1 || (h == 0 && _i % 2 == 1) ? SOLVE_CG : SOLVE_CHOLESKY;
    omp_set_num_threads(1);
    als *alone = train(&single, s, &l, method, EXCHANGE_AUTO, HEAVY[h], 0, alone_objective);
    everywhere(alone != NULL, "training alone");
    for (int mode = 0; mode < 4; mode++) {
      omp_set_num_threads(1 + mode % 2);
      comm_free(&world); /* all on one host; pairs of neighbours; every other rank */
      if ((h + mode) % 3 > 0)
        everywhere(comm_pretend_hosts(&world, 2, (h + mode) % 3 == 2) == OK, "hosts");
      als *a = train(&world, s, &l, method, MODES[mode], HEAVY[h], 0, objective);
      everywhere(a != NULL, "training over ranks");
      everywhere(same_rows(a, alone, USERS, s->k) && same_rows(a, alone, ITEMS, s->k), "same factors");
      everywhere(memcmp(objective, alone_objective, sizeof objective) == 0, "same objectives");
      als_free(a);
    }
    als_free(alone);
  }
  comm_free(&world);
}
END_TEST

/* With little memory rows come in batches: the same bits; with too little the run says so. */
START_TEST(little_memory_changes_no_bit) {
  const shape own = shape_number(_i), *s = &own;
  choose_lanes(s);
  loss l = loss_number(_i % N_LOSSES);
  comm single = comm_single();
  double alone_objective[SWEEPS], objective[SWEEPS];
  als *alone = train(&single, s, &l, SOLVE_CHOLESKY, EXCHANGE_AUTO, 8, 0, alone_objective);
  everywhere(alone != NULL, "training alone");
  static const exchange_mode MODES[] = {EXCHANGE_HALO, EXCHANGE_REDUCE};
  for (int mode = 0; mode < 2; mode++) {
    /* From too little upwards until all fits at once: every number of batches on the way. */
    int most = 1, runs = 0;
    int64_t base = mem_held() + 4 * EXCHANGE_BUFFERS * exchange_buffer_bytes();
    for (int64_t room = 1000; room < 1 << 22; room += s->sparse ? 2000 : room / (s->n_users > 1000 ? 2 : 8)) {
      int64_t limit = base + room;
      comm_max_i64(&world, &limit, 1);
      als *a = train(&world, s, &l, SOLVE_CHOLESKY, MODES[mode], 8, limit, objective);
      if (a == NULL)
        continue;
      bool same = same_rows(a, alone, USERS, s->k) && same_rows(a, alone, ITEMS, s->k) &&
                  memcmp(objective, alone_objective, sizeof objective) == 0;
      int batches = als_batches(a, USERS) > als_batches(a, ITEMS) ? als_batches(a, USERS) : als_batches(a, ITEMS);
      als_free(a);
      everywhere(same, "same model");
      most = batches > most ? batches : most;
      runs++;
      if (batches == 1)
        break;
    }
    everywhere(runs > 0, "some memory suffices");
    if (world.size > 3 && s->sparse)
      everywhere(most > 1, "batches were needed");
  }
  als_free(alone);
}
END_TEST

/* The objective of every sweep equals that of a plain double-precision ALS that tries every pair. */
START_TEST(objective_agrees_with_the_slow_reference) {
  const shape own = shape_number(_i), *s = &own;
  choose_lanes(s);
  loss l = loss_number(_i % N_LOSSES);
  double objective[SWEEPS], expected[SWEEPS];
  csr m;
  rows_of(s, 0, s->n_users, &m);
  ref_train(&l, &m, s->n_items, s->k, 3, SWEEPS, expected);
  for (off heavy = 0; heavy < (s->n_users > 1000 ? 1 : 2); heavy++) { /* by default none of so few; then every row */
    als *a = train(&world, s, &l, SOLVE_CHOLESKY, EXCHANGE_AUTO, heavy, 0, objective);
    everywhere(a != NULL, "training");
    for (int i = 0; i < SWEEPS; i++) {
      everywhere(fabs(objective[i] - expected[i]) <= 1e-5 * fabs(expected[i]), "objective");
      everywhere(i == 0 || objective[i] <= objective[i - 1] * (1 + 1e-5) || l.form == CONFIDENCE_RAW, "descent");
    }
    als_free(a);
  }
  csr_free(&m);
}
END_TEST

/* Sums the rows of our users with interactions; the last user has none. */
static off sum_members(als *a, const shape *s, double *sum) {
  gid first = als_part(a, USERS)->first[world.rank], count = part_count(als_part(a, USERS), world.rank);
  off members = 0;
  for (gid u = 0; u < count; u++) {
    bool any = false;
    for (gid i = 0; i < s->n_items; i++)
      any |= likes(s, first + u, i);
    members += any;
    for (int j = 0; j < s->k && any; j++)
      sum[j] += (double)als_factors(a, USERS)[u * als_ld(a) + j];
  }
  return members;
}

/* With the mean user as prior no method ever raises the objective, the prior is the mean of those who have something,
 * and all who have nothing get one row that is not zero. If not, newcomers get a list that says nothing of what is
 * liked, or training runs away from its optimum. */
START_TEST(the_prior_is_the_mean_user) {
  static const solve_method METHODS[] = {SOLVE_AUTO, SOLVE_CHOLESKY, SOLVE_CG, SOLVE_SUBSPACE, SOLVE_CHOLESKY};
  const shape *s = &SHAPES[1 + _i / 5];
  bool nonnegative = _i % 5 == 4;
  loss l = {.lambda = 0.05, .nu = 1, .unobserved = 0.2, .prior_mean = _i % 2 == 0 ? 0.3 : 1};
  double objective[SWEEPS], sum[64] = {0};
  choose_lanes(s);
  als_settings set = {
      .loss = l, .factors = s->k, .seed = 3, .sweeps = SWEEPS, .method = METHODS[_i % 5], .nonnegative = nonnegative};
  als *a = train_with(&world, s, &set, objective);
  everywhere(a != NULL, "training");
  for (int i = 1; i < SWEEPS; i++)
    everywhere(objective[i] <= objective[i - 1] * (1 + 1e-6), "descent");
  int64_t members = sum_members(a, s, sum), wrong = 0;
  comm_sum_i64(&world, &members, 1);
  everywhere(members == als_active(a, USERS) && members < s->n_users, "members");
  for (int j = 0; j < s->k; j++) {
    double all;
    everywhere(reduce_sum(&world, &sum[j], 1, world.size, "the mean", &all) == OK, "sum");
    wrong += fabs(all / (double)members - als_prior(a)[j]) > 1e-6;
  }
  double most = 0;
  for (int j = 0; j < s->k; j++) {
    most = fmax(most, fabs((double)als_unseen(a)[j]));
    wrong += nonnegative && als_unseen(a)[j] < 0;
  }
  gid last = part_count(als_part(a, USERS), world.rank) - 1;
  if (last >= 0 && als_part(a, USERS)->first[world.rank] + last == s->n_users - 1)
    wrong += memcmp(als_factors(a, USERS) + last * als_ld(a), als_unseen(a), sizeof(real) * (size_t)s->k) != 0;
  everywhere(wrong == 0 && most > 1e-3, "prior, and the row of who has nothing");
  als_free(a);
}
END_TEST

/* --unobserved-weight auto and --lambda auto: ten times the density of what there is, the same on any number of ranks.
 */
START_TEST(weights_follow_from_the_data) {
  const shape *s = &SHAPES[4];
  part users;
  csr m;
  als *a;
  als_settings set = {.loss = {.lambda = 0.05, .nu = 1},
                      .unobserved_auto = true,
                      .lambda_auto = true,
                      .factors = 3,
                      .sweeps = 1,
                      .method = SOLVE_CHOLESKY};
  double active_users = 0, active_items = 0, pairs = 0;
  for (int side = 0; side < 2; side++)
    for (gid r = 0; r < (side == 0 ? s->n_users : s->n_items); r++) {
      off n = 0;
      for (gid c = 0; c < (side == 0 ? s->n_items : s->n_users); c++)
        n += side == 0 ? likes(s, r, c) : likes(s, c, r);
      pairs += side == 0 ? (double)n : 0;
      *(side == 0 ? &active_users : &active_items) += n > 0;
    }
  everywhere(part_equal(&users, s->n_users, world.size) == OK, "part");
  rows_of(s, users.first[world.rank], part_count(&users, world.rank), &m);
  everywhere(als_create(&world, &set, &users, s->n_items, &m, &a) == OK, "als_create");
  double expected = fmin(1, 10 * pairs / (active_users * active_items));
  everywhere(als_loss(a)->unobserved == expected && expected < 1 && active_items < (double)s->n_items, "weight");
  everywhere(fabs(als_loss(a)->lambda - 0.06 / cbrt(pairs / active_users)) < 1e-12, "lambda");
  als_free(a);
  part_free(&users);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, the_prior_is_the_mean_user, 0, 5 * (N_SHAPES - 1));
  tcase_add_test(tc, weights_follow_from_the_data);
  tcase_add_loop_test(tc, bits_do_not_depend_on_ranks_or_threads, 0, N_SHAPES * N_LOSSES);
  tcase_add_loop_test(tc, little_memory_changes_no_bit, 0, N_SHAPES * N_LOSSES);
  tcase_add_loop_test(tc, objective_agrees_with_the_slow_reference, 0, N_SHAPES * N_LOSSES);
}

int main(void) {
  MPI_Init(NULL, NULL);
  world = comm_world();
  int failed = suite_run("als", add);
  MPI_Finalize();
  return failed;
}
