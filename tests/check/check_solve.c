/* If these fail, members get factors that do not minimise the loss, or that change with the machine's threads. */
#include "io/base/mem.h"
#include "tests/ref/ref_als.h"
#include "tests/support/suite.h"
#include "train/math/eigenbasis.h"
#include "train/math/isa.h"
#include "train/math/rng.h"
#include "train/solve/solver.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef struct shape {
  int k;
  lid rows, fixed;
  int longest; /* interactions of the longest rows; others are shorter, some have none */
} shape;

static const shape SHAPES[] = {{1, 5, 7, 5},       {2, 40, 30, 20},    {3, 1, 1, 1},       {7, 30, 100, 81},
                               {15, 30, 90, 80},   {16, 40, 200, 161}, {17, 20, 90, 79},   {31, 20, 300, 240},
                               {32, 30, 200, 90},  {33, 20, 90, 33},   {48, 20, 200, 82},  {64, 30, 400, 300},
                               {64, 120, 100, 66}, {65, 12, 90, 70},   {100, 6, 300, 250}, {128, 4, 200, 150},
                               {200, 2, 300, 260}, {300, 2, 90, 80},   {512, 1, 60, 50}};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES };

/* How the loss is written, all forms that a row's system can take. */
typedef struct form {
  bool explicit_loss, biases;
  double base, alpha0, nu;
  bool weights, dislikes;
} form;

static const form FORMS[] = {{.alpha0 = 0.1, .nu = 1},
                             {.alpha0 = 0.3, .nu = 0.5, .weights = true},
                             {.alpha0 = 1, .base = 1, .nu = 0, .weights = true, .dislikes = true},
                             {.explicit_loss = true, .nu = 1},
                             {.explicit_loss = true, .biases = true, .nu = 1},
                             {.explicit_loss = true, .biases = true, .nu = 0}};
enum { N_FORMS = sizeof FORMS / sizeof *FORMS };

typedef struct planted {
  csr m;
  off ld;
  real *table, *bias, *x, *own_bias;
  double *loss, *gram, *seen, *mean, *spectrum, *basis;
  double *ref_y, *ref_bias, *ref_x, *ref_own_bias, *ref_loss;
  ref_als ref;
  half_problem p;
} planted;

static double uniform(uint64_t stream, off row, off column) {
  return rng_uniform(7, stream, (uint64_t)row, (uint64_t)column);
}

static void make_gram(planted *t, shape s) {
  memset(t->gram, 0, sizeof *t->gram * (size_t)(s.k * s.k));
  for (lid c = 0; c < s.fixed; c++)
    for (int i = 0; i < s.k; i++)
      for (int j = 0; j < s.k; j++)
        t->gram[i * s.k + j] += t->ref_y[c * s.k + i] * t->ref_y[c * s.k + j];
  ck_assert_int_eq(eigenbasis(t->gram, s.k, t->spectrum, t->basis), OK);
}

