/* If these fail, members miss the items they would like best, get what they have already seen, or get other lists on
 * another machine size. */
#include "eval/rank/topk.h"
#include "io/base/mem.h"
#include "tests/support/suite.h"
#include "train/math/product.h"
#include "train/math/rng.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

typedef struct shape {
  lid m, n;
  int k, top;
  lid block; /* items in a block */
} shape;

static const shape SHAPES[] = {{1, 1, 1, 1, 1},          {5, 33, 7, 10, 33},    {50, 700, 16, 10, 128},
                               {13, 3000, 65, 100, 777}, {97, 500, 3, 500, 99}, {200, 2000, 64, 20, 2000},
                               {3, 40, 8, 64, 7}};

enum { KINDS = 4 };

/* What vectors hold: normal numbers; small integers, so that scores tie and are exact; norms of a power law with a
 * common direction; zeros. */
static real value(int kind, uint64_t stream, uint64_t row, uint64_t column) {
  double z = rng_normal(5, stream, row, column);
  switch (kind) {
  case 0:
    return (real)z;
  case 1:
    return (real)(int)(rng_uniform(5, stream, row, column) * 3 - 1);
  case 2:
    return (real)((z * 0.3 + 1) / sqrt((double)row + 1));
  default:
    return row % 3 == 0 ? 0 : (real)z;
  }
}

static bool better(real score, lid item, real other_score, lid other) {
  return score > other_score || (score == other_score && item < other);
}

/* Held against a plain sort of all scores, each computed alone. */
static void try_shape(isa set, const shape *s, int kind, int threads) {
  real *x, *y, *packed, *score;
  lid *seen, *order;
  off *ptr;
  topk *t;
  ck_assert_int_eq(MEM_ALLOC(x, s->m * s->k, "x"), OK);
  ck_assert_int_eq(MEM_ALLOC(y, s->n * s->k, "y"), OK);
  ck_assert_int_eq(MEM_ALLOC(packed, product_packed_size(set, s->n, s->k), "packed"), OK);
  ck_assert_int_eq(MEM_ALLOC(score, s->n, "scores"), OK);
  ck_assert_int_eq(MEM_ALLOC(order, s->n, "order"), OK);
  ck_assert_int_eq(MEM_ALLOC(ptr, s->m + 1, "ptr"), OK);
  ck_assert_int_eq(MEM_ALLOC(seen, s->m * s->n, "seen"), OK);
  for (lid i = 0; i < s->m; i++)
    for (int p = 0; p < s->k; p++)
      x[i * s->k + p] = value(kind, 50, (uint64_t)i, (uint64_t)p);
  for (lid i = 0; i < s->n; i++)
    for (int p = 0; p < s->k; p++)
      y[i * s->k + p] = value(kind, 51, (uint64_t)i, (uint64_t)p);
  ptr[0] = 0;
  for (lid u = 0; u < s->m; u++) { /* every fifth user has seen all, others some or nothing */
    double share = u % 5 == 4 ? 1 : u % 5 * 0.2;
    ptr[u + 1] = ptr[u];
    for (lid i = 0; i < s->n; i++)
      if (rng_uniform(5, 52, (uint64_t)u, (uint64_t)i) < share)
        seen[ptr[u + 1]++] = i;
  }
  omp_set_num_threads(threads);
  ck_assert_int_eq(topk_create(s->top, s->m, &t), OK);
  for (int round = 0; round < 2; round++) { /* the second use of the same lists */
    topk_begin(t, s->m);
    for (lid first = 0; first < s->n; first += s->block) {
      topk_items *items;
      lid n = s->n - first < s->block ? s->n - first : s->block;
      ck_assert_int_eq(topk_items_create(set, y + first * s->k, n, s->k, s->k, NULL, first, &items), OK);
      ck_assert_int_eq(topk_scan(t, items, x, s->k, ptr, ptr + 1, seen), OK);
      topk_items_free(items);
    }
    topk_finish(t);
  }
  product_pack(set, y, s->n, s->k, s->k, packed);
  for (lid u = 0; u < s->m; u++) {
    product_block(set, x + u * s->k, 1, s->k, packed, s->n, s->k, score, s->n);
    off at = ptr[u];
    lid n = 0;
    for (lid i = 0; i < s->n; i++) {
      if (at < ptr[u + 1] && seen[at] == i) {
        at++;
        continue;
      }
      lid place = n < s->top ? n++ : s->top;
      if (place == s->top && !better(score[i], i, score[order[place - 1]], order[place - 1]))
        continue;
      place = place == s->top ? place - 1 : place;
      for (; place > 0 && better(score[i], i, score[order[place - 1]], order[place - 1]); place--)
        order[place] = order[place - 1];
      order[place] = i;
    }
    ck_assert_int_eq(topk_count(t, u), n);
    for (lid r = 0; r < n; r++) {
      ck_assert_int_eq(topk_item(t, u, r), order[r]);
      ck_assert(topk_score(t, u, r) == score[order[r]]);
    }
  }
  topk_free(t);
  mem_free(x);
  mem_free(y);
  mem_free(packed);
  mem_free(score);
  mem_free(order);
  mem_free(ptr);
  mem_free(seen);
}

