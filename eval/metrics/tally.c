#include "eval/metrics/tally.h"

#include "io/base/mem.h"
#include "train/math/exact.h"
#include "train/math/rng.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

/* Users whose weights are drawn at once; replicates that one thread works on. */
enum { USER_BLOCK = 128, REPLICATE_BLOCK = 100 };
_Static_assert((int)TALLY_REPLICATES % (int)REPLICATE_BLOCK == 0 && (int)REPLICATE_BLOCK % 4 == 0,
               "blocks of replicates");

struct tally {
  uint64_t seed;
  int columns, resampled;
  int64_t *sums; /* [1 + columns], then (TALLY_REPLICATES, resampled + 1): the last column counts users */
  off n_sums;
  exact_scale *scale; /* [columns] */
  double *quantum;    /* [resampled]: of the replicates */
  double *replicate;  /* (TALLY_REPLICATES, resampled + 1), in quanta: not yet added to sums */
};

status tally_create(uint64_t seed, int columns, int resampled, const double *bound, int64_t users, tally **out) {
  status st = OK;
  tally *t = NULL;
  *out = NULL;
  TRY(MEM_ZALLOC(t, 1, "tally"));
  *t = (tally){.seed = seed, .columns = columns, .resampled = resampled};
  t->n_sums = 1 + columns + (off)TALLY_REPLICATES * (resampled + 1);
  TRY(MEM_ZALLOC(t->sums, t->n_sums, "tally"));
  TRY(MEM_ALLOC(t->scale, columns, "tally"));
  TRY(MEM_ALLOC(t->quantum, resampled, "tally"));
  TRY(MEM_ZALLOC(t->replicate, (off)TALLY_REPLICATES * (resampled + 1), "tally"));
  for (int c = 0; c < columns; c++)
    t->scale[c] = exact_scale_for(bound[c], users);
  int e_users, e_bound;
  frexp(users > 0 ? (double)users : 1, &e_users);
  for (int c = 0; c < resampled; c++) {
    frexp(bound[c], &e_bound);
    /* Two bits above the sum of all users' values: no replicate that occurs in practice weighs more. */
    t->quantum[c] = ldexp(1, e_bound + e_users + 2 - 52);
  }
done:
  if (st != OK) {
    tally_free(t);
    t = NULL;
  }
  *out = t;
  return st;
}

void tally_free(tally *t) {
  if (t == NULL)
    return;
  mem_free(t->sums);
  mem_free(t->scale);
  mem_free(t->quantum);
  mem_free(t->replicate);
  mem_free(t);
}

/* Poisson(1) from 16 random bits: the number of cumulative probabilities (times 2^16) at most that. */
static inline double poisson(uint32_t bits) {
  static const uint32_t CUMULATIVE[] = {24109, 48218, 60273, 64291, 65296, 65497, 65530, 65535};
  int n = 0;
  for (int i = 0; i < 8; i++)
    n += bits >= CUMULATIVE[i];
  return n;
}

/* weight (n, REPLICATE_BLOCK) for the replicates from `first` on */
static void draw_weights(uint64_t seed, lid n, const gid *user, int first, double *weight) {
  for (lid u = 0; u < n; u++)
    for (int b = 0; b < REPLICATE_BLOCK; b += 4) {
      uint64_t bits = rng_bits(seed, RNG_BOOTSTRAP, (uint64_t)user[u], (uint64_t)(first + b) / 4);
      for (int j = 0; j < 4; j++)
        weight[u * REPLICATE_BLOCK + b + j] = poisson((uint32_t)(bits >> (16 * j)) & 0xffffu);
    }
}

status tally_add(tally *t, lid n, const gid *user, const double *values) {
  status st = OK;
  int width = t->resampled + 1;
  double *rounded = NULL;
  if (n == 0)
    return OK;
  TRY(MEM_ALLOC(rounded, (off)n * width, "rounded metrics"));
  t->sums[0] += n;
  for (lid u = 0; u < n; u++)
    for (int c = 0; c < t->columns; c++)
      t->sums[1 + c] += exact_term(t->scale[c], values[(off)u * t->columns + c]);
  if (t->resampled == 0)
    goto done;
  for (lid u = 0; u < n; u++) {
    for (int c = 0; c < t->resampled; c++)
      rounded[(off)u * width + c] = nearbyint(values[(off)u * t->columns + c] / t->quantum[c]);
    rounded[(off)u * width + t->resampled] = 1;
  }
#pragma omp parallel for schedule(dynamic)
  for (int first = 0; first < TALLY_REPLICATES; first += REPLICATE_BLOCK) {
    double weight[USER_BLOCK * REPLICATE_BLOCK];
    for (lid u = 0; u < n; u += USER_BLOCK) {
      lid count = n - u < USER_BLOCK ? n - u : USER_BLOCK;
      draw_weights(t->seed, count, user + u, first, weight);
      cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, REPLICATE_BLOCK, width, count, 1, weight, REPLICATE_BLOCK,
                  rounded + (off)u * width, width, 1, t->replicate + (off)first * width, width);
    }
  }
done:
  mem_free(rounded);
  return st;
}

int64_t *tally_sums(tally *t, off *n) {
  off cells = (off)TALLY_REPLICATES * (t->resampled + 1);
  for (off i = 0; i < cells; i++) {
    t->sums[1 + t->columns + i] += llrint(t->replicate[i]);
    t->replicate[i] = 0;
  }
  *n = t->n_sums;
  return t->sums;
}

int64_t tally_users(const tally *t) {
  return t->sums[0];
}

double tally_sum(const tally *t, int column) {
  return exact_value(t->scale[column], t->sums[1 + column]);
}

static double cell(const tally *t, int column, int b) {
  return (double)t->sums[1 + t->columns + (off)b * (t->resampled + 1) + column];
}

double tally_replicate_users(const tally *t, int b) {
  return cell(t, t->resampled, b);
}

double tally_replicate_sum(const tally *t, int column, int b) {
  return cell(t, column, b) * t->quantum[column];
}

static int rise(const void *of_a, const void *of_b) {
  double a = *(const double *)of_a, b = *(const double *)of_b;
  return (a > b) - (a < b);
}

void tally_interval(double *values, double *low, double *high) {
  qsort(values, TALLY_REPLICATES, sizeof *values, rise);
  *low = values[TALLY_REPLICATES / 40 - 1];
  *high = values[TALLY_REPLICATES - TALLY_REPLICATES / 40];
}