static void plant(planted *t, shape s, form f) {
  *t = (planted){.ld = (s.k + 15) / 16 * 16};
  off nnz = 0;
  ck_assert_int_eq(csr_alloc(&t->m, s.rows, (off)s.rows * s.longest, "test"), OK);
  for (lid r = 0; r < s.rows; r++) {
    int n = r % 5 == 3 ? 0 : r % 3 == 0 ? s.longest : (int)(uniform(20, r, 0) * s.longest) + 1;
    lid c = -1;
    for (int i = 0; i < n; i++) {
      lid left = s.fixed - 1 - c - (n - i); /* columns that may still be skipped */
      c += 1 + (lid)(uniform(21, r, i) * 2 * left / (n - i + 1)) % (left + 1);
      t->m.col[nnz] = c;
      double v = f.weights ? 0.25 * (1 + (int)(uniform(22, r, i) * 20)) : 1;
      if (f.base > 0)
        v += f.base;
      if (f.dislikes && i % 7 == 5)
        v = -v;
      t->m.val[nnz++] = (real)(f.explicit_loss ? 1 + 4 * uniform(23, r, i) : v);
    }
    t->m.ptr[r + 1] = nnz;
  }
  ck_assert_int_eq(MEM_ZALLOC(t->table, s.fixed * t->ld, "y"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->bias, s.fixed, "bias"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->x, s.rows * t->ld, "x"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->own_bias, s.rows, "own bias"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->loss, s.rows, "loss"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->gram, s.k * s.k, "gram"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->spectrum, s.k, "eigenvalues"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->basis, s.k * s.k, "eigenvectors"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->seen, s.k * s.k, "gram"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->mean, s.k, "mean"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->ref_y, s.fixed * s.k, "y"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->ref_bias, s.fixed, "bias"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->ref_x, s.rows * s.k, "x"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->ref_own_bias, s.rows, "own bias"), OK);
  ck_assert_int_eq(MEM_ZALLOC(t->ref_loss, s.rows, "loss"), OK);
  double most = 1;
  for (lid c = 0; c < s.fixed; c++) {
    t->bias[c] = (real)(uniform(24, c, 0) - 0.5);
    t->ref_bias[c] = (double)t->bias[c];
    for (int j = 0; j < s.k; j++) {
      real y = (real)(rng_normal(7, 25, (uint64_t)c, (uint64_t)j) / sqrt(s.k) + (j == 0 ? 0.5 : 0));
      t->table[c * t->ld + j] = y;
      t->ref_y[c * s.k + j] = (double)y;
      most = fmax(most, fabs((double)y));
    }
  }
  make_gram(t, s);
  double sum_a = 0;
  for (off e = 0; e < nnz; e++) {
    const double *y = t->ref_y + t->m.col[e] * s.k;
    for (int i = 0; i < s.k; i++)
      for (int j = 0; j < s.k; j++)
        t->seen[i * s.k + j] += y[i] * y[j] / (double)nnz;
    for (int i = 0; i < s.k; i++)
      t->mean[i] += y[i] / (double)nnz;
    sum_a += f.explicit_loss ? 1 : fabs((double)t->m.val[e]) - f.base;
  }
  t->ref = (ref_als){.k = s.k,
                     .explicit_loss = f.explicit_loss,
                     .biases = f.biases,
                     .lambda = 0.05,
                     .nu = f.nu,
                     .mean = f.explicit_loss ? 2.8 : 0,
                     .alpha0 = f.alpha0,
                     .base = f.base};
  t->p = (half_problem){.method = SOLVE_CHOLESKY,
                        .k = s.k,
                        .ld = t->ld,
                        .explicit_loss = f.explicit_loss,
                        .table = t->table,
                        .bias = f.biases ? t->bias : NULL,
                        .mean = t->ref.mean,
                        .lambda = 0.05,
                        .nu = f.nu,
                        .alpha0 = f.alpha0,
                        .base = f.base,
                        .n_fixed = s.fixed,
                        .gram = t->gram,
                        .spectrum = t->spectrum,
                        .basis = t->basis,
                        .n_table = s.fixed,
                        .seen = t->seen,
                        .seen_mean = f.biases ? t->mean : NULL,
                        .mean_a = sum_a / (double)nnz,
                        .fixed_max = most,
                        .max_weight = 6,
                        .max_target = 6};
}

static void uproot(planted *t) {
  csr_free(&t->m);
  void *all[] = {t->table, t->bias, t->x,     t->own_bias, t->loss,  t->gram,         t->seen,    t->spectrum,
                 t->basis, t->mean, t->ref_y, t->ref_bias, t->ref_x, t->ref_own_bias, t->ref_loss};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    mem_free(all[i]);
}

/* Every third row cut into segments of odd lengths, as if it were heavy. */
static void make_heavy(const csr *m, heavy_rows *h) {
  *h = (heavy_rows){0};
  ck_assert_int_eq(MEM_ALLOC(h->row, m->n_rows, "heavy"), OK);
  ck_assert_int_eq(MEM_ALLOC(h->first_cut, m->n_rows + 1, "heavy"), OK);
  ck_assert_int_eq(MEM_ALLOC(h->cut, csr_nnz(m) + 2 * m->n_rows, "heavy"), OK);
  off cuts = 0;
  h->first_cut[0] = 0;
  for (lid r = 1; r < m->n_rows; r += 3) {
    if (m->ptr[r] == m->ptr[r + 1])
      continue;
    h->row[h->n++] = r;
    for (off e = m->ptr[r]; e < m->ptr[r + 1]; e += 17)
      h->cut[cuts++] = e;
    h->cut[cuts++] = m->ptr[r + 1];
    h->first_cut[h->n] = cuts;
  }
}

