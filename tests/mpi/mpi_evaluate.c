/* If these fail, the figures that decide what is published depend on the number of ranks, or are not those of the
 * definitions; or a parent model is compared with the wrong members' rows; or a night's start from the last model takes
 * a node's memory for rows that are another's. */
#define _XOPEN_SOURCE 700
#include "eval/holdout/given_pairs.h"
#include "eval/measure/done_rows.h"
#include "eval/measure/evaluate.h"
#include "eval/measure/report.h"
#include "eval/score/match_ids.h"
#include "eval/score/seen.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/dataset_write.h"
#include "io/schema/model_write.h"
#include "jobs/settings/holdout.h"
#include "jobs/steps/warm.h"
#include "tests/ref/ref_metrics.h"
#include "tests/support/suite.h"
#include "tests/support/temp_folder.h"
#include "train/als/als.h"
#include "train/exchange/interactions.h"
#include "train/math/rng.h"

#include <math.h>
#include <mpi.h>
#include <string.h>
#include <sys/stat.h>

static comm world;
static char folder[TEMP_FOLDER_MAX];

static void everywhere(bool good, const char *what) {
  int64_t bad = !good;
  comm_max_i64(&world, &bad, 1);
  if (!good)
    fprintf(stderr, "rank %d: %s (%s)\n", world.rank, what, status_message());
  ck_assert_msg(bad == 0, "%s: %s", what, status_message());
}

static void setup(void) {
  temp_folder_make(&world, folder);
}
static void teardown(void) {
  temp_folder_remove(&world, folder);
}

typedef struct shape {
  gid users;
  lid items;
  int k;
  bool explicit_loss;
  int64_t memory;
} shape;

static const shape SHAPES[] = {{1, 3, 1, false, 0},  {40, 30, 5, false, 0},     {70, 700, 16, false, 1000},
                               {45, 60, 7, true, 0}, {33, 600, 17, true, 1000}, {3, 40, 3, true, 0}};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES };
static const int AT[] = {2, 5, 20, 100};
enum { N_AT = 4 };

/* Small multiples of 1/4: sums of products are exact in any order, and scores tie. */
static real factor_of(side s, gid row, int column) {
  return (real)((int)(rng_uniform(3, s, (uint64_t)row, (uint64_t)column) * 9) - 4) / 4;
}
static real bias_of(side s, gid row) {
  return (real)(int)(rng_uniform(4, s, (uint64_t)row, 0) * 8) / 8;
}

typedef enum lot { NOTHING, TRAIN, TEST, DISLIKED, RETURNED } lot;

/* User 1 has no test item, user 2 no training item. Only implicit data have dislikes and returns (value 0): in the test
 * they are not to be found, and what was returned in training is known, but not liked. */
static lot lot_of(const shape *h, gid u, lid i) {
  double p = rng_uniform(5, 0, (uint64_t)u, (uint64_t)i);
  if (i == 0)
    return u == 1 ? NOTHING : TEST;
  if (p < 0.3)
    return u == 2 ? NOTHING : TRAIN;
  if (p < 0.4)
    return u == 1 ? NOTHING : TEST;
  if (h->explicit_loss)
    return NOTHING;
  return p < 0.45 ? DISLIKED : p < 0.5 && u != 2 ? RETURNED : NOTHING;
}
static real value_of(gid u, lid i) {
  return (real)(1 + (int)(rng_uniform(6, 0, (uint64_t)u, (uint64_t)i) * 9)) / 2;
}

static void make_rows(const shape *h, gid first, gid count, bool test, csr *out) {
  off nnz = 0;
  ck_assert_int_eq(csr_alloc(out, (lid)count, count * h->items, "rows"), OK);
  for (gid u = 0; u < count; u++) {
    for (lid i = 0; i < h->items; i++) {
      lot l = lot_of(h, first + u, i);
      if (test ? l == TEST || l == DISLIKED : l == TRAIN || l == RETURNED) {
        out->col[nnz] = i;
        out->val[nnz++] = l == DISLIKED ? (real)(i % 2 - 1) : l == RETURNED ? 0 : value_of(first + u, i);
      }
    }
    out->ptr[u + 1] = nnz;
  }
}

/* Row r of the model holds the dataset's row (r * step) % n: step 1 is the same order. */
static gid moved(gid row, gid n, gid step) {
  return row * step % n;
}

static void write_ids(strings *s, gid first, gid count, gid n, gid step) {
  ck_assert_int_eq(strings_alloc(s, count, 24, "ids"), OK);
  for (gid i = 0; i < count; i++)
    snprintf(s->bytes + i * 24, 24, "id%lld", (long long)moved(first + i, n, step));
}

static gid coprime(gid n) {
  gid step = n / 2 + 1;
  for (;; step++) {
    gid a = n, b = step;
    while (b != 0) {
      gid rest = a % b;
      a = b;
      b = rest;
    }
    if (a == 1)
      return step;
  }
}

