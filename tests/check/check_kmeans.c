/* If these fail, members are put into the wrong taste group, or into one that changes with the machine. */
#include "io/base/mem.h"
#include "tests/ref/ref_kmeans.h"
#include "tests/support/suite.h"
#include "train/centres/assign.h"
#include "train/centres/centre_order.h"
#include "train/centres/centre_sums.h"
#include "train/math/isa.h"
#include "train/math/rng.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* n points, k factors, G centres: no multiples of any vector, one of everything, more centres than points. */
static const int ODD[][3] = {{1, 1, 1},      {1, 7, 3},    {5, 1, 2},     {97, 3, 5},    {770, 16, 33},
                             {1000, 33, 70}, {301, 64, 1}, {800, 65, 64}, {40, 130, 90}, {2000, 8, 129}};
enum { SHAPES = sizeof ODD / sizeof *ODD };

typedef struct fixture {
  kmeans_points points;
  lid groups;
  real *x, *centre, *dist2;
  double *ref_centre, *ref_dist2;
  lid *label, *ref_label;
} fixture;

/* Points around a few places, some of them twice, and centres that are points or nearly. */
static fixture make(const int *shape, uint64_t seed) {
  fixture f = {.points = {shape[0], shape[1], shape[1] + 3, NULL}, .groups = shape[2]};
  int k = shape[1], places = shape[2] / 2 + 1;
  ck_assert_int_eq(MEM_ZALLOC(f.x, f.points.n * f.points.ld, "x"), OK);
  ck_assert_int_eq(MEM_ALLOC(f.centre, f.groups * k, "c"), OK);
  ck_assert_int_eq(MEM_ALLOC(f.ref_centre, f.groups * k, "c"), OK);
  ck_assert_int_eq(MEM_ALLOC(f.dist2, f.points.n, "d"), OK);
  ck_assert_int_eq(MEM_ALLOC(f.ref_dist2, f.points.n, "d"), OK);
  ck_assert_int_eq(MEM_ALLOC(f.label, f.points.n, "l"), OK);
  ck_assert_int_eq(MEM_ALLOC(f.ref_label, f.points.n, "l"), OK);
  f.points.x = f.x;
  for (lid i = 0; i < f.points.n; i++) {
    uint64_t place = rng_bits(seed, 1, (uint64_t)i, 0) % (uint64_t)places;
    for (int p = 0; p < k; p++)
      f.x[i * f.points.ld + p] =
          i % 7 == 6
              ? f.x[(i - 1) * f.points.ld + p]
              : (real)(rng_normal(seed, 2, place, (uint64_t)p) + 0.5 * rng_normal(seed, 3, (uint64_t)i, (uint64_t)p));
  }
  for (lid g = 0; g < f.groups; g++)
    for (int p = 0; p < k; p++)
      f.centre[g * k + p] = f.x[rng_bits(seed, 4, (uint64_t)g, 0) % (uint64_t)f.points.n * (uint64_t)f.points.ld +
                                (uint64_t)p]; /* two centres may coincide: a tie */
  return f;
}

static void drop(fixture *f) {
  mem_free(f->x);
  mem_free(f->centre);
  mem_free(f->dist2);
  mem_free(f->ref_centre);
  mem_free(f->ref_dist2);
  mem_free(f->label);
  mem_free(f->ref_label);
}

