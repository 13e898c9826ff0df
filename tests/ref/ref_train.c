#include "tests/ref/ref_train.h"

#include "tests/ref/ref_dense.h"

#include "train/math/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct matrix {
  int rows, columns;
  double *at;
} matrix;

static double *zeros(int n) {
  double *x = calloc((size_t)n + 1, sizeof *x);
  if (x == NULL) {
    fprintf(stderr, "ref_train: no memory\n");
    exit(1);
  }
  return x;
}

static matrix matrix_of(int rows, int columns) {
  return (matrix){rows, columns, zeros(rows * columns)};
}
static double *place(matrix m, int row, int column) {
  return &m.at[row * m.columns + column];
}

/* Whether a pair was observed, and its value: the rating, or the confidence with the sign of the preference. */
typedef struct pairs {
  matrix seen, value;
} pairs;

/* A pair adds `square` s² - 2 `linear` s + `constant` for the prediction s; v is what the biases leave of a rating. */
static void terms_of(const loss *l, bool seen, double v, double *square, double *linear, double *constant) {
  if (l->explicit_loss) {
    *square = seen;
    *linear = seen ? v : 0;
    *constant = seen ? v * v : 0;
  } else {
    *linear = *constant = seen && v > 0 ? v : 0;
    *square = (seen ? fabs(v) - loss_base(l) : 0) + loss_alpha0(l);
  }
}

/* The mean row of the users with interactions. */
static void mean_row(const pairs *d, matrix x, int k, double *prior) {
  int members = 0;
  memset(prior, 0, sizeof *prior * (size_t)k);
  for (int u = 0; u < x.rows; u++) {
    int n_seen = 0;
    for (int i = 0; i < d->seen.columns; i++)
      n_seen += *place(d->seen, u, i) != 0;
    members += n_seen > 0;
    for (int c = 0; c < k && n_seen > 0; c++)
      prior[c] += *place(x, u, c);
  }
  for (int c = 0; c < k; c++)
    prior[c] /= members;
}

/* One row of x against all rows of y; `prior` (k): of a user's row; NULL: none; `transposed` tells how to look into the
 * pairs. Explicit factors have the bias as column k. */
static void solve_row(const loss *l, const pairs *d, bool transposed, int row, matrix x, matrix y, int k, double mean,
                      const double *prior) {
  int n = l->explicit_loss ? k + 1 : k, n_seen = 0;
  double *a = zeros(n * n), *b = zeros(n), *f = zeros(n);
  for (int j = 0; j < y.rows; j++) {
    int u = transposed ? j : row, i = transposed ? row : j;
    bool seen = *place(d->seen, u, i) != 0;
    double v = *place(d->value, u, i), square, linear, constant;
    n_seen += seen;
    for (int c = 0; c < k; c++)
      f[c] = *place(y, j, c);
    if (l->explicit_loss) {
      f[k] = 1;
      v -= mean + *place(y, j, k);
    }
    terms_of(l, seen, v, &square, &linear, &constant);
    for (int r = 0; r < n; r++) {
      for (int c = 0; c < n; c++)
        a[r * n + c] += square * f[r] * f[c];
      b[r] += linear * f[r];
    }
  }
  for (int r = 0; r < n; r++)
    a[r * n + r] += loss_row_lambda(l, n_seen, y.rows);
  for (int c = 0; c < k && prior != NULL && n_seen > 0; c++)
    b[c] += loss_pull(l, y.rows) * prior[c];
  if (!l->explicit_loss || n_seen > 0)
    ref_solve(n, a, b); /* else b is zero, and so is the row */
  for (int c = 0; c < n; c++)
    *place(x, row, c) = b[c];
  free(a);
  free(b);
  free(f);
}

static double whole_objective(const loss *l, const pairs *d, matrix x, matrix y, int k, double mean,
                              const double *prior) {
  double sum = 0;
  for (int u = 0; u < x.rows; u++)
    for (int i = 0; i < y.rows; i++) {
      double s = 0, v = *place(d->value, u, i), square, linear, constant;
      for (int c = 0; c < k; c++)
        s += *place(x, u, c) * *place(y, i, c);
      if (l->explicit_loss)
        v -= mean + *place(x, u, k) + *place(y, i, k);
      terms_of(l, *place(d->seen, u, i) != 0, v, &square, &linear, &constant);
      sum += square * s * s - 2 * linear * s + constant;
    }
  for (int side = 0; side < 2; side++) {
    matrix m = side == 0 ? x : y;
    int others = side == 0 ? y.rows : x.rows;
    for (int r = 0; r < m.rows; r++) {
      int n_seen = 0;
      double square = 0;
      for (int j = 0; j < others; j++)
        n_seen += *place(d->seen, side == 0 ? r : j, side == 0 ? j : r) != 0;
      for (int c = 0; c < m.columns; c++)
        square += *place(m, r, c) * *place(m, r, c);
      double pull = side == 0 ? loss_pull(l, others) : 0;
      if (square > 0)
        sum += (loss_row_lambda(l, n_seen, others) - pull) * square;
      for (int c = 0; c < k && n_seen > 0 && pull > 0; c++)
        sum += pull * (*place(m, r, c) - prior[c]) * (*place(m, r, c) - prior[c]);
    }
  }
  return sum;
}

void ref_train(const loss *l, const csr *users, gid n_items, int k, uint64_t seed, int sweeps, double *objective) {
  int n_users = users->n_rows, columns = l->explicit_loss ? k + 1 : k;
  pairs d = {matrix_of(n_users, (int)n_items), matrix_of(n_users, (int)n_items)};
  matrix x = matrix_of(n_users, columns), y = matrix_of((int)n_items, columns);
  double sum = 0, *prior = zeros(k);
  for (int u = 0; u < n_users; u++)
    for (off i = users->ptr[u]; i < users->ptr[u + 1]; i++) {
      real v = users->val[i];
      if (v == 0 && !l->explicit_loss)
        continue; /* no like: as if it were not observed */
      sum += v;
      loss_transform(l, 1, &v);
      v *= users->weight != NULL ? users->weight[i] : 1;
      *place(d.seen, u, users->col[i]) = 1;
      *place(d.value, u, users->col[i]) = v;
    }
  double mean = l->explicit_loss ? sum / (double)users->ptr[n_users] : 0;
  for (int i = 0; i < (int)n_items; i++)
    for (int c = 0; c < k; c++)
      *place(y, i, c) = (real)(0.1 / sqrt(k) * rng_normal(seed, RNG_INIT_ITEMS, (uint64_t)i, (uint64_t)c));
  for (int u = 0; u < n_users; u++)
    for (int c = 0; c < k; c++)
      *place(x, u, c) = (real)(0.1 / sqrt(k) * rng_normal(seed, RNG_INIT_USERS, (uint64_t)u, (uint64_t)c));
  for (int s = 0; s < sweeps; s++) {
    mean_row(&d, x, k, prior);
    for (int u = 0; u < n_users; u++)
      solve_row(l, &d, false, u, x, y, k, mean, prior);
    for (int i = 0; i < (int)n_items; i++)
      solve_row(l, &d, true, i, y, x, k, mean, NULL);
    mean_row(&d, x, k, prior);
    objective[s] = whole_objective(l, &d, x, y, k, mean, prior);
  }
  free(prior);
  free(d.seen.at);
  free(d.value.at);
  free(x.at);
  free(y.at);
}
