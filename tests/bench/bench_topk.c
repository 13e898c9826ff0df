/* bench_topk [SNAPSHOT]: the 100 best items of everyone, beside the bare matrix product, in one run.
 *
 * Times, on the factors of a snapshot and on normal random ones of its shape (or of the 20m shape), the product of all
 * users and all items by OpenBLAS in blocks, and topk_scan. Random factors have norms so alike that no product is
 * skipped: they show the worst case. */
#include "eval/rank/topk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/model.h"
#include "io/snapshot/resolve.h"
#include "train/math/rng.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>

extern void openblas_set_num_threads(int n);

enum { TOP = 100, RUNS = 3, USER_BLOCK = 256, ITEM_BLOCK = 2048, SEEN = 130 };

typedef struct problem {
  lid users, items;
  int k;
  real *x, *y;
} problem;

static status random_problem(problem *p) {
  status st = OK;
  TRY(MEM_ALLOC(p->x, (off)p->users * p->k, "users"));
  TRY(MEM_ALLOC(p->y, (off)p->items * p->k, "items"));
#pragma omp parallel for
  for (off i = 0; i < (off)p->users * p->k; i++)
    p->x[i] = (real)rng_normal(1, 100, (uint64_t)i, 0);
#pragma omp parallel for
  for (off i = 0; i < (off)p->items * p->k; i++)
    p->y[i] = (real)rng_normal(1, 101, (uint64_t)i, 0);
done:
  return st;
}

static status model_problem(const char *path, problem *p) {
  status st = OK;
  char dir[SNAPSHOT_PATH_MAX];
  model *m = NULL;
  TRY(snapshot_resolve(path, false, dir));
  TRY(model_open(dir, &m));
  *p = (problem){.users = (lid)model_rows(m, USERS), .items = (lid)model_rows(m, ITEMS), .k = model_factors(m)};
  TRY(MEM_ALLOC(p->x, (off)p->users * p->k, "users"));
  TRY(MEM_ALLOC(p->y, (off)p->items * p->k, "items"));
  TRY(model_read_factors(m, USERS, 0, p->users, p->x, p->k));
  TRY(model_read_factors(m, ITEMS, 0, p->items, p->y, p->k));
done:
  model_close(m);
  return st;
}

/* The bare product in blocks that stay in cache, one BLAS call a block in each of our threads. */
static double time_product(const problem *p) {
  double best = 1e30;
  for (int run = 0; run < RUNS; run++) {
    double start = seconds_now();
#pragma omp parallel
    {
      real *out = NULL;
      if (MEM_ALLOC(out, (off)USER_BLOCK * ITEM_BLOCK, "block") == OK) {
#pragma omp for schedule(dynamic)
        for (lid u = 0; u < p->users; u += USER_BLOCK)
          for (lid i = 0; i < p->items; i += ITEM_BLOCK)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, p->users - u < USER_BLOCK ? p->users - u : USER_BLOCK,
                        p->items - i < ITEM_BLOCK ? p->items - i : ITEM_BLOCK, p->k, 1, p->x + (off)u * p->k, p->k,
                        p->y + (off)i * p->k, p->k, 0, out, ITEM_BLOCK);
      }
      mem_free(out);
    }
    double seconds = seconds_now() - start;
    best = seconds < best ? seconds : best;
  }
  return best;
}

/* SEEN items a user, spread over all, are left out. */
static status time_lists(const problem *p, double *best, double *skipped) {
  status st = OK;
  topk_items *items = NULL;
  topk *t = NULL;
  off *ptr = NULL;
  lid *seen = NULL, batch = 1 << 14;
  TRY(MEM_ALLOC(ptr, (off)p->users + 1, "offsets"));
  TRY(MEM_ALLOC(seen, (off)p->users * SEEN, "seen"));
  for (lid u = 0; u <= p->users; u++)
    ptr[u] = (off)u * SEEN;
  for (off e = 0; e < (off)p->users * SEEN; e++)
    seen[e] = (lid)(rng_bits(1, 102, (uint64_t)e, 0) % (uint64_t)p->items);
  *best = 1e30;
  TRY(topk_create(TOP, batch, &t));
  for (int run = 0; run < RUNS; run++) {
    double start = seconds_now();
    topk_items_free(items);
    TRY(topk_items_create(isa_in_use(), p->y, p->items, p->k, p->k, NULL, 0, &items));
    for (lid u = 0; u < p->users; u += batch) {
      topk_begin(t, p->users - u < batch ? p->users - u : batch);
      TRY(topk_scan(t, items, p->x + (off)u * p->k, p->k, ptr + u, ptr + u + 1, seen));
      topk_finish(t);
    }
    double seconds = seconds_now() - start;
    *best = seconds < *best ? seconds : *best;
  }
  *skipped = topk_skipped(t);
done:
  topk_items_free(items);
  topk_free(t);
  mem_free(ptr);
  mem_free(seen);
  return st;
}

static status measure_problem(const char *name, const problem *p) {
  double product = time_product(p), lists, skipped;
  double flop = 2.0 * p->users * p->items * p->k * 1e-9;
  status st = time_lists(p, &lists, &skipped);
  if (st == OK)
    printf("| %s | %d × %d, k = %d | %.2f (%.0f GFLOP/s) | %.2f | %.2f | %.0f %% |\n", name, p->users, p->items, p->k,
           product, flop / product, lists, lists / product, 100 * skipped);
  return st;
}

int main(int argc, char **argv) {
  status st = OK;
  problem trained = {0}, worst = {.users = 138493, .items = 26744, .k = 64};
  openblas_set_num_threads(1);
  printf("%d threads, %s\n", omp_get_max_threads(), isa_name(isa_in_use()));
  printf("| factors | shape | bare SGEMM, s | top %d, s | ratio | products skipped |\n|---|---|---|---|---|---|\n",
         TOP);
  if (argc > 1) {
    TRY(model_problem(argv[1], &trained));
    worst = (problem){.users = trained.users, .items = trained.items, .k = trained.k};
    TRY(measure_problem("trained", &trained));
  }
  TRY(random_problem(&worst));
  TRY(measure_problem("normal, random", &worst));
done:
  if (st != OK)
    fprintf(stderr, "bench_topk: %s\n", status_message());
  mem_free(trained.x);
  mem_free(trained.y);
  mem_free(worst.x);
  mem_free(worst.y);
  return status_exit_code(st);
}