static void solve_reference(planted *t, shape s) {
  ref_half_sweep(&t->ref, &t->m, s.fixed, t->ref_y, t->ref_bias, t->ref_x, t->ref_own_bias, t->ref_loss);
}

static status solve_all(planted *t, const heavy_rows *heavy) {
  solver *s;
  status st = solver_create(&t->p, &s);
  if (st == OK)
    st = solver_rows(s, &t->m, heavy, 0, t->m.n_rows, t->x, t->p.bias != NULL ? t->own_bias : NULL, t->loss);
  solver_free(s);
  return st;
}

/* The solution is judged by what it is for: the row's objective exceeds its minimum by rounding only. The distance from
 * the reference solution is bounded too, but loosely: it grows with the condition of the system. */
static void compare(planted *t, shape s, double excess) {
  double *x;
  ck_assert_int_eq(MEM_ALLOC(x, s.k, "x"), OK);
  for (lid r = 0; r < s.rows; r++) {
    double most = 0, error = 0;
    for (int j = 0; j < s.k; j++) {
      x[j] = (double)t->x[r * t->ld + j];
      most = fmax(most, fabs(t->ref_x[r * s.k + j]));
      error = fmax(error, fabs(x[j] - t->ref_x[r * s.k + j]));
    }
    for (off j = s.k; j < t->ld; j++)
      ck_assert(t->x[r * t->ld + j] == 0);
    double best =
        ref_row_objective(&t->ref, &t->m, r, s.fixed, t->ref_y, t->ref_bias, t->ref_x + r * s.k, t->ref_own_bias[r]);
    double ours = ref_row_objective(&t->ref, &t->m, r, s.fixed, t->ref_y, t->ref_bias, x, (double)t->own_bias[r]);
    double scale = fabs(best) + (double)(t->m.ptr[r + 1] - t->m.ptr[r]);
    ck_assert_msg(fabs(ours - best) <= excess * scale, "k %d row %d: objective %.9g, least %.9g", s.k, (int)r, ours,
                  best);
    ck_assert_msg(error <= 2e-2 * most, "k %d row %d: x off by %g of %g", s.k, (int)r, error, most);
    ck_assert_msg(fabs(t->loss[r] - t->ref_loss[r]) <= 1e-4 * scale, "k %d row %d: data term %.9g for %.9g", s.k,
                  (int)r, t->loss[r], t->ref_loss[r]);
  }
  mem_free(x);
}

static const char *const SETS[] = {"baseline", "avx2", "avx512"};

/* Every instruction set this machine has, every form of the loss: the exact method is the least-squares solution. */
START_TEST(cholesky_minimises_each_row) {
  shape s = SHAPES[_i / N_FORMS];
  form f = FORMS[_i % N_FORMS];
  planted t;
  heavy_rows heavy;
  plant(&t, s, f);
  make_heavy(&t.m, &heavy);
  solve_reference(&t, s);
  unsetenv("PALATE_ISA");
  for (int set = 0, best = (int)isa_in_use(); set <= best; set++) {
    setenv("PALATE_ISA", SETS[set], 1);
    ck_assert_int_eq((int)isa_in_use(), set);
    for (int with_heavy = 0; with_heavy < 2; with_heavy++) {
      memset(t.x, 0, sizeof *t.x * (size_t)(s.rows * t.ld));
      ck_assert_msg(solve_all(&t, with_heavy ? &heavy : NULL) == OK, "%s", status_message());
      compare(&t, s, 1e-6);
    }
  }
  unsetenv("PALATE_ISA");
  heavy_rows_free(&heavy);
  uproot(&t);
}
END_TEST

