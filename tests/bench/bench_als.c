/* Seconds of ALS sweeps on one rank, against the SGEMM rate in the same run.
 *
 *     bench_als SHAPE LOSS K,... THREADS SOLVER,... SWEEPS
 *     bench_als sgemm THREADS                                  the SGEMM rate alone, in flop/s
 *
 * SHAPE small|20m|netflix, LOSS implicit|explicit|biases. One line a K and solver: the median and the best sweep, its
 * two halves, a sweep with the objective's data terms, flops as the exact method counts them (2 S k² + (U + I) k³/3)
 * over time, that over the SGEMM rate, and the objective after the last sweep. */
#include "bench_data.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "train/math/eigenbasis.h"
#include "train/math/gram.h"
#include "train/math/rng.h"
#include "train/solve/solver.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The word of a method, and its length. */
static const char *method_word(solve_method method, int *length) {
  const char *word = SOLVE_METHOD_WORDS;
  for (int i = 0; i < (int)method; i++)
    word = strchr(word, '|') + 1;
  *length = (int)strcspn(word, "|");
  return word;
}

static bool is_word(const char *text, solve_method method) {
  int length;
  const char *word = method_word(method, &length);
  return strncmp(text, word, (size_t)length) == 0;
}
enum { MOST_SWEEPS = 64 };

static double sgemm_rate(int threads) {
  enum { N = 2048 };
  real *a, *b, *c;
  if (MEM_ALLOC(a, N * N, "a") != OK || MEM_ALLOC(b, N * N, "b") != OK || MEM_ZALLOC(c, N * N, "c") != OK)
    return 0;
  for (int i = 0; i < N * N; i++)
    a[i] = b[i] = (real)(i % 7);
  double best = 1e9;
  openblas_set_num_threads(threads);
  for (int i = 0; i < 4; i++) {
    double start = seconds_now();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, N, N, N, 1, a, N, b, N, 0, c, N);
    double took = seconds_now() - start;
    best = took < best ? took : best;
  }
  openblas_set_num_threads(1);
  mem_free(a);
  mem_free(b);
  mem_free(c);
  return 2.0 * N * N * N / best;
}

typedef struct model {
  int k;
  off ld;
  real *x[2], *bias[2];
  double *gram[2], *spectrum, *basis, *loss, *seen[2], *mean;
  real *count[2];
} model;

static status gram_of(const model *m, int side, const csr *rows, const real *weight, double heaviest, double *gram,
                      double *most) {
  double bound = gram_largest(m->x[side], rows->n_rows, m->k, m->ld);
  exact_scale scale = gram_scale(bound * bound * heaviest, rows->n_rows);
  int64_t *sums;
  status st = MEM_ZALLOC(sums, m->k * m->k, "Gram sums");
  if (st == OK)
    st = gram_add(m->x[side], rows->n_rows, m->k, m->ld, weight, scale, sums);
  if (st == OK)
    gram_finish(sums, m->k, scale, gram);
  mem_free(sums);
  *most = bound;
  return st;
}

static status model_make(model *m, int k, const csr *sides[2], bool biases) {
  status st = OK;
  *m = (model){.k = k, .ld = (k + 15) / 16 * 16};
  for (int s = 0; s < 2; s++) {
    TRY(MEM_ZALLOC(m->x[s], sides[s]->n_rows * m->ld, "factors"));
    if (biases)
      TRY(MEM_ZALLOC(m->bias[s], sides[s]->n_rows, "biases"));
    TRY(MEM_ZALLOC(m->gram[s], k * k, "Gram"));
    TRY(MEM_ZALLOC(m->seen[s], k * k, "Gram"));
    TRY(MEM_ZALLOC(m->count[s], sides[s]->n_rows, "counts"));
    for (lid r = 0; r < sides[s]->n_rows; r++)
      m->count[s][r] = (real)(sides[s]->ptr[r + 1] - sides[s]->ptr[r]);
    for (lid r = 0; r < sides[s]->n_rows; r++)
      for (int j = 0; j < k; j++)
        m->x[s][r * m->ld + j] = (real)(0.1 / sqrt(k) * rng_normal(1, (uint64_t)s, (uint64_t)r, (uint64_t)j));
  }
  TRY(MEM_ZALLOC(m->mean, k, "mean"));
  TRY(MEM_ZALLOC(m->spectrum, k, "eigenvalues"));
  TRY(MEM_ZALLOC(m->basis, k * k, "eigenvectors"));
  TRY(MEM_ZALLOC(m->loss, sides[1]->n_rows, "losses"));
done:
  return st;
}

