#include "bench_data.h"

#include "io/base/mem.h"
#include "train/math/rng.h"

#include <stdlib.h>
#include <string.h>

enum { TASTES = 24, RANK = 16, SEED = 11 };

static const bench_shape SHAPES[] = {
    {"small", 13849, 2674, 2000000}, {"20m", 138493, 26744, 20000000}, {"netflix", 480189, 17770, 100500000}};

const bench_shape *bench_shape_find(const char *name) {
  for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++)
    if (strcmp(SHAPES[i].name, name) == 0)
      return &SHAPES[i];
  return NULL;
}

/* Item i, of popularity rank i, has taste i mod TASTES. */
static double popularity(lid i) {
  return pow(i + 12, -0.95);
}

typedef struct popularities {
  lid n;
  double *sum;       /* [n]: of the items up to i */
  double *taste_sum; /* (TASTES, n / TASTES + 1): of one taste's items */
} popularities;

/* A popularity rank, of one taste or (taste < 0) of all. */
static lid draw(const popularities *p, int taste, double u) {
  lid n = taste < 0 ? p->n : (p->n - taste + TASTES - 1) / TASTES, low = 0, high = n - 1;
  const double *sum = taste < 0 ? p->sum : p->taste_sum + (off)taste * (p->n / TASTES + 1);
  u *= sum[n - 1];
  while (low < high) {
    lid middle = (low + high) / 2;
    if (sum[middle] > u)
      high = middle;
    else
      low = middle + 1;
  }
  return taste < 0 ? low : low * TASTES + taste;
}

static int compare_lid(const void *a, const void *b) {
  lid x = *(const lid *)a, y = *(const lid *)b;
  return (x > y) - (x < y);
}

static real rating(lid user, lid item) {
  double sum = 0;
  for (int j = 0; j < RANK; j++)
    sum += (rng_uniform(SEED, 40, (uint64_t)user, (uint64_t)j) - 0.5) *
           (rng_uniform(SEED, 41, (uint64_t)item, (uint64_t)j) - 0.5);
  double bias = rng_uniform(SEED, 42, (uint64_t)user, 0) + rng_uniform(SEED, 43, (uint64_t)item, 0) - 1;
  return (real)(3.5 + 2 * sum + bias + 0.5 * rng_normal(SEED, 44, (uint64_t)user, (uint64_t)item));
}

static status transpose(const csr *m, lid n, csr *out) {
  status st = csr_alloc(out, n, csr_nnz(m), "benchmark data");
  if (st != OK)
    return st;
  off *at;
  st = MEM_ALLOC(at, (off)n + 1, "benchmark data");
  if (st != OK)
    return st;
  for (off e = 0; e < csr_nnz(m); e++)
    out->ptr[m->col[e] + 1]++;
  for (lid i = 0; i < n; i++)
    out->ptr[i + 1] += out->ptr[i];
  memcpy(at, out->ptr, sizeof *at * ((size_t)n + 1));
  for (lid r = 0; r < m->n_rows; r++)
    for (off e = m->ptr[r]; e < m->ptr[r + 1]; e++) {
      off to = at[m->col[e]]++;
      out->col[to] = r;
      out->val[to] = m->val[e];
    }
  mem_free(at);
  return OK;
}

/* Scatters popularity ranks over item numbers, as in real catalogues. */
static void scatter(lid n, lid *number) {
  for (lid i = 0; i < n; i++)
    number[i] = i;
  for (lid i = n - 1; i > 0; i--) {
    lid j = (lid)(rng_uniform(SEED, 45, (uint64_t)i, 0) * (i + 1)), t = number[i];
    number[i] = number[j];
    number[j] = t;
  }
}

status bench_make(const bench_shape *shape, bool explicit_loss, csr *users, csr *items) {
  status st = OK;
  lid n = shape->items, *number = NULL;
  off per_taste = n / TASTES + 1;
  popularities p = {.n = n};
  double total = 0;
  csr drawn = {0};
  *users = *items = (csr){0};
  TRY(MEM_ALLOC(number, n, "benchmark data"));
  TRY(MEM_ALLOC(p.sum, n, "benchmark data"));
  TRY(MEM_ZALLOC(p.taste_sum, TASTES * per_taste, "benchmark data"));
  scatter(n, number);
  for (lid i = 0; i < n; i++) {
    double *taste = p.taste_sum + (i % TASTES) * per_taste + i / TASTES;
    p.sum[i] = popularity(i) + (i > 0 ? p.sum[i - 1] : 0);
    *taste = popularity(i) + (i >= TASTES ? taste[-1] : 0);
  }
  /* Log-normal activity; more are drawn than asked for, as repeated draws merge. */
  TRY(csr_alloc(&drawn, shape->users, 0, "benchmark data"));
  for (lid u = 0; u < shape->users; u++)
    total += exp(1.1 * rng_normal(SEED, 46, (uint64_t)u, 0));
  for (lid u = 0; u < shape->users; u++) {
    double want = 5 + 1.345 * (double)shape->events * exp(1.1 * rng_normal(SEED, 46, (uint64_t)u, 0)) / total;
    drawn.ptr[u + 1] = drawn.ptr[u] + (off)(want < n / 2 ? want : n / 2);
  }
  TRY(MEM_REALLOC(drawn.col, drawn.ptr[shape->users], "benchmark data"));
  TRY(csr_alloc(users, shape->users, 0, "benchmark data"));
#pragma omp parallel for schedule(dynamic, 64)
  for (lid u = 0; u < shape->users; u++) {
    lid *to = drawn.col + drawn.ptr[u];
    off count = drawn.ptr[u + 1] - drawn.ptr[u], kept = 0;
    for (off i = 0; i < count; i++) {
      double which = rng_uniform(SEED, 47, (uint64_t)u, (uint64_t)i);
      int taste = which > 0.65 ? -1 : (int)(rng_uniform(SEED, 48, (uint64_t)u, which > 0.4 ? 1 : 0) * TASTES);
      to[i] = number[draw(&p, taste, rng_uniform(SEED, 49, (uint64_t)u, (uint64_t)i))];
    }
    qsort(to, (size_t)count, sizeof *to, compare_lid);
    for (off i = 0; i < count; i++)
      if (i == 0 || to[i] != to[i - 1])
        to[kept++] = to[i];
    users->ptr[u + 1] = kept;
  }
  for (lid u = 0; u < shape->users; u++)
    users->ptr[u + 1] += users->ptr[u];
  TRY(MEM_REALLOC(users->col, users->ptr[shape->users], "benchmark data"));
  TRY(MEM_REALLOC(users->val, users->ptr[shape->users], "benchmark data"));
#pragma omp parallel for schedule(dynamic, 64)
  for (lid u = 0; u < shape->users; u++)
    for (off e = users->ptr[u]; e < users->ptr[u + 1]; e++) {
      users->col[e] = drawn.col[drawn.ptr[u] + e - users->ptr[u]];
      users->val[e] = explicit_loss ? rating(u, users->col[e]) : 1;
    }
  TRY(transpose(users, n, items));
done:
  csr_free(&drawn);
  mem_free(number);
  mem_free(p.sum);
  mem_free(p.taste_sum);
  return st;
}