/* Row r has r interactions, spread over all columns. */
static void make_stairs(planted *t, shape s, form f) {
  off nnz = 0;
  for (lid r = 0; r < s.rows; r++) {
    for (lid i = 0; i < r; i++) {
      t->m.col[nnz] = i * s.fixed / r;
      double v = f.explicit_loss || f.weights ? f.base + 1 + 4 * uniform(23, r, i) : 1;
      t->m.val[nnz++] = (real)(f.dislikes && i % 7 == 5 ? -v : v);
    }
    t->m.ptr[r + 1] = nnz;
  }
}

static const int STAIRS[] = {15, 16, 17, 24, 31, 32, 33, 64, 65, 100, 128};
enum { N_STAIRS = sizeof STAIRS / sizeof *STAIRS };

/* Rows of every length up to some more than there are factors, across the length where the dual system gives way to the
 * primal one: each is the least-squares solution, its loss is counted rightly, and both are the same bits when the row
 * is solved alone: explicit ones under cg, which leaves short rows to the exact method, implicit ones without room for
 * a second table. If not, members with few interactions get factors that are wrong, or that depend on who stands beside
 * them. */
START_TEST(short_rows_are_minimised) {
  int k = STAIRS[_i / N_FORMS];
  form f = FORMS[_i % N_FORMS];
  shape s = {k, k + 3, 3 * k, k + 2};
  planted t, alone;
  plant(&t, s, f);
  plant(&alone, s, f);
  make_stairs(&t, s, f);
  make_stairs(&alone, s, f);
  solve_reference(&t, s);
  unsetenv("PALATE_ISA");
  for (int set = 0, best = (int)isa_in_use(); set <= best; set++) {
    setenv("PALATE_ISA", SETS[set], 1);
    t.p.method = SOLVE_CHOLESKY;
    ck_assert_msg(solve_all(&t, NULL) == OK, "%s", status_message());
    compare(&t, s, 1e-6);
    for (lid r = 0; r < s.rows; r++)
      ck_assert_msg(fabs(t.loss[r] - t.ref_loss[r]) <= 1e-5 * fabs(t.ref_loss[r]) + 1e-6 * r,
                    "k %d, %d interactions: data term %.9g for %.9g", k, (int)r, t.loss[r], t.ref_loss[r]);
    alone.p.method = f.explicit_loss ? SOLVE_CG : SOLVE_CHOLESKY;
    alone.p.n_table = 0;
    solver *solver;
    ck_assert_int_eq(solver_create(&alone.p, &solver), OK);
    for (lid r = 0; r < k; r++)
      ck_assert_int_eq(solver_rows(solver, &alone.m, NULL, r, 1, alone.x, alone.own_bias, alone.loss), OK);
    solver_free(solver);
    ck_assert(memcmp(t.x, alone.x, sizeof *t.x * (size_t)(k * t.ld)) == 0);
    ck_assert(memcmp(t.own_bias, alone.own_bias, sizeof *t.own_bias * (size_t)k) == 0);
    ck_assert(memcmp(t.loss, alone.loss, sizeof *t.loss * (size_t)k) == 0);
  }
  unsetenv("PALATE_ISA");
  uproot(&t);
  uproot(&alone);
}
END_TEST

/* Short rows among columns of the same factors (12 of them, again and again), with a ridge from usual to next to
 * nothing (not so little where all that one did not see weighs, too): where single precision breaks down, double steps
 * in. If not, a member who rated such titles differently gets factors of noise. */
