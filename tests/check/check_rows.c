/* If these fail, a member's repeated events are merged wrongly, or the bits of a model change with the ranks. */
#include "io/base/mem.h"
#include "tests/support/suite.h"
#include "train/math/exact.h"
#include "train/math/gram.h"
#include "train/math/rng.h"
#include "train/rows/csr.h"
#include "train/rows/recency.h"
#include "train/rows/row_sort.h"
#include "train/solve/row/loss.h"

#include <string.h>

/* A row sorted by insertion alone is the model for every length and range of columns. */
START_TEST(rows_are_sorted_and_stable) {
  static const int LENGTHS[] = {0, 1, 2, 47, 48, 49, 300, 5000};
  static const lid RANGES[] = {1, 3, 2047, 2048, 100000, INT32_MAX};
  int n = LENGTHS[_i];
  for (int g = 0; g < 6; g++) {
    lid col[5000];
    real val[5000];
    uint64_t scratch[10000];
    for (int i = 0; i < n; i++) {
      col[i] = (lid)(rng_bits(7, 0, (uint64_t)i, (uint64_t)g) % (uint64_t)RANGES[g]);
      val[i] = (real)i - 3; /* the place it stood, so that stability shows; negative ones too */
    }
    row_sort(n, col, val, scratch);
    for (int i = 1; i < n; i++)
      ck_assert(col[i - 1] < col[i] || (col[i - 1] == col[i] && val[i - 1] < val[i]));
    double sum = 0;
    for (int i = 0; i < n; i++)
      sum += val[i];
    ck_assert_double_eq_tol(sum, n * (n - 1) / 2.0 - 3.0 * n, 1e-6);
  }
}
END_TEST

START_TEST(repeated_pairs_merge_as_asked) {
  const real expected[4][3] = {{7, 5, 1}, {4, 5, 1}, {1, 5, 1}, {7 / 3.f, 5, 1}}; /* sum, max, last, mean */
  for (int how = 0; how < 4; how++) {
    lid col[] = {2, 2, 2, 5, 9};
    real val[] = {2, 4, 1, 5, 1};
    ck_assert_int_eq(row_merge((duplicates)how, 5, col, val), 3);
    for (int i = 0; i < 3; i++)
      ck_assert_float_eq_tol(val[i], expected[how][i], 1e-6f);
    ck_assert(col[0] == 2 && col[1] == 5 && col[2] == 9);
  }
  ck_assert_int_eq(row_merge(DUPLICATES_SUM, 0, NULL, NULL), 0);
}
END_TEST

/* What was bought and sent back is 0, whatever single precision makes of its parts; a small rest of large whole numbers
 * is a rest. */
START_TEST(sums_that_cancel_are_zero) {
  lid col[] = {1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6};
  real val[] = {.1f, .2f, -.3f, .3f, .3f, -.6f, 8e6f, -7999999, 2, -2, 0, 1e-3f, -1.0005e-3f};
  ck_assert_int_eq(row_merge(DUPLICATES_SUM, 13, col, val), 6);
  ck_assert_float_eq(val[0], 0);
  ck_assert_float_eq(val[1], 0);
  ck_assert_float_eq(val[2], 1);
  ck_assert_float_eq(val[3], 0);
  ck_assert_float_eq(val[4], 0);
  ck_assert_float_eq_tol(val[5], -5e-7f, 1e-9f);
  lid twice[] = {1, 1};
  real mean[] = {.7f, -.7f};
  ck_assert_int_eq(row_merge(DUPLICATES_MEAN, 2, twice, mean), 1);
  ck_assert_float_eq(mean[0], 0);
}
END_TEST