static model *make_model(const shape *h, const char *name, bool shuffled) {
  char dir[TEMP_FOLDER_MAX + 32];
  snprintf(dir, sizeof dir, "%s/%s", folder, name);
  if (world.rank == 0)
    mkdir(dir, 0755);
  comm_barrier(&world);
  part users, items;
  everywhere(part_equal(&users, h->users, world.size) == OK && part_equal(&items, h->items, world.size) == OK, "part");
  gid step[2] = {shuffled ? coprime(h->users) : 1, shuffled ? coprime(h->items) : 1};
  double mean = 2, lambda = 0.1, nu = 1;
  double low = 1, high = 4.5, unobserved = 0.1, one = 1;
  h5_attribute attributes[] = {{"/", "loss", H5_TEXT, 0, h->explicit_loss ? "explicit" : "implicit"},
                               {"/", "mean", H5_F64, 0, &mean},
                               {"/", "lambda", H5_F64, 0, &lambda},
                               {"/", "reg_exponent", H5_F64, 0, &nu},
                               {"/", "scale_min", H5_F64, 0, &low},
                               {"/", "scale_max", H5_F64, 0, &high},
                               {"/", "confidence", H5_TEXT, 0, "ials"},
                               {"/", "weights", H5_TEXT, 0, "one"},
                               {"/", "alpha", H5_F64, 0, &one},
                               {"/", "epsilon", H5_F64, 0, &one},
                               {"/", "unobserved_weight", H5_F64, 0, &unobserved}};
  model_part p = {.n_users = h->users,
                  .n_items = h->items,
                  .factors = h->k,
                  .first_user = users.first[world.rank],
                  .user_count = part_count(&users, world.rank),
                  .first_item = items.first[world.rank],
                  .item_count = part_count(&items, world.rank),
                  .ld = h->k,
                  .attributes = attributes,
                  .n_attributes = sizeof attributes / sizeof *attributes};
  real *f[2], *b[2];
  for (int s = 0; s < 2; s++) {
    gid first = s == USERS ? p.first_user : p.first_item, count = s == USERS ? p.user_count : p.item_count;
    gid n = s == USERS ? h->users : h->items;
    ck_assert_int_eq(MEM_ALLOC(f[s], count * h->k, "factors"), OK);
    ck_assert_int_eq(MEM_ALLOC(b[s], count, "biases"), OK);
    for (gid r = 0; r < count; r++) {
      for (int c = 0; c < h->k; c++)
        f[s][r * h->k + c] = factor_of((side)s, moved(first + r, n, step[s]), c);
      b[s][r] = bias_of((side)s, moved(first + r, n, step[s]));
    }
    write_ids(s == USERS ? &p.user_ids : &p.item_ids, first, count, n, step[s]);
  }
  p.user_factors = f[USERS];
  p.item_factors = f[ITEMS];
  p.user_bias = h->explicit_loss ? b[USERS] : NULL;
  p.item_bias = h->explicit_loss ? b[ITEMS] : NULL;
  everywhere(model_write(&world, dir, &p) == OK, "model_write");
  for (int s = 0; s < 2; s++) {
    mem_free(f[s]);
    mem_free(b[s]);
  }
  strings_free(&p.user_ids);
  strings_free(&p.item_ids);
  part_free(&users);
  part_free(&items);
  model *m;
  everywhere(model_open(dir, &m) == OK, "model_open");
  return m;
}

/* A dataset whose row r has the id (r * step) % n, step 1 being in order; user u has one event, with item u % n_items.
 * Its path. */
static const char *write_dataset(const shape *h, const char *name, gid step_users, gid step_items) {
  static char path[TEMP_FOLDER_MAX + 32];
  snprintf(path, sizeof path, "%s/%s.h5", folder, name);
  part users, items;
  everywhere(part_equal(&users, h->users, world.size) == OK && part_equal(&items, h->items, world.size) == OK, "part");
  dataset_part p = {.n_users = h->users,
                    .n_items = h->items,
                    .n_events = h->users,
                    .first_user = users.first[world.rank],
                    .user_count = part_count(&users, world.rank),
                    .first_event = users.first[world.rank],
                    .first_item = items.first[world.rank],
                    .item_count = part_count(&items, world.rank)};
  off indptr[128];
  lid item[128] = {0};
  real value[128] = {0};
  for (gid u = 0; u <= p.user_count; u++)
    indptr[u] = p.first_user + u;
  for (gid u = 0; u < p.user_count; u++) {
    item[u] = (lid)((p.first_user + u) % h->items);
    value[u] = 1;
  }
  p.indptr = indptr;
  p.item = item;
  p.value = value;
  write_ids(&p.user_ids, p.first_user, p.user_count, h->users, step_users);
  write_ids(&p.item_ids, p.first_item, p.item_count, h->items, step_items);
  everywhere(dataset_write(&world, path, &p) == OK, "dataset_write");
  strings_free(&p.user_ids);
  strings_free(&p.item_ids);
  part_free(&users);
  part_free(&items);
  return path;
}

/* A dataset with the ids in order. */
static dataset *make_dataset(const shape *h) {
  dataset *d;
  everywhere(dataset_open(&world, write_dataset(h, "data", 1, 1), &d) == OK, "dataset_open");
  return d;
}

static evaluate_settings input_of(const shape *h, scorer *s, const csr *train, const csr *test, gid first) {
  evaluate_settings in = {.n_models = 1,
                          .model = {s},
                          .n_users = h->users,
                          .first_user = first,
                          .n_items = h->items,
                          .train = train,
                          .test = test,
                          .explicit_loss = h->explicit_loss,
                          .low = 1,
                          .high = 4.5,
                          .n_at = N_AT,
                          .seed = 9,
                          .memory = h->memory};
  memcpy(in.at, AT, sizeof AT);
  return in;
}