START_TEST(short_rows_of_equal_columns_are_minimised) {
  enum { DISTINCT = 12, RIDGES = 4 };
  static const double RIDGE[RIDGES] = {1e-2, 1e-4, 1e-6, 1e-8};
  shape s = {32, 32 - 8 + 1, 96, 32 - 8};
  for (int i = 0; i < (FORMS[_i].explicit_loss ? RIDGES : FORMS[_i].nu > 0 ? 2 : 1); i++) {
    planted t;
    plant(&t, s, FORMS[_i]);
    make_stairs(&t, s, FORMS[_i]);
    for (lid c = DISTINCT; c < s.fixed; c++)
      for (int j = 0; j < s.k; j++) {
        t.table[c * t.ld + j] = t.table[c % DISTINCT * t.ld + j];
        t.ref_y[c * s.k + j] = (double)t.table[c * t.ld + j];
      }
    make_gram(&t, s);
    t.ref.lambda = t.p.lambda = RIDGE[i];
    ck_assert_msg(solve_all(&t, NULL) == OK, "%s", status_message());
    solve_reference(&t, s);
    compare(&t, s, 1e-6);
    uproot(&t);
  }
}
END_TEST

/* How far x, own_bias are above the least that the row's objective can be. */
static double excess_of(const planted *t, shape s, lid r) {
  double x[512];
  for (int j = 0; j < s.k; j++)
    x[j] = (double)t->x[r * t->ld + j];
  return ref_row_objective(&t->ref, &t->m, r, s.fixed, t->ref_y, t->ref_bias, x, (double)t->own_bias[r]) -
         ref_row_objective(&t->ref, &t->m, r, s.fixed, t->ref_y, t->ref_bias, t->ref_x + r * s.k, t->ref_own_bias[r]);
}

/* How much of a row's excess over its minimum the first call of a method, and each later one, may leave. */
static void may_leave(solve_method method, shape s, form f, double *first, double *later) {
  *first = *later = 1;
  if (method == SOLVE_CG) {
    *first = 0.1;
    *later = 0.5;
  } else if (method == SOLVE_SUBSPACE && s.k <= 16 && !f.biases) /* one block holds all factors */
    *first = 1e-4;
}

/* No iterative method moves a row away from its minimum; some reach it, or come near (may_leave). Rows without
 * interactions become zero. */
START_TEST(iteration_descends) {
  shape s = SHAPES[2 + 3 * (_i / N_FORMS)];
  form f = FORMS[_i % N_FORMS];
  planted t;
  plant(&t, s, f);
  solve_reference(&t, s);
  double *before;
  ck_assert_int_eq(MEM_ALLOC(before, s.rows, "excess"), OK);
  unsetenv("PALATE_ISA");
  int methods = SOLVE_METHODS - SOLVE_CG;
  for (int run = 0, best = (int)isa_in_use(); run < methods * (best + 1); run++) {
    setenv("PALATE_ISA", SETS[run / methods], 1);
    double first, later;
    t.p.method = (solve_method)(SOLVE_CG + run % methods);
    may_leave(t.p.method, s, f, &first, &later);
    for (lid r = 0; r < s.rows; r++) {
      t.own_bias[r] = f.biases ? (real)(t.ref_own_bias[r] + 0.1) : 0;
      for (int j = 0; j < s.k; j++)
        t.x[r * t.ld + j] =
            (real)(t.ref_x[r * s.k + j] + 0.1 * rng_normal(7, 26, (uint64_t)r, (uint64_t)j) / sqrt(s.k));
      before[r] = excess_of(&t, s, r);
    }
    for (int call = 0; call < 3; call++) {
      ck_assert_msg(solve_all(&t, NULL) == OK, "%s", status_message());
      for (lid r = 0; r < s.rows; r++) {
        off n = t.m.ptr[r + 1] - t.m.ptr[r];
        double excess = excess_of(&t, s, r), noise = 1e-6 * ((double)n + fabs(t.ref_loss[r]));
        ck_assert_msg(excess <= (call == 0 ? first : later) * before[r] + noise,
                      "method %d, call %d, k %d, row %d of %d: excess %g after %g", (int)t.p.method, call, s.k, (int)r,
                      (int)n, excess, before[r]);
        before[r] = excess;
      }
    }
  }
  unsetenv("PALATE_ISA");
  mem_free(before);
  uproot(&t);
}
END_TEST

/* Long rows that advance together over one range of columns after another, ranges of 1 to 8 columns here, have the
 * bits of rows that are solved one by one; heavy rows among them too. If not, a model would depend on how much of it
 * fits into the caches. */