/* `rounds` of Lloyd with the given memory for bounds. Returns the share skipped. */
static double lloyd(fixture *f, int64_t bound_bytes, int rounds) {
  kmeans_assigner *a;
  kmeans_work work;
  lid n = f->points.n, *before;
  int k = f->points.k;
  int64_t *sum, *size, scanned = 0, skipped = 0;
  exact_scale scale = exact_scale_for(16, n);
  ck_assert_int_eq(kmeans_assigner_create(&f->points, f->groups, bound_bytes, &a), OK);
  ck_assert_int_eq(MEM_ZALLOC(sum, (off)f->groups * k, "s"), OK);
  ck_assert_int_eq(MEM_ZALLOC(size, f->groups, "s"), OK);
  ck_assert_int_eq(MEM_ALLOC(before, n, "b"), OK);
  for (lid i = 0; i < n; i++)
    f->label[i] = before[i] = -1;
  for (int round = 0; round < rounds; round++) {
    ck_assert_int_eq(kmeans_assign(a, f->centre, f->label, f->dist2, &work), OK);
    scanned += work.scanned;
    skipped += work.skipped;
    /* Someone is moved by hand now and then, as the repair of empty groups does. */
    if (round % 3 == 1) {
      lid i = (lid)((7 * round) % n);
      f->label[i] = (f->label[i] + 1) % f->groups;
      kmeans_assigner_relabel(a, i);
    }
    kmeans_sums_move(&f->points, scale, f->label, before, sum, size);
    kmeans_sums_centre(scale, sum, size, f->groups, k, false, f->centre);
  }
  ck_assert_int_eq(kmeans_assign(a, f->centre, f->label, f->dist2, &work), OK);
  scanned += work.scanned;
  skipped += work.skipped;
  ck_assert_int_eq(scanned + skipped, (int64_t)(rounds + 1) * n * f->groups);
  kmeans_assigner_free(a);
  mem_free(sum);
  mem_free(size);
  mem_free(before);
  return (double)skipped / (double)(scanned + skipped);
}

static void with_isa(isa set) {
  setenv("PALATE_ISA", isa_name(set), 1);
}

/* The label is the nearest centre in double precision, but for ties that single precision cannot tell apart. */
START_TEST(labels_are_the_nearest) {
  for (int set = 0; set <= (int)isa_in_use(); set++) {
    with_isa((isa)set);
    fixture f = make(ODD[_i], 11);
    int k = f.points.k;
    lloyd(&f, 0, 0);
    real *dense;
    ck_assert_int_eq(MEM_ALLOC(dense, (off)f.points.n * k, "x"), OK);
    for (lid i = 0; i < f.points.n; i++)
      memcpy(dense + (off)i * k, f.x + i * f.points.ld, sizeof *dense * (size_t)k);
    for (lid j = 0; j < f.groups * k; j++)
      f.ref_centre[j] = f.centre[j];
    ref_kmeans_assign(dense, f.points.n, k, f.ref_centre, f.groups, f.ref_label, f.ref_dist2);
    for (lid i = 0; i < f.points.n; i++) {
      ck_assert_double_le(fabs(f.dist2[i] - f.ref_dist2[i]), 1e-5 * (1 + f.ref_dist2[i]) * k);
      if (f.label[i] != f.ref_label[i]) {
        double d2 = 0;
        for (int p = 0; p < k; p++)
          d2 += pow(dense[i * k + p] - f.ref_centre[f.label[i] * k + p], 2);
        ck_assert_double_le(d2 - f.ref_dist2[i], 1e-5 * k);
        ck_assert_double_gt(d2 - f.ref_dist2[i], 0); /* an exact tie goes to the lower number */
      }
    }
    mem_free(dense);
    drop(&f);
    unsetenv("PALATE_ISA");
  }
}
END_TEST

/* Skipping never changes a label or a centre, to the bit, whatever memory the bounds have and however many threads. */
START_TEST(pruning_is_exact) {
  const int64_t bytes[] = {1 << 13, 1 << 20, 1 << 28};
  for (int set = 0; set <= (int)isa_in_use(); set++) {
    with_isa((isa)set);
    fixture plain = make(ODD[_i], 12);
    ck_assert_double_eq(lloyd(&plain, 0, 12), 0);
    for (int b = 0; b < 3; b++)
      for (int threads = 1; threads <= 2; threads++) {
        omp_set_num_threads(threads);
        fixture f = make(ODD[_i], 12);
        lloyd(&f, bytes[b], 12);
        ck_assert_mem_eq(f.label, plain.label, sizeof *f.label * (size_t)f.points.n);
        ck_assert_mem_eq(f.dist2, plain.dist2, sizeof *f.dist2 * (size_t)f.points.n);
        ck_assert_mem_eq(f.centre, plain.centre, sizeof *f.centre * (size_t)(f.groups * f.points.k));
        drop(&f);
      }
    drop(&plain);
    unsetenv("PALATE_ISA");
  }
}
END_TEST