START_TEST(likes_are_told_apart) {
  csr m, likes;
  ck_assert_int_eq(csr_alloc(&m, 4, 6, "rows"), OK);
  memcpy(m.ptr, (const off[]){0, 3, 3, 5, 6}, 5 * sizeof *m.ptr);
  memcpy(m.col, (const lid[]){1, 4, 7, 0, 2, 3}, 6 * sizeof *m.col);
  memcpy(m.val, (const real[]){2, 0, -1, -0.f, 5, 0}, 6 * sizeof *m.val);
  ck_assert_int_eq(csr_copy_likes(&m, &likes), OK);
  ck_assert_mem_eq(likes.ptr, ((const off[]){0, 1, 1, 2, 2}), 5 * sizeof *m.ptr);
  ck_assert(likes.col[0] == 1 && likes.col[1] == 2 && likes.val[1] == 5);
  ck_assert_int_eq(csr_drop_zeros(&m), 3);
  ck_assert_mem_eq(m.ptr, ((const off[]){0, 2, 2, 3, 3}), 5 * sizeof *m.ptr);
  ck_assert(m.col[0] == 1 && m.col[1] == 7 && m.col[2] == 2 && m.val[1] == -1);
  ck_assert_int_eq(csr_drop_zeros(&m), 0);
  csr none = {0};
  ck_assert_int_eq(csr_drop_zeros(&none), 0);
  csr_free(&m);
  csr_free(&likes);
}
END_TEST

/* A Gram matrix equals the plain sum in double, for every instruction set; and splitting the rows anywhere changes no
 * bit of it. */
START_TEST(gram_is_exact_and_order_free) {
  static const int SHAPES[][2] = {{1, 1}, {5, 3}, {33, 16}, {100, 17}, {1000, 64}, {257, 130}};
  int n = SHAPES[_i][0], k = SHAPES[_i][1], ld = (k + 15) / 16 * 16;
  real *y;
  int64_t *whole, *parts;
  double *gram;
  ck_assert_int_eq(MEM_ZALLOC(y, n * ld, "y"), OK);
  ck_assert_int_eq(MEM_ZALLOC(whole, k * k, "sums"), OK);
  ck_assert_int_eq(MEM_ZALLOC(parts, k * k, "sums"), OK);
  ck_assert_int_eq(MEM_ZALLOC(gram, k * k, "gram"), OK);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < k; j++)
      y[i * ld + j] = (real)rng_normal(3, 1, (uint64_t)i, (uint64_t)j);
  double largest = gram_largest(y, n, k, ld);
  exact_scale scale = gram_scale(largest * largest, n);
  static const char *const SETS[] = {"baseline", "avx2", "avx512"};
  for (int set = 0; set < 3; set++) {
    setenv("PALATE_ISA", SETS[set], 1);
    memset(whole, 0, sizeof *whole * (size_t)(k * k));
    memset(parts, 0, sizeof *parts * (size_t)(k * k));
    ck_assert_int_eq(gram_add(y, n, k, ld, NULL, scale, whole), OK);
    ck_assert_int_eq(gram_add(y, n / 3, k, ld, NULL, scale, parts), OK);
    ck_assert_int_eq(gram_add(y + (off)(n / 3) * ld, n - n / 3, k, ld, NULL, scale, parts), OK);
    for (int a = 0; a < k; a++)
      for (int b = 0; b <= a; b++)
        ck_assert(whole[a * k + b] == parts[a * k + b]);
    gram_finish(whole, k, scale, gram);
    for (int a = 0; a < k; a++)
      for (int b = 0; b < k; b++) {
        double sum = 0;
        for (int i = 0; i < n; i++)
          sum += (double)y[i * ld + a] * y[i * ld + b];
        ck_assert_double_le(fabs(sum - gram[a * k + b]), 1e-11 * n);
      }
  }
  unsetenv("PALATE_ISA");
  y[0] = NAN;
  ck_assert(isinf(gram_largest(y, n, k, ld)));
  mem_free(y);
  mem_free(whole);
  mem_free(parts);
  mem_free(gram);
}
END_TEST

/* Exact sums: terms of very different size, in two orders, and the error bound that the header promises. */
START_TEST(exact_sums_keep_their_promise) {
  enum { N = 100000 };
  exact_scale s = exact_scale_for(5, N);
  int64_t up = 0, down = 0;
  double plain = 0;
  for (int i = 0; i < N; i++) {
    double x = 5 * rng_uniform(1, 9, (uint64_t)i, 0) * (i % 2 ? 1 : 1e-6);
    up += exact_term(s, x);
    plain += x;
  }
  for (int i = N - 1; i >= 0; i--)
    down += exact_term(s, 5 * rng_uniform(1, 9, (uint64_t)i, 0) * (i % 2 ? 1 : 1e-6));
  ck_assert(up == down);
  ck_assert_double_eq_tol(exact_value(s, up), plain, 1e-9 * plain);
  ck_assert_double_le(exact_scale_for(1e300, 1).quantum, 1e300);
  ck_assert(isfinite(exact_scale_for(0, 0).inverse));
}
END_TEST