static void model_free(model *m) {
  for (int s = 0; s < 2; s++) {
    mem_free(m->x[s]);
    mem_free(m->bias[s]);
    mem_free(m->gram[s]);
    mem_free(m->seen[s]);
    mem_free(m->count[s]);
  }
  mem_free(m->loss);
  mem_free(m->mean);
  mem_free(m->spectrum);
  mem_free(m->basis);
}

static status half(model *m, const half_problem *settings, int s, const csr *sides[2], double *row_loss) {
  half_problem p = *settings;
  int fixed = 1 - s;
  double most = 0;
  solver *solver = NULL;
  status st = OK;
  if (!p.explicit_loss)
    TRY(gram_of(m, fixed, sides[fixed], NULL, 1, m->gram[fixed], &most));
  if (p.method != SOLVE_CHOLESKY) {
    double heaviest = 0;
    for (lid r = 0; r < sides[fixed]->n_rows; r++)
      heaviest = (double)m->count[fixed][r] > heaviest ? (double)m->count[fixed][r] : heaviest;
    TRY(gram_of(m, fixed, sides[fixed], m->count[fixed], heaviest, m->seen[fixed], &most));
    for (int i = 0; i < m->k * m->k; i++)
      m->seen[fixed][i] /= (double)csr_nnz(sides[0]);
    memset(m->mean, 0, sizeof *m->mean * (size_t)m->k);
    for (lid r = 0; r < sides[fixed]->n_rows && p.explicit_loss; r++)
      for (int j = 0; j < m->k; j++)
        m->mean[j] += (double)m->count[fixed][r] * (double)m->x[fixed][r * m->ld + j] / (double)csr_nnz(sides[0]);
    p.seen = m->seen[fixed];
    p.seen_mean = m->mean;
    p.mean_a = 1;
  }
  p.table = m->x[fixed];
  p.bias = m->bias[fixed];
  p.n_fixed = sides[fixed]->n_rows;
  p.gram = m->gram[fixed];
  p.fixed_max = most;
  p.n_table = sides[fixed]->n_rows;
  if (solver_wants_basis(p.explicit_loss, p.method, p.k, sides[s]->n_rows, p.n_fixed)) {
    TRY(eigenbasis(p.gram, p.k, m->spectrum, m->basis));
    p.spectrum = m->spectrum;
    p.basis = m->basis;
  }
  TRY(solver_create(&p, &solver));
  TRY(solver_rows(solver, sides[s], NULL, 0, sides[s]->n_rows, m->x[s], m->bias[s], row_loss));
done:
  solver_free(solver);
  return st;
}

static double objective(model *m, const half_problem *p, const csr *sides[2]) {
  double sum = 0, most, cross = 0;
  for (lid i = 0; i < sides[1]->n_rows; i++)
    sum += m->loss[i];
  for (int s = 0; s < 2; s++) {
    half_problem q = *p;
    q.n_fixed = sides[1 - s]->n_rows;
    if (gram_of(m, s, sides[s], NULL, 1, m->gram[s], &most) != OK)
      return NAN;
    for (lid r = 0; r < sides[s]->n_rows; r++) {
      double square = m->bias[s] != NULL ? (double)m->bias[s][r] * (double)m->bias[s][r] : 0;
      for (int j = 0; j < m->k; j++)
        square += (double)m->x[s][r * m->ld + j] * (double)m->x[s][r * m->ld + j];
      sum += half_problem_lambda(&q, sides[s]->ptr[r + 1] - sides[s]->ptr[r]) * square;
    }
  }
  for (int i = 0; i < m->k * m->k; i++)
    cross += m->gram[0][i] * m->gram[1][i];
  return sum + p->alpha0 * cross;
}