START_TEST(lists_are_those_of_a_full_sort) {
  for (int set = 0; set <= (int)isa_in_use(); set++)
    for (int kind = 0; kind < KINDS; kind++)
      for (int threads = 1; threads <= 3; threads += 2)
        try_shape((isa)set, &SHAPES[_i], kind, threads);
  ck_assert_int_eq(mem_held(), 0);
}
END_TEST

/* The bound saves work where norms fall, or the goal for speed is an accident. */
START_TEST(falling_norms_save_work) {
  enum { M = 24, N = 8000, K = 8 };
  real *x = malloc(sizeof *x * M * K), *y = malloc(sizeof *y * N * K);
  for (int i = 0; i < M * K; i++)
    x[i] = value(2, 60, 1, (uint64_t)i);
  for (int i = 0; i < N * K; i++)
    y[i] = value(2, 61, (uint64_t)(i / K), (uint64_t)(i % K));
  topk_items *items;
  topk *t;
  ck_assert_int_eq(topk_items_create(isa_in_use(), y, N, K, K, NULL, 0, &items), OK);
  ck_assert_int_eq(topk_create(10, M, &t), OK);
  topk_begin(t, M);
  ck_assert_int_eq(topk_scan(t, items, x, K, NULL, NULL, NULL), OK);
  ck_assert_double_gt(topk_skipped(t), 0.5);
  topk_free(t);
  topk_items_free(items);
  free(x);
  free(y);
}
END_TEST

/* Vectors may come in any order, under the rows they belong to, and some may belong to none. */
START_TEST(rows_are_labels) {
  enum { M = 30, N = 700, K = 9 };
  real *x = malloc(sizeof *x * M * K), *y = malloc(sizeof *y * N * K), *z = malloc(sizeof *z * 2 * N * K);
  lid row[2 * N];
  for (int i = 0; i < M * K; i++)
    x[i] = value(1, 60, 1, (uint64_t)i);
  for (int i = 0; i < N * K; i++)
    y[i] = value(1, 61, (uint64_t)(i / K), (uint64_t)(i % K));
  for (int i = 0; i < 2 * N; i++) { /* backwards, every other one unknown */
    row[i] = i % 2 == 0 ? N - 1 - i / 2 : -1;
    for (int p = 0; p < K; p++)
      z[i * K + p] = i % 2 == 0 ? y[(N - 1 - i / 2) * K + p] : 100;
  }
  topk *t[2];
  for (int j = 0; j < 2; j++) {
    topk_items *items;
    ck_assert_int_eq(
        topk_items_create(isa_in_use(), j == 0 ? y : z, j == 0 ? N : 2 * N, K, K, j == 0 ? NULL : row, 0, &items), OK);
    ck_assert_int_eq(topk_create(10, M, &t[j]), OK);
    topk_begin(t[j], M);
    ck_assert_int_eq(topk_scan(t[j], items, x, K, NULL, NULL, NULL), OK);
    topk_finish(t[j]);
    topk_items_free(items);
  }
  for (lid u = 0; u < M; u++)
    for (lid r = 0; r < 10; r++)
      ck_assert_int_eq(topk_item(t[0], u, r), topk_item(t[1], u, r));
  topk_free(t[0]);
  topk_free(t[1]);
  free(x);
  free(y);
  free(z);
}
END_TEST

/* Every allocation that fails is said, and nothing leaks. */
START_TEST(memory_may_fail) {
  real x[4] = {1, 2, 3, 4}, y[8] = {1, 0, 0, 1, 1, 1, 2, 2};
  off ptr[3] = {0, 1, 2};
  lid seen[2] = {0, 1};
  status st = NO_MEMORY;
  for (int64_t n = 1; st == NO_MEMORY; n++) {
    topk *t = NULL;
    topk_items *items = NULL;
    mem_fail_nth(n);
    st = topk_items_create(isa_in_use(), y, 4, 2, 2, NULL, 0, &items);
    if (st == OK)
      st = topk_create(2, 2, &t);
    if (st == OK) {
      topk_begin(t, 2);
      st = topk_scan(t, items, x, 2, ptr, ptr + 1, seen);
    }
    ck_assert(st == OK || st == NO_MEMORY);
    topk_free(t);
    topk_items_free(items);
    ck_assert_int_eq(mem_held(), 0);
  }
  mem_fail_nth(0);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, lists_are_those_of_a_full_sort, 0, sizeof SHAPES / sizeof *SHAPES);
  tcase_add_test(tc, falling_norms_save_work);
  tcase_add_test(tc, rows_are_labels);
  tcase_add_test(tc, memory_may_fail);
}

int main(void) {
  return suite_run("topk", add);
}