START_TEST(ranges_of_columns_change_no_bit) {
  shape s = SHAPES[2 + 3 * (_i / N_FORMS)];
  form f = FORMS[_i % N_FORMS];
  planted one, ranges;
  heavy_rows heavy;
  unsetenv("PALATE_ISA");
  for (int set = 0, best = (int)isa_in_use(); set <= best; set++) {
    setenv("PALATE_ISA", SETS[set], 1);
    plant(&one, s, f);
    plant(&ranges, s, f);
    make_heavy(&one.m, &heavy);
    one.p.method = ranges.p.method = SOLVE_CG;
    ranges.p.range_bytes = 1 + (off)(_i % 8) * one.ld * (off)sizeof(real);
    for (int call = 0; call < 2; call++) {
      ck_assert_msg(solve_all(&one, call == 0 ? NULL : &heavy) == OK, "%s", status_message());
      ck_assert_msg(solve_all(&ranges, call == 0 ? NULL : &heavy) == OK, "%s", status_message());
      ck_assert_int_eq(memcmp(one.x, ranges.x, sizeof *one.x * (size_t)(s.rows * one.ld)), 0);
      ck_assert_int_eq(memcmp(one.own_bias, ranges.own_bias, sizeof *one.own_bias * (size_t)s.rows), 0);
      ck_assert_int_eq(memcmp(one.loss, ranges.loss, sizeof *one.loss * (size_t)s.rows), 0);
    }
    heavy_rows_free(&heavy);
    uproot(&one);
    uproot(&ranges);
  }
  unsetenv("PALATE_ISA");
}
END_TEST

/* With --nonnegative, no factor is negative and no single factor (or the bias) could be changed for the better. */
START_TEST(nonnegative_rows_cannot_be_improved) {
  shape s = SHAPES[2 + 3 * (_i / N_FORMS)];
  form f = FORMS[_i % N_FORMS];
  planted t;
  heavy_rows heavy;
  double x[512];
  plant(&t, s, f);
  make_heavy(&t.m, &heavy);
  t.p.nonnegative = true;
  ck_assert_msg(solve_all(&t, &heavy) == OK, "%s", status_message());
  for (lid r = 0; r < s.rows; r++) {
    for (int j = 0; j < s.k; j++) {
      x[j] = (double)t.x[r * t.ld + j];
      ck_assert(x[j] >= 0);
    }
    double bias = (double)t.own_bias[r], h = 0.1,
           now = ref_row_objective(&t.ref, &t.m, r, s.fixed, t.ref_y, t.ref_bias, x, bias),
           noise = 1e-5 * (fabs(now) + (double)(t.m.ptr[r + 1] - t.m.ptr[r]));
    for (int j = f.biases ? -1 : 0; j < s.k; j += 1 + s.k / 20) {
      double *at = j < 0 ? &bias : &x[j], was = *at, value[3];
      for (int i = 0; i < 3; i++) { /* a parabola in this place */
        *at = was + h * i;
        value[i] = ref_row_objective(&t.ref, &t.m, r, s.fixed, t.ref_y, t.ref_bias, x, bias);
      }
      double curve = (value[2] - 2 * value[1] + value[0]) / (h * h), slope = (value[1] - value[0]) / h - curve * h / 2;
      double to = curve > 0 ? was - slope / curve : was;
      *at = j >= 0 && to < 0 ? 0 : to;
      double improved = now - ref_row_objective(&t.ref, &t.m, r, s.fixed, t.ref_y, t.ref_bias, x, bias);
      ck_assert_msg(improved <= noise, "k %d, row %d, factor %d: %g better at %g than at %g", s.k, (int)r, j, improved,
                    *at, was);
      *at = was;
    }
  }
  heavy_rows_free(&heavy);
  uproot(&t);
}
END_TEST