/* Where there is something to skip, it is skipped: else the bounds are a costly way to do nothing. */
START_TEST(pruning_skips) {
  const int shape[] = {4000, 16, 200};
  fixture f = make(shape, 13);
  ck_assert_double_gt(lloyd(&f, 1 << 28, 20), 0.5);
  drop(&f);
}
END_TEST

/* From the same seeds, the same groups as the slow Lloyd. */
START_TEST(same_groups_as_the_slow_version) {
  const int shape[] = {1500, 12, 20};
  fixture f = make(shape, 14);
  int k = f.points.k;
  real *dense;
  kmeans_assigner *a;
  kmeans_work work;
  ck_assert_int_eq(MEM_ALLOC(dense, (off)f.points.n * k, "x"), OK);
  for (lid i = 0; i < f.points.n; i++)
    memcpy(dense + (off)i * k, f.x + i * f.points.ld, sizeof *dense * (size_t)k);
  for (lid j = 0; j < f.groups * k; j++)
    f.ref_centre[j] = f.centre[j];
  ref_kmeans(dense, f.points.n, k, f.ref_centre, f.groups, 30, f.ref_label);
  int64_t *sum, *size;
  lid *before;
  ck_assert_int_eq(MEM_ZALLOC(sum, (off)f.groups * k, "s"), OK);
  ck_assert_int_eq(MEM_ZALLOC(size, f.groups, "s"), OK);
  ck_assert_int_eq(MEM_ALLOC(before, f.points.n, "b"), OK);
  exact_scale scale = exact_scale_for(16, f.points.n);
  ck_assert_int_eq(kmeans_assigner_create(&f.points, f.groups, 1 << 24, &a), OK);
  for (lid i = 0; i < f.points.n; i++)
    f.label[i] = before[i] = -1;
  for (int round = 0; round <= 30; round++) {
    ck_assert_int_eq(kmeans_assign(a, f.centre, f.label, f.dist2, &work), OK);
    kmeans_sums_move(&f.points, scale, f.label, before, sum, size);
    if (round < 30)
      kmeans_sums_centre(scale, sum, size, f.groups, k, false, f.centre);
  }
  ck_assert_mem_eq(f.label, f.ref_label, sizeof *f.label * (size_t)f.points.n);
  kmeans_assigner_free(a);
  mem_free(sum);
  mem_free(size);
  mem_free(before);
  mem_free(dense);
  drop(&f);
}
END_TEST

/* The order that bounds are kept in names every centre once. */
START_TEST(order_is_a_permutation) {
  fixture f = make(ODD[_i], 15);
  lid *order;
  bool *seen;
  ck_assert_int_eq(MEM_ALLOC(order, f.groups, "o"), OK);
  ck_assert_int_eq(MEM_ZALLOC(seen, f.groups, "s"), OK);
  ck_assert_int_eq(kmeans_order(f.centre, f.groups, f.points.k, 8, order), OK);
  for (lid g = 0; g < f.groups; g++) {
    ck_assert(order[g] >= 0 && order[g] < f.groups && !seen[order[g]]);
    seen[order[g]] = true;
  }
  mem_free(order);
  mem_free(seen);
  drop(&f);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, labels_are_the_nearest, 0, SHAPES);
  tcase_add_loop_test(tc, pruning_is_exact, 0, SHAPES);
  tcase_add_test(tc, pruning_skips);
  tcase_add_test(tc, same_groups_as_the_slow_version);
  tcase_add_loop_test(tc, order_is_a_permutation, 0, SHAPES);
}

int main(void) {
  return suite_run("kmeans", add);
}