/* The four forms of confidence, as the table of the documentation has them, and dislikes. */
START_TEST(values_become_confidences) {
  loss l = {.lambda = 0.1, .nu = 1, .alpha = 40, .epsilon = 2, .unobserved = 0.3};
  real v[2];
  const double expected[] = {1, 1 + 40 * 3, 40 * 3, 1 + 40 * log(1 + 3 / 2.)};
  for (int form = 0; form < 4; form++) {
    l.form = (confidence)form;
    v[0] = 3;
    v[1] = -3;
    loss_transform(&l, 2, v);
    ck_assert_double_eq_tol(v[0], expected[form], 1e-4);
    ck_assert_double_eq_tol(v[1], -expected[form], 1e-4);
    ck_assert_double_eq(loss_alpha0(&l), form == CONFIDENCE_IALS ? 0.3 : 1);
    ck_assert_double_eq(loss_base(&l), form == CONFIDENCE_IALS ? 0 : 1);
  }
  l.form = CONFIDENCE_IALS;
  ck_assert_double_eq_tol(loss_row_lambda(&l, 10, 100), 0.1 * (10 + 0.3 * 100), 1e-12);
  l.weigh_values = true;
  v[0] = 3;
  loss_transform(&l, 1, v);
  ck_assert_float_eq(v[0], 3);
  l.explicit_loss = true;
  loss_transform(&l, 1, v);
  ck_assert_float_eq(v[0], 3);
  ck_assert_double_eq_tol(loss_row_lambda(&l, 10, 100), 1, 1e-12);
}
END_TEST

/* A like of a half-life ago counts a little over half, and one of years ago still a little. And where zeros are taken
 * out, the weights stay with their pairs. */
START_TEST(old_pairs_weigh_less) {
  recency_settings r = {.half_life = 30};
  ck_assert_double_eq_tol(recency_weight(&r, 0), 1, 1e-15);
  ck_assert_double_eq_tol(recency_weight(&r, 30), 0.02 + 0.49, 1e-15);
  ck_assert_double_eq_tol(recency_weight(&r, 75), 0.02 + 0.98 * pow(2, -2.5), 1e-15);
  ck_assert_double_eq_tol(recency_weight(&r, 1e6), 0.02, 1e-15);
  r.half_life = 0;
  ck_assert_double_eq(recency_weight(&r, 1e6), 1);
  csr m;
  static const real VALUE[] = {1, 0, 2, 0, 3}, WEIGHT[] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f};
  ck_assert_int_eq(csr_alloc(&m, 2, 5, "rows"), OK);
  ck_assert_int_eq(MEM_ALLOC(m.weight, 5, "rows"), OK);
  memcpy(m.val, VALUE, sizeof VALUE);
  memcpy(m.weight, WEIGHT, sizeof WEIGHT);
  for (lid i = 0; i < 5; i++)
    m.col[i] = i;
  m.ptr[1] = 2;
  m.ptr[2] = 5;
  ck_assert_int_eq(csr_drop_zeros(&m), 2);
  ck_assert(m.ptr[1] == 1 && m.ptr[2] == 3);
  for (int i = 0; i < 3; i++)
    ck_assert(m.val[i] == VALUE[2 * i] && m.weight[i] == WEIGHT[2 * i] && m.col[i] == 2 * i);
  csr_free(&m);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, old_pairs_weigh_less);
  tcase_add_loop_test(tc, rows_are_sorted_and_stable, 0, 8);
  tcase_add_test(tc, repeated_pairs_merge_as_asked);
  tcase_add_test(tc, sums_that_cancel_are_zero);
  tcase_add_test(tc, likes_are_told_apart);
  tcase_add_loop_test(tc, gram_is_exact_and_order_free, 0, 6);
  tcase_add_test(tc, exact_sums_keep_their_promise);
  tcase_add_test(tc, values_become_confidences);
}

int main(void) {
  return suite_run("rows", add);
}