static bool near(double a, double b) {
  return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

/* Every figure of every contestant from its definition, over all users, on every rank. */
static void check_against_reference(const shape *h, const evaluation *e) {
  double sum[3][N_AT][METRICS] = {{{0}}}, square[3] = {0}, size[3] = {0}, pairs = 0, users = 0;
  static double score[1000], count[1000], total[1000];
  static bool seen[1000], is_test[1000];
  static lid list[1000];
  double all = 0, n_all = 0;
  memset(count, 0, sizeof count);
  memset(total, 0, sizeof total);
  for (gid u = 0; u < h->users; u++)
    for (lid i = 0; i < h->items; i++)
      if (lot_of(h, u, i) == TRAIN) {
        count[i]++;
        total[i] += (double)value_of(u, i);
        all += (double)value_of(u, i);
        n_all++;
      }
  for (gid u = 0; u < h->users; u++) {
    int tests = 0, candidates = 0;
    for (lid i = 0; i < h->items; i++) {
      seen[i] = lot_of(h, u, i) == TRAIN || lot_of(h, u, i) == RETURNED;
      is_test[i] = lot_of(h, u, i) == TEST;
      tests += is_test[i];
      candidates += !seen[i];
    }
    if (tests == 0)
      continue;
    users++;
    for (int who = 0; who < 2; who++) {
      for (lid i = 0; i < h->items; i++) {
        score[i] = count[i];
        if (who == 0) {
          score[i] = h->explicit_loss ? 2 + (double)bias_of(USERS, u) + (double)bias_of(ITEMS, i) : 0;
          for (int p = 0; p < h->k; p++)
            score[i] += (double)factor_of(USERS, u, p) * (double)factor_of(ITEMS, i, p);
        }
      }
      int n = ref_rank(h->items, score, seen, list);
      for (int a = 0; a < N_AT; a++)
        for (int m = 0; m < METRICS; m++)
          sum[who][a][m] += ref_metric((metric)m, AT[a], list, n, h->items, is_test);
      for (lid i = 0; h->explicit_loss && i < h->items; i++)
        if (is_test[i]) {
          double guess = who == 0 ? score[i] : count[i] > 0 ? total[i] / count[i] : all / n_all;
          double error = fmin(fmax(guess, 1), 4.5) - (double)value_of(u, i);
          square[who] += error * error;
          size[who] += fabs(error);
          pairs += who == 0;
        }
    }
    for (lid i = 0; h->explicit_loss && i < h->items; i++)
      if (is_test[i]) {
        double error = all / n_all - (double)value_of(u, i);
        square[2] += error * error;
        size[2] += fabs(error);
      }
    if (candidates <= 6)
      for (int a = 0; a < N_AT; a++)
        for (int m = 0; m < METRICS; m++)
          sum[2][a][m] += ref_metric_random((metric)m, AT[a], candidates, tests);
  }
  const scores *got[3] = {&e->model[0], &e->popular, &e->random};
  bool good = (double)e->users == users && e->users_without_test == h->users - e->users;
  for (int who = 0; who < 3; who++) {
    for (int a = 0; a < N_AT && (who < 2 || h->items <= 6); a++)
      for (int m = 0; m < METRICS; m++)
        good = good && near(got[who]->at[a][m].value, sum[who][a][m] / users);
    if (h->explicit_loss)
      good =
          good && near(got[who]->rmse.value, sqrt(square[who] / pairs)) && near(got[who]->mae.value, size[who] / pairs);
  }
  for (int a = 0; a < N_AT; a++)
    for (int m = 0; m < METRICS; m++)
      good = good && e->model[0].at[a][m].low <= e->model[0].at[a][m].value + 1e-9 &&
             e->model[0].at[a][m].high >= e->model[0].at[a][m].value - 1e-9;
  everywhere(good, "figures are those of the definitions");
}

static bool same_text(const evaluation *a, const evaluation *b) {
  json_t *x = report_json(a, "rule", 1), *y = report_json(b, "rule", 1);
  char *s = json_dumps(x, JSON_REAL_PRECISION(17)), *t = json_dumps(y, JSON_REAL_PRECISION(17));
  bool same = s != NULL && t != NULL && strcmp(s, t) == 0;
  if (!same)
    fprintf(stderr, "%s\n%s\n", s, t);
  free(s);
  free(t);
  json_decref(x);
  json_decref(y);
  return same;
}

/* Over ranks: the definitions' figures, and to the last digit those of one rank that holds all users. */
START_TEST(figures_are_right_on_any_number_of_ranks) {
  const shape *h = &SHAPES[_i];
  model *m = make_model(h, "model", false);
  part users;
  everywhere(part_equal(&users, h->users, world.size) == OK, "part");
  gid first = users.first[world.rank];
  csr train, test, all_train, all_test;
  make_rows(h, first, part_count(&users, world.rank), false, &train);
  make_rows(h, first, part_count(&users, world.rank), true, &test);
  make_rows(h, 0, h->users, false, &all_train);
  make_rows(h, 0, h->users, true, &all_test);
  scorer *s;
  everywhere(scorer_create(isa_in_use(), m, NULL, h->memory, &s) == OK, "scorer_create");
  evaluation e, alone;
  evaluate_settings in = input_of(h, s, &train, &test, first), in_alone = input_of(h, s, &all_train, &all_test, 0);
  everywhere(evaluate(&world, &in, &e) == OK, "evaluate");
  comm single = comm_single();
  everywhere(evaluate(&single, &in_alone, &alone) == OK, "evaluate alone");
  check_against_reference(h, &e);
  everywhere(same_text(&e, &alone), "same on one rank");
  scorer_free(s);
  csr_free(&train);
  csr_free(&test);
  csr_free(&all_train);
  csr_free(&all_test);
  part_free(&users);
  model_close(m);
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

/* A model whose rows stand in another order is the same model: matched by id, it gets the same figures, and the
 * difference is none, with an interval of no width. */
START_TEST(rows_are_matched_by_id) {
  const shape *h = &SHAPES[_i];
  model *m[2] = {make_model(h, "model", false), make_model(h, "shuffled", true)};
  dataset *d = make_dataset(h);
  part users;
  everywhere(part_equal(&users, h->users, world.size) == OK, "part");
  gid first = users.first[world.rank];
  csr train, test;
  make_rows(h, first, part_count(&users, world.rank), false, &train);
  make_rows(h, first, part_count(&users, world.rank), true, &test);
  row_map map[2];
  scorer *s[2];
  for (int i = 0; i < 2; i++) {
    gid known_users, known_items;
    everywhere(row_map_make(&world, d, m[i], &users, &map[i], &known_users, &known_items) == OK, "row_map_make");
    everywhere(known_users == h->users && known_items == h->items, "all rows are found");
    everywhere(scorer_create(isa_in_use(), m[i], &map[i], h->memory, &s[i]) == OK, "scorer_create");
  }
  evaluation e;
  evaluate_settings in = input_of(h, s[0], &train, &test, first);
  in.n_models = 2;
  in.model[1] = s[1];
  in.map[0] = &map[0];
  in.map[1] = &map[1];
  everywhere(evaluate(&world, &in, &e) == OK, "evaluate");
  check_against_reference(h, &e);
  bool none = e.difference.rmse.value == 0 && e.difference.rmse.low == 0 && e.difference.rmse.high == 0;
  for (int a = 0; a < N_AT; a++)
    for (int k = 0; k < METRICS; k++)
      none =
          none && e.difference.at[a][k].value == 0 && e.difference.at[a][k].low == 0 && e.difference.at[a][k].high == 0;
  everywhere(none, "no difference");
  for (int i = 0; i < 2; i++) {
    scorer_free(s[i]);
    row_map_free(&map[i]);
    model_close(m[i]);
  }
  dataset_close(d);
  csr_free(&train);
  csr_free(&test);
  part_free(&users);
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

/* Measuring that is stopped after every batch, and gone on with by turns on all ranks and on one, gives the figures of
 * one that was not; a checkpoint of something else is not taken. */
START_TEST(measuring_goes_on) {
  const shape h = {1000, 90, 6, _i == 1, 1000};
  model *m = make_model(&h, "model", false);
  comm single = comm_single();
  part users;
  everywhere(part_equal(&users, h.users, world.size) == OK, "part");
  gid first = users.first[world.rank];
  csr train, test, all_train, all_test;
  make_rows(&h, first, part_count(&users, world.rank), false, &train);
  make_rows(&h, first, part_count(&users, world.rank), true, &test);
  make_rows(&h, 0, h.users, false, &all_train);
  make_rows(&h, 0, h.users, true, &all_test);
  scorer *s;
  everywhere(scorer_create(isa_in_use(), m, NULL, h.memory, &s) == OK, "scorer_create");
  evaluation whole, e = {0};
  evaluate_settings in = input_of(&h, s, &train, &test, first), in_alone = input_of(&h, s, &all_train, &all_test, 0);
  everywhere(evaluate(&world, &in, &whole) == OK, "evaluate");
  run_clock clock = {.limit = 1e-9, .started = -1};
  json_t *key = json_string("this"), *other = json_string("that");
  checkpoint_place keep = {folder, other, &clock};
  in.keep = in_alone.keep = &keep;
  everywhere(evaluate(&world, &in, &e) == STOPPED, "it is stopped");
  keep.key = key;
  int64_t st = STOPPED, stops = 0;
  for (; st == STOPPED && stops < 40; stops++) {
    if (stops % 2 == 0)
      st = (int64_t)evaluate(&world, &in, &e);
    else if (world.rank == 0)
      st = (int64_t)evaluate(&single, &in_alone, &e);
    comm_broadcast(&world, &st, sizeof st, 0);
  }
  everywhere(st == OK && stops > 3, "it ends, but not at once");
  everywhere(world.rank > 0 || same_text(&e, &whole), "the same figures");
  json_decref(key);
  json_decref(other);
  scorer_free(s);
  csr_free(&train);
  csr_free(&test);
  csr_free(&all_train);
  csr_free(&all_test);
  part_free(&users);
  model_close(m);
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

/* A set of rows: ranges grow together, and what is written is read again; nonsense is not. */
START_TEST(rows_that_are_done) {
  done_rows d = {0}, again = {0};
  status st = OK;
  static const gid RANGES[][2] = {{10, 20}, {30, 40}, {0, 5}, {5, 10}, {35, 60}, {70, 70}, {100, 101}, {20, 29}};
  for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++)
    ck_assert_int_eq(done_rows_add(&d, RANGES[i][0], RANGES[i][1]), OK);
  ck_assert_int_eq(d.n, 3);
  for (gid row = 0; row < 110; row++)
    ck_assert_int_eq(done_rows_has(&d, row), row < 29 || (row >= 30 && row < 60) || row == 100);
  json_t *list = done_rows_json(&d);
  ck_assert(done_rows_read(list, 101, &again, &st) && again.n == 3 && memcmp(again.end, d.end, 3 * sizeof *d.end) == 0);
  done_rows_free(&again);
  ck_assert(!done_rows_read(list, 100, &again, &st) && st == OK);
  json_decref(list);
  done_rows_free(&again);
  static const char *const NONSENSE[] = {"{}", "[1]", "[[1]]", "[[3, 2]]", "[[-1, 2]]", "[[1, 2, 3]]", "[[1, 2.5]]"};
  for (size_t i = 0; i < sizeof NONSENSE / sizeof *NONSENSE; i++) {
    list = json_loads(NONSENSE[i], 0, NULL);
    ck_assert_msg(list != NULL && !done_rows_read(list, 100, &again, &st), "%s", NONSENSE[i]);
    json_decref(list);
    done_rows_free(&again);
  }
  ck_assert(!done_rows_read(NULL, 100, &again, &st));
  done_rows_free(&d);
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

/* Folding in solves the user's own normal equations: held against elimination in double. */
START_TEST(folding_in_is_a_half_sweep) {
  const shape *h = &SHAPES[_i];
  enum { K_MAX = 20, MOST = 800 };
  model *m = make_model(h, "model", false);
  foldin *f;
  everywhere(foldin_create(&world, m, &f) == OK, "foldin_create");
  csr rows;
  make_rows(h, 0, h->users < 5 ? h->users : 5, false, &rows);
  real x[5 * K_MAX], bias[5];
  csr kept;
  make_rows(h, 0, rows.n_rows, false, &kept);
  if (!h->explicit_loss)
    everywhere(csr_drop_zeros(&kept) > 0 || h->users == 1, "some are no likes");
  everywhere(foldin_rows(f, &rows, x, K_MAX, bias) == OK, "foldin_rows");
  bool good = true;
  for (lid u = 0; u < kept.n_rows; u++) {
    /* The gradient of the row's loss vanishes at the solution. */
    int k = h->k + h->explicit_loss;
    off n = kept.ptr[u + 1] - kept.ptr[u];
    double gradient[K_MAX + 1] = {0}, scale = 1, z[K_MAX + 1];
    double lambda = h->explicit_loss ? 0.1 * (double)n : 0.1 * ((double)n + 0.1 * h->items);
    for (int p = 0; p < k; p++) {
      z[p] = p < h->k ? (double)x[u * K_MAX + p] : (double)bias[u];
      gradient[p] = lambda * z[p];
    }
    for (lid i = 0; i < h->items; i++) {
      double y[K_MAX + 1], s = 0, c = 0;
      bool has = false;
      for (off e = kept.ptr[u]; e < kept.ptr[u + 1]; e++)
        if (kept.col[e] == i) {
          has = true;
          c = (double)kept.val[e] - 2 - (double)bias_of(ITEMS, i);
        }
      for (int p = 0; p < k; p++) {
        y[p] = p < h->k ? (double)factor_of(ITEMS, i, p) : 1;
        s += y[p] * z[p];
      }
      for (int p = 0; p < k; p++) {
        double term = h->explicit_loss ? (has ? (s - c) * y[p] : 0) : 0.1 * s * y[p] + (has ? (s - 1) * y[p] : 0);
        gradient[p] += term;
        scale += fabs(term);
      }
    }
    for (int p = 0; p < k && n > 0; p++)
      good = good && fabs(gradient[p]) <= 1e-4 * scale;
    for (int p = 0; p < k && n == 0; p++)
      good = good && z[p] == 0;
  }
  everywhere(good, "the gradient vanishes");
  csr_free(&rows);
  csr_free(&kept);
  foldin_free(f);
  model_close(m);
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

/* User u's items: five to eleven of them; the last user has none. */
static void make_tastes(gid n_users, gid n_items, gid first, gid count, csr *out) {
  off nnz = 0;
  ck_assert_int_eq(csr_alloc(out, (lid)count, count * 11, "rows"), OK);
  for (gid u = first; u < first + count; u++) {
    int n = u == n_users - 1 ? 0 : 5 + (int)(u % 7);
    for (int j = 0; j < n; j++) {
      out->col[nnz] = (lid)((u * 3 + j * (1 + u % 3)) % (n_items - 40) + j);
      out->val[nnz++] = 1;
    }
    out->ptr[u - first + 1] = nnz;
  }
}

/* Trains so many sweeps with a prior. */
static als *train_with_prior(gid n_users, gid n_items, int k, int sweeps, const part *users) {
  csr train;
  als *a;
  als_settings set = {.loss = {.lambda = 0.1, .nu = 1, .alpha = 1, .unobserved = 0.1, .prior_mean = 0.4},
                      .factors = k,
                      .seed = 1,
                      .sweeps = sweeps,
                      .method = SOLVE_CHOLESKY};
  make_tastes(n_users, n_items, users->first[world.rank], part_count(users, world.rank), &train);
  everywhere(als_create(&world, &set, users, n_items, &train, &a) == OK && als_run(a, NULL, NULL) == OK, "training");
  return a;
}

/* Writes the trained factors as a model, with the attributes that folding in reads. */
static model *write_trained(als *a, int k) {
  char dir[TEMP_FOLDER_MAX + 32];
  double lambda = 0.1, one = 1, unobserved = 0.1, phi = 0.4;
  real prior[32];
  const h5_attribute attributes[] = {
      {"/", "loss", H5_TEXT, 0, "implicit"},  {"/", "lambda", H5_F64, 0, &lambda},
      {"/", "reg_exponent", H5_F64, 0, &one}, {"/", "confidence", H5_TEXT, 0, "ials"},
      {"/", "weights", H5_TEXT, 0, "one"},    {"/", "alpha", H5_F64, 0, &one},
      {"/", "epsilon", H5_F64, 0, &one},      {"/", "unobserved_weight", H5_F64, 0, &unobserved},
      {"/", "prior_mean", H5_F64, 0, &phi}};
  const part *users = als_part(a, USERS), *items = als_part(a, ITEMS);
  for (int j = 0; j < k; j++)
    prior[j] = (real)als_prior(a)[j];
  model_part p = {.n_users = users->n,
                  .n_items = items->n,
                  .factors = k,
                  .first_user = users->first[world.rank],
                  .user_count = part_count(users, world.rank),
                  .first_item = items->first[world.rank],
                  .item_count = part_count(items, world.rank),
                  .ld = als_ld(a),
                  .user_factors = als_factors(a, USERS),
                  .item_factors = als_factors(a, ITEMS),
                  .prior = prior,
                  .unseen = als_unseen(a),
                  .attributes = attributes,
                  .n_attributes = sizeof attributes / sizeof *attributes};
  model *m = NULL;
  snprintf(dir, sizeof dir, "%s/trained", folder);
  if (world.rank == 0)
    mkdir(dir, 0755);
  comm_barrier(&world);
  write_ids(&p.user_ids, p.first_user, p.user_count, users->n, 1);
  write_ids(&p.item_ids, p.first_item, p.item_count, items->n, 1);
  everywhere(model_write(&world, dir, &p) == OK && model_open(dir, &m) == OK, "model");
  strings_free(&p.user_ids);
  strings_free(&p.item_ids);
  return m;
}

/* With the mean user as prior, folding a row in gives the bits of training's next half sweep, a row without items and a
 * user whom the model does not know get the row of those without events, and that row is told from others. If not, a
 * newcomer is served another list than a member with the same events. */
START_TEST(folding_in_has_the_prior) {
  enum { USERS_N = 61, ITEMS_N = 90, FACTORS = 7, TABLE = 8 };
  static real x[(USERS_N + 1) * TABLE];
  real stranger[FACTORS];
  part users;
  foldin *f;
  scorer *s;
  csr rows;
  everywhere(part_equal(&users, USERS_N, world.size) == OK, "part");
  als *before = train_with_prior(USERS_N, ITEMS_N, FACTORS, 3, &users),
      *after = train_with_prior(USERS_N, ITEMS_N, FACTORS, 4, &users);
  model *m = write_trained(before, FACTORS);
  gid first = users.first[world.rank], count = part_count(&users, world.rank), none = -1;
  make_tastes(USERS_N, ITEMS_N, first, count, &rows);
  everywhere(foldin_create(&world, m, &f) == OK && foldin_rows(f, &rows, x, TABLE, NULL) == OK, "foldin");
  bool good = true;
  for (gid u = 0; u < count; u++) {
    const real *trained = als_factors(after, USERS) + u * als_ld(after);
    bool last = first + u == USERS_N - 1;
    good = good && memcmp(x + u * TABLE, last ? als_unseen(before) : trained, sizeof(real) * FACTORS) == 0 &&
           model_is_unseen(m, x + u * TABLE) == last;
  }
  everywhere(good, "the rows of the next half sweep");
  everywhere(scorer_create(isa_in_use(), m, NULL, 0, &s) == OK && scorer_users(s, &none, 1, stranger, NULL) == OK,
             "scorer");
  everywhere(model_is_unseen(m, stranger) && stranger[0] != 0, "a stranger's row");
  scorer_free(s);
  foldin_free(f);
  csr_free(&rows);
  als_free(before);
  als_free(after);
  model_close(m);
  part_free(&users);
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

/* Ids of every length find their row, others find none, on any number of ranks. */
START_TEST(ids_find_their_rows) {
  strings ours, theirs;
  gid n = 1000, row[1000];
  part a, b;
  everywhere(part_equal(&a, n, world.size) == OK && part_equal(&b, n / 2, world.size) == OK, "part");
  gid count = part_count(&a, world.rank), first = a.first[world.rank];
  write_ids(&ours, first, count, n, 1);
  write_ids(&theirs, b.first[world.rank], part_count(&b, world.rank), n / 2, 3);
  everywhere(match_rows(&world, &ours, &theirs, b.first[world.rank], row) == OK, "match_rows");
  bool good = true;
  for (gid i = 0; i < count; i++)
    good = good && (first + i >= n / 2 ? row[i] == -1 : row[i] >= 0 && moved(row[i], n / 2, 3) == first + i);
  everywhere(good, "rows");
  strings_free(&ours);
  strings_free(&theirs);
  part_free(&a);
  part_free(&b);
}
END_TEST

/* User u has ten items to train on and four to find, far apart. */
static void make_few(gid n_items, gid first, gid count, bool test, csr *out) {
  gid step = n_items / 16;
  int each = test ? 4 : 10;
  off nnz = 0;
  ck_assert_int_eq(csr_alloc(out, (lid)count, count * each, "rows"), OK);
  for (gid u = 0; u < count; u++) {
    for (int j = 0; j < each; j++) {
      out->col[nnz] = (lid)(j * step + first + u + (test ? step / 2 : 0));
      out->val[nnz++] = 1;
    }
    out->ptr[u + 1] = nnz;
  }
}

/* The most that evaluation holds at a time, with a cap on it. `moved`: the model's items stand in other rows than the
 * dataset's, and users are folded in. */
static int64_t evaluation_peak(gid n_items, bool moved, int64_t cap) {
  shape h = {40, (lid)n_items, 2, false, 1 << 20};
  model *m = make_model(&h, "large", moved);
  dataset *d = make_dataset(&h);
  part users;
  everywhere(part_equal(&users, h.users, world.size) == OK, "part");
  gid first = users.first[world.rank];
  csr train, test;
  make_few(n_items, first, part_count(&users, world.rank), false, &train);
  make_few(n_items, first, part_count(&users, world.rank), true, &test);
  row_map map;
  foldin *fold;
  static uint8_t strangers[64];
  scorer *s; /* blocks of the same size for many items as for few */
  everywhere(row_map_make(&world, d, m, &users, &map, NULL, NULL) == OK, "row_map_make");
  everywhere(foldin_create(&world, m, &fold) == OK, "foldin_create");
  everywhere(scorer_create(isa_in_use(), m, &map, 1 << 16, &s) == OK, "scorer_create");
  everywhere(scorer_renumbered(s) == moved, "items moved");
  memset(strangers, 1, sizeof strangers);
  evaluation e;
  evaluate_settings in = input_of(&h, s, &train, &test, first);
  in.map[0] = &map;
  in.fold[0] = fold;
  in.fold_user = moved ? strangers : NULL;
  mem_peak_reset();
  int64_t before = mem_held(), most;
  mem_cap(cap > 0 ? before + cap : 0);
  everywhere(evaluate(&world, &in, &e) == OK, "evaluate within its memory");
  mem_cap(0);
  most = mem_peak() - before;
  comm_max_i64(&world, &most, 1);
  everywhere(e.users == h.users && (moved || e.popular.coverage > 0), "all users are measured");
  scorer_free(s);
  foldin_free(fold);
  row_map_free(&map);
  csr_free(&train);
  csr_free(&test);
  part_free(&users);
  model_close(m);
  dataset_close(d);
  return most;
}

enum { FEW = 2000, MANY = 200000 };

/* A hundred times the items: a rank holds more for its own share of them alone, and would be refused any array of all
 * of them. */
START_TEST(items_are_shared_out) {
  bool moved = _i == 1;
  int64_t little = evaluation_peak(FEW, moved, 0), own = (MANY + world.size - 1) / world.size;
  int64_t cap = little + 26 * own + 8 * (1 << 14); /* what is known of our items; a slice of counts */
  int64_t most = evaluation_peak(MANY, moved, cap);
  everywhere(most <= cap && (world.size < 3 || cap - little < 12 * MANY), "memory");
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

/* What it takes to find the rows of one file in another that has them in another order, and what of it is kept. */
typedef struct taken {
  int64_t most, kept;
} taken;

static void mem_begin(taken *t) {
  mem_peak_reset();
  t->kept = mem_held();
}
static void mem_end(comm *c, taken *t) {
  *t = (taken){mem_peak() - t->kept, mem_held() - t->kept};
  comm_max_i64(c, &t->most, 1);
  comm_max_i64(c, &t->kept, 1);
}

/* Of a snapshot's measuring, of --test, and of lists for everyone: over the ranks of c. */
static void match_files(comm *c, const shape *h, model *m, const char *data, const char *other, taken out[3]) {
  dataset *d;
  part users, members;
  row_map map;
  given_pairs given;
  seen *s;
  csr has = {0};
  everywhere(dataset_open(c, data, &d) == OK, "dataset_open");
  everywhere(part_equal(&users, h->users, c->size) == OK && part_equal(&members, h->users, c->size) == OK, "part");
  mem_begin(&out[0]);
  everywhere(row_map_make(c, d, m, &users, &map, NULL, NULL) == OK && map.items, "row_map_make");
  mem_end(c, &out[0]);
  mem_begin(&out[1]);
  everywhere(given_load(c, d, other, &users, DUPLICATES_SUM, &given) == OK, "given_load");
  mem_end(c, &out[1]);
  bool good = true;
  gid step[2] = {coprime(h->users), coprime(h->items)};
  for (lid r = 0; r < given.rows.n_rows; r++) { /* of whom `other` has in row u, the event is of its row u % items */
    good = good && given.rows.ptr[r + 1] == given.rows.ptr[r] + 1;
    for (gid u = 0; good && u < h->users; u++)
      if (moved(u, h->users, step[0]) == given.first + r)
        good = given.rows.col[given.rows.ptr[r]] == moved(u % h->items, h->items, step[1]);
  }
  everywhere(good, "pairs of --test in the rows of the dataset");
  mem_begin(&out[2]);
  everywhere(seen_create(c, d, m, &members, &s) == OK && seen_is_collective(s), "seen_create");
  mem_end(c, &out[2]);
  gid first = members.first[c->rank];
  everywhere(seen_rows(c, s, first, (lid)part_count(&members, c->rank), &has) == OK, "seen_rows");
  for (lid r = 0; r < has.n_rows; r++) /* the model's row of the item that the member's id has in the dataset */
    good = good && has.ptr[r + 1] == has.ptr[r] + 1 &&
           moved(has.col[has.ptr[r]], h->items, step[1]) == moved(first + r, h->users, step[0]) % h->items;
  everywhere(good, "what members have in the rows of the model");
  csr_free(&has);
  seen_free(s);
  given_free(&given);
  row_map_free(&map);
  part_free(&users);
  part_free(&members);
  dataset_close(d);
}

/* Of P ranks each needs a P-th of what one takes to match all rows by id, and keeps a P-th. */
START_TEST(matching_is_shared_out) {
  shape h = {40, MANY, 2, false, 0};
  char data[TEMP_FOLDER_MAX + 32], other[TEMP_FOLDER_MAX + 32];
  model *m = make_model(&h, "other", true);
  snprintf(data, sizeof data, "%s", write_dataset(&h, "data", 1, 1));
  snprintf(other, sizeof other, "%s", write_dataset(&h, "given", coprime(h.users), coprime(h.items)));
  comm single = comm_single();
  taken alone[3], shared[3];
  match_files(&single, &h, m, data, other, alone);
  match_files(&world, &h, m, data, other, shared);
  for (int i = 0; i < 3; i++) {
    everywhere(shared[i].kept <= alone[i].kept / world.size + (1 << 13), "memory kept");
    everywhere(shared[i].most <= 1.04 * (double)alone[i].most / world.size + (1 << 15), "memory taken");
  }
  model_close(m);
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

/* What it takes to start a training on `data` from the model in `from`, over the ranks of c. */
static void start_from(comm *c, const shape *h, const char *data, const char *from, taken *out) {
  dataset *d;
  part users;
  csr pairs = {0};
  als *a;
  holdout none = {0};
  als_settings set = {.loss = {.lambda = 0.1, .nu = 1, .alpha = 1, .unobserved = 0.1},
                      .factors = h->k,
                      .seed = 1,
                      .sweeps = 1,
                      .method = SOLVE_CHOLESKY};
  everywhere(dataset_open(c, data, &d) == OK, "dataset_open");
  everywhere(interactions_cut_users(c, d, h->k, c->size, &users) == OK, "cut");
  everywhere(interactions_load(c, d, &users, DUPLICATES_SUM, NULL, NULL, NULL, &pairs, NULL) == OK, "load");
  everywhere(als_create(c, &set, &users, h->items, &pairs, &a) == OK, "als_create");
  mem_begin(out);
  everywhere(warm_start(c, from, MODEL_FILE, d, &none, a, h->k, false) == OK, "warm_start");
  mem_end(c, out);
  bool good = true;
  gid first = als_part(a, ITEMS)->first[c->rank], step = coprime(h->items);
  for (gid r = 0; r < part_count(als_part(a, ITEMS), c->rank); r++) /* by id, wherever the model has it */
    for (int k = 0; k < h->k; k++)
      good = good && als_factors(a, ITEMS)[r * als_ld(a) + k] == factor_of(ITEMS, first + r, k);
  everywhere(good && step > 1, "items start from the model's rows of their ids");
  als_free(a);
  part_free(&users);
  dataset_close(d);
}

/* The same of a start from another model: no rank holds anything of all items. */
START_TEST(a_start_is_shared_out) {
  shape h = {40, MANY / 10, 2, false, 0};
  char data[TEMP_FOLDER_MAX + 32], from[TEMP_FOLDER_MAX + 32];
  model_close(make_model(&h, "before", true));
  snprintf(from, sizeof from, "%s/before", folder);
  snprintf(data, sizeof data, "%s", write_dataset(&h, "data", 1, 1));
  comm single = comm_single();
  taken alone, shared;
  start_from(&single, &h, data, from, &alone);
  start_from(&world, &h, data, from, &shared);
  everywhere(shared.kept == 0, "memory kept");
  everywhere(shared.most <= 1.04 * (double)alone.most / world.size + (1 << 15), "memory taken");
  everywhere(mem_held() == 0, "nothing is left");
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, items_are_shared_out, 0, 2);
  tcase_add_test(tc, matching_is_shared_out);
  tcase_add_test(tc, a_start_is_shared_out);
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, figures_are_right_on_any_number_of_ranks, 0, N_SHAPES);
  tcase_add_loop_test(tc, rows_are_matched_by_id, 0, N_SHAPES);
  tcase_add_loop_test(tc, measuring_goes_on, 0, 2);
  tcase_add_test(tc, rows_that_are_done);
  tcase_add_loop_test(tc, folding_in_is_a_half_sweep, 0, N_SHAPES);
  tcase_add_test(tc, folding_in_has_the_prior);
  tcase_add_test(tc, ids_find_their_rows);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  world = comm_world();
  log_start(world.rank, LOG_QUIET);
  int failed = suite_run("evaluate", add);
  MPI_Finalize();
  return failed;
}
