#include "train/centres/centre_order.h"

#include "io/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct keyed {
  double key;
  lid row;
} keyed;

static int by_key(const void *a, const void *b) {
  const keyed *x = a, *y = b;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* A few power steps are accurate enough; a poor direction costs time later, never correctness. */
enum { POWER_STEPS = 6 };

/* Projections of the listed centres on their principal direction. mean, direction and next have k places. */
static void project(const real *centre, int k, keyed *list, lid n, double *mean, double *direction, double *next) {
  memset(mean, 0, sizeof *mean * (size_t)k);
  for (lid i = 0; i < n; i++)
    for (int p = 0; p < k; p++)
      mean[p] += centre[(off)list[i].row * k + p] / (double)n;
  /* The first direction: towards the centre farthest from the mean. */
  double farthest = -1;
  for (lid i = 0; i < n; i++) {
    const real *c = centre + (off)list[i].row * k;
    double sum = 0;
    for (int p = 0; p < k; p++)
      sum += (c[p] - mean[p]) * (c[p] - mean[p]);
    if (sum > farthest) {
      farthest = sum;
      for (int p = 0; p < k; p++)
        direction[p] = c[p] - mean[p];
    }
  }
  for (int step = 0; step <= POWER_STEPS; step++) {
    memset(next, 0, sizeof *next * (size_t)k);
    double size = 0;
    for (int p = 0; p < k; p++)
      size += direction[p] * direction[p];
    double scale = size > 0 ? 1 / sqrt(size) : 0;
    for (lid i = 0; i < n; i++) {
      const real *c = centre + (off)list[i].row * k;
      double dot = 0;
      for (int p = 0; p < k; p++)
        dot += (c[p] - mean[p]) * direction[p] * scale;
      list[i].key = dot;
      for (int p = 0; p < k; p++)
        next[p] += dot * (c[p] - mean[p]);
    }
    memcpy(direction, next, sizeof *next * (size_t)k);
  }
}

static void halve(const real *centre, int k, lid group_size, keyed *list, lid n, double *work) {
  while (n > group_size) {
    project(centre, k, list, n, work, work + k, work + 2 * (off)k);
    qsort(list, (size_t)n, sizeof *list, by_key);
    lid runs = (n + group_size - 1) / group_size, left = runs / 2 * group_size;
    halve(centre, k, group_size, list, left, work);
    list += left;
    n -= left;
  }
}

status kmeans_order(const real *centre, lid groups, int k, lid group_size, lid *order) {
  status st = OK;
  keyed *list = NULL;
  double *work = NULL;
  TRY(MEM_ALLOC(list, groups, "order of the groups"));
  TRY(MEM_ALLOC(work, 3 * (off)k, "directions of the groups"));
  for (lid i = 0; i < groups; i++)
    list[i] = (keyed){0, i};
  halve(centre, k, group_size, list, groups, work);
  for (lid i = 0; i < groups; i++)
    order[i] = list[i].row;
done:
  mem_free(list);
  mem_free(work);
  return st;
}