/* One thread, two, three: the same bits; and whole or in two calls. */
START_TEST(bits_do_not_depend_on_threads) {
  shape s = {32, 200, 500, 200};
  form f = FORMS[_i % N_FORMS];
  solve_method method = (solve_method)(SOLVE_CHOLESKY + _i / N_FORMS);
  planted one, many;
  heavy_rows heavy;
  plant(&one, s, f);
  one.p.method = method;
  make_heavy(&one.m, &heavy);
  omp_set_num_threads(1);
  ck_assert_int_eq(solve_all(&one, &heavy), OK);
  for (int threads = 2; threads <= 3; threads++) {
    plant(&many, s, f);
    many.p.method = method;
    omp_set_num_threads(threads);
    solver *solver;
    ck_assert_int_eq(solver_create(&many.p, &solver), OK);
    real *own_bias = many.p.bias != NULL ? many.own_bias : NULL;
    ck_assert_int_eq(solver_rows(solver, &many.m, &heavy, 0, 77, many.x, own_bias, many.loss), OK);
    ck_assert_int_eq(solver_rows(solver, &many.m, &heavy, 77, s.rows - 77, many.x, own_bias, many.loss), OK);
    solver_free(solver);
    ck_assert(memcmp(one.x, many.x, sizeof *one.x * (size_t)(s.rows * one.ld)) == 0);
    ck_assert(memcmp(one.own_bias, many.own_bias, sizeof *one.own_bias * (size_t)s.rows) == 0);
    ck_assert(memcmp(one.loss, many.loss, sizeof *one.loss * (size_t)s.rows) == 0);
    uproot(&many);
  }
  heavy_rows_free(&heavy);
  uproot(&one);
}
END_TEST

/* Two equal factors and next to no regularization: single precision breaks down, double steps in. */
START_TEST(near_singular_rows_are_solved_in_double) {
  shape s = {20, 10, 100, 60};
  planted t;
  plant(&t, s, FORMS[4]);
  for (lid c = 0; c < s.fixed; c++) {
    t.table[c * t.ld + 1] = t.table[c * t.ld];
    t.ref_y[c * s.k + 1] = t.ref_y[c * s.k];
  }
  t.ref.lambda = t.p.lambda = 1e-9;
  ck_assert_msg(solve_all(&t, NULL) == OK, "%s", status_message());
  solve_reference(&t, s);
  compare(&t, s, 1e-6);
  uproot(&t);
}
END_TEST

/* A system without a unique solution is an error that names the row, not a model of NaNs. */
START_TEST(singular_rows_are_named) {
  shape s = {20, 10, 100, 60};
  planted t;
  plant(&t, s, FORMS[3]);
  for (lid c = 0; c < s.fixed; c++)
    t.table[c * t.ld + 5] = 0;
  t.p.lambda = 0;
  ck_assert_int_eq(solve_all(&t, NULL), INTERNAL);
  ck_assert_msg(strstr(status_message(), "row 0 ") != NULL, "%s", status_message());
  uproot(&t);
}
END_TEST

START_TEST(every_method_has_a_word) {
  int words = 1;
  for (const char *bar = SOLVE_METHOD_WORDS; (bar = strchr(bar, '|')) != NULL; bar++)
    words++;
  ck_assert_int_eq(words, SOLVE_METHODS);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, every_method_has_a_word);
  tcase_add_loop_test(tc, cholesky_minimises_each_row, 0, N_SHAPES * N_FORMS);
  tcase_add_loop_test(tc, short_rows_are_minimised, 0, N_STAIRS * N_FORMS);
  tcase_add_loop_test(tc, short_rows_of_equal_columns_are_minimised, 0, N_FORMS);
  tcase_add_loop_test(tc, bits_do_not_depend_on_threads, 0, (SOLVE_METHODS - SOLVE_CHOLESKY) * N_FORMS);
  tcase_add_loop_test(tc, nonnegative_rows_cannot_be_improved, 0, 4 * N_FORMS);
  tcase_add_loop_test(tc, iteration_descends, 0, 5 * N_FORMS);
  tcase_add_loop_test(tc, ranges_of_columns_change_no_bit, 0, 5 * N_FORMS);
  tcase_add_test(tc, near_singular_rows_are_solved_in_double);
  tcase_add_test(tc, singular_rows_are_named);
}

int main(void) {
  return suite_run("solve", add);
}