static int compare_double(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static status run(int k, solve_method method, const char *loss, int sweeps, const csr *sides[2]) {
  model m;
  double took[MOST_SWEEPS], side_took[2] = {0, 0}, loss_took = 0, rate = 0;
  status st = OK;
  bool biases = strcmp(loss, "biases") == 0;
  TRY(model_make(&m, k, sides, biases));
  half_problem p = {.method = method, .k = k, .ld = m.ld, .nu = 1, .alpha0 = 0.1, .lambda = 0.003};
  if (strcmp(loss, "implicit") != 0) {
    p.explicit_loss = true;
    p.mean = 3.5;
    p.lambda = 0.05;
    p.alpha0 = 0;
  }
  for (int i = 0; i < sweeps; i++) {
    rate = fmax(rate, sgemm_rate(omp_get_max_threads())); /* between sweeps: on a shared machine it drifts */
    double start = seconds_now();
    TRY(half(&m, &p, 0, sides, NULL));
    double middle = seconds_now();
    TRY(half(&m, &p, 1, sides, i + 1 < sweeps ? NULL : m.loss));
    double end = seconds_now();
    if (i + 1 < sweeps || sweeps == 1) {
      took[i] = end - start;
      side_took[0] += middle - start;
      side_took[1] += end - middle;
    }
    if (i + 1 == sweeps)
      loss_took = end - start;
  }
  int n = sweeps > 1 ? sweeps - 1 : 1;
  qsort(took, (size_t)n, sizeof *took, compare_double);
  double S = (double)csr_nnz(sides[0]), rows = (double)sides[0]->n_rows + sides[1]->n_rows, kk = (double)k * k;
  double flops = 2 * S * kk + rows * kk * k / 3;
  int length;
  const char *word = method_word(method, &length);
  printf("%4d %-9s %-9.*s %7d %9.3f %8.3f %8.3f %8.3f %9.3f %9.1f %6.1f%% of %5.1f %14.2f\n", k, loss, length, word,
         omp_get_max_threads(), took[n / 2], took[0], side_took[0] / n, side_took[1] / n, loss_took,
         flops / took[n / 2] * 1e-9, 100 * flops / took[n / 2] / rate, rate * 1e-9, objective(&m, &p, sides));
  fflush(stdout);
done:
  model_free(&m);
  return st;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "sgemm") == 0 && atoi(argv[2]) > 0) {
    printf("%.0f\n", sgemm_rate(atoi(argv[2])));
    return EXIT_SUCCESS;
  }
  const bench_shape *shape = argc == 7 ? bench_shape_find(argv[1]) : NULL;
  if (shape == NULL) {
    fprintf(stderr, "usage: bench_als small|20m|netflix implicit|explicit|biases K,... THREADS SOLVER,... SWEEPS\n");
    return EXIT_FAILURE;
  }
  int threads = atoi(argv[4]), sweeps = atoi(argv[6]);
  csr users, items;
  if (threads < 1 || sweeps < 1 || sweeps > MOST_SWEEPS ||
      bench_make(shape, strcmp(argv[2], "implicit") != 0, &users, &items) != OK)
    return EXIT_FAILURE;
  omp_set_num_threads(threads);
  printf("%s: %d users, %d items, %lld interactions; %s; SGEMM 2048 by %s\n", shape->name, (int)users.n_rows,
         (int)items.n_rows, (long long)csr_nnz(&users), isa_name(isa_in_use()), openblas_get_corename());
  printf("   k loss      solver    threads   s/sweep     best    users    items with loss   GFLOP/s    of SGEMM     "
         "objective\n");
  const csr *sides[2] = {&users, &items};
  for (char *k = argv[3]; *k != '\0'; k += strcspn(k, ","), k += *k == ',')
    for (char *method = argv[5]; *method != '\0'; method += strcspn(method, ","), method += *method == ',')
      for (int i = 0; i < SOLVE_METHODS; i++)
        if (is_word(method, (solve_method)i) && run(atoi(k), (solve_method)i, argv[2], sweeps, sides) != OK) {
          fprintf(stderr, "%s\n", status_message());
          return EXIT_FAILURE;
        }
  csr_free(&users);
  csr_free(&items);
  return EXIT_SUCCESS;
}
