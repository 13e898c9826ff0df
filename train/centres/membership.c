#include "train/centres/membership.h"

#include "io/base/mem.h"
#include "train/centres/kmeans_kernel.h"
#include "train/math/product.h"

#include <math.h>
#include <omp.h>

enum { ROWS_AT_ONCE = 96, CENTRES_AT_ONCE = 512, LOOK = 16 };

/* The m least scores of a row so far, ascending, and whose they are. */
typedef struct nearest {
  int n;
  real score[MEMBERSHIPS_MAX];
  lid group[MEMBERSHIPS_MAX];
} nearest;

static void offer(nearest *best, int m, real score, lid group) {
  /* Groups come in ascending order: among equals the earlier one stays first. */
  if (best->n == m && score >= best->score[m - 1])
    return;
  int at = best->n < m ? best->n++ : m - 1;
  for (; at > 0 && best->score[at - 1] > score; at--) {
    best->score[at] = best->score[at - 1];
    best->group[at] = best->group[at - 1];
  }
  best->score[at] = score;
  best->group[at] = group;
}

/* Offers scores half[j] − dot[j] of `count` groups from `first`; LOOK at a time, because few are good enough. */
static void offer_all(nearest *best, int m, const real *half, const real *dot, lid first, lid count) {
  for (lid j0 = 0; j0 < count; j0 += LOOK) {
    lid last = count - j0 < LOOK ? count : j0 + LOOK;
    int any = best->n < m;
    if (!any) {
      real worst = best->score[m - 1];
      for (lid j = j0; j < last; j++)
        any |= half[first + j] - dot[j] < worst;
    }
    for (lid j = j0; any && j < last; j++)
      offer(best, m, half[first + j] - dot[j], first + j);
  }
}

status membership_nearest(const kmeans_points *points, const real *centre, lid groups, int m, lid *group, real *dist2) {
  status st = OK;
  int k = points->k, threads = omp_get_max_threads();
  isa set = isa_in_use();
  const kmeans_kernels *kernel = kmeans_kernels_of(set);
  real *packed = NULL, *half = NULL, *dots = NULL;
  TRY(MEM_ALLOC(packed, product_packed_size(set, groups, k), "packed centroids"));
  TRY(MEM_ALLOC(half, groups, "lengths of centroids"));
  TRY(MEM_ALLOC(dots, (off)threads * ROWS_AT_ONCE * CENTRES_AT_ONCE, "products with centroids"));
  product_pack(set, centre, groups, k, k, packed);
  kmeans_half_lengths(centre, groups, k, half);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (off at = 0; at < points->n; at += ROWS_AT_ONCE) {
    real *dot = dots + (off)omp_get_thread_num() * ROWS_AT_ONCE * CENTRES_AT_ONCE;
    const real *x = points->x + at * points->ld;
    off rows = points->n - at < ROWS_AT_ONCE ? points->n - at : ROWS_AT_ONCE;
    nearest best[ROWS_AT_ONCE];
    for (off i = 0; i < rows; i++)
      best[i].n = 0;
    for (lid first = 0; first < groups; first += CENTRES_AT_ONCE) {
      lid count = groups - first < CENTRES_AT_ONCE ? groups - first : CENTRES_AT_ONCE;
      product_block(set, x, rows, points->ld, packed + (off)first * k, count, k, dot, CENTRES_AT_ONCE);
      for (off i = 0; i < rows; i++)
        offer_all(&best[i], m, half, dot + i * CENTRES_AT_ONCE, first, count);
    }
    for (off i = 0; i < rows; i++)
      for (int j = 0; j < m; j++) {
        group[(at + i) * m + j] = best[i].group[j];
        kernel->distances(x + i * points->ld, 1, points->ld, k, centre, &best[i].group[j], &dist2[(at + i) * m + j]);
      }
  }
done:
  mem_free(packed);
  mem_free(half);
  mem_free(dots);
  return st;
}

/* Σ_j exp(−(d_j − d_0) / T): 1 / (first affinity), where the first is the nearest. */
static double weights(const real *dist2, int m, double temperature, double *weight) {
  double least = dist2[0], sum = 0;
  for (int j = 1; j < m; j++)
    least = fmin(least, dist2[j]);
  for (int j = 0; j < m; j++) {
    weight[j] = exp(-((double)dist2[j] - least) / temperature);
    sum += weight[j];
  }
  return sum;
}

void membership_affinity(const real *dist2, lid n, int m, double temperature, real *affinity) {
#pragma omp parallel for schedule(static)
  for (lid i = 0; i < n; i++) {
    double weight[MEMBERSHIPS_MAX], sum = weights(dist2 + (off)i * m, m, temperature, weight);
    for (int j = 0; j < m; j++)
      affinity[(off)i * m + j] = (real)(weight[j] / sum);
  }
}

int64_t membership_above(const real *dist2, lid n, int m, double temperature, double share) {
  int64_t count = 0;
#pragma omp parallel for schedule(static) reduction(+ : count)
  for (lid i = 0; i < n; i++) {
    double weight[MEMBERSHIPS_MAX], sum = weights(dist2 + (off)i * m, m, temperature, weight);
    count += weight[0] / sum >= share;
  }
  return count;
}

double membership_target(int m) {
  return m > 2 ? 0.5 : 0.5 * (1 + 1.0 / m);
}
