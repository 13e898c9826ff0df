#include "train/kmeans_plusplus.h"

#include "io/mem.h"
#include "train/kmeans_kernel.h"
#include "train/rng.h"

#include <math.h>

enum { SEGMENT = 512 }; /* candidates whose potential is summed together, in order */

/* The potential of a segment: Σ weight · distance². */
static double potential(const int64_t *weight, const real *d2, lid first, lid last) {
  double sum = 0;
  for (lid i = first; i < last; i++)
    sum += (double)weight[i] * d2[i];
  return sum;
}

/* The candidate at which the running sum of weight · d2 passes `target`; the last one with a share where rounding lets
 * it fall off the end; -1 where there is none. */
static lid draw(const int64_t *weight, const real *d2, lid n, const double *segment, lid n_segments, double target) {
  lid last = -1;
  for (lid s = 0; s < n_segments; s++) {
    if (segment[s] > 0 && target >= segment[s] && s + 1 < n_segments) {
      target -= segment[s];
      continue;
    }
    for (lid i = s * SEGMENT; i < n && i < (s + 1) * SEGMENT; i++) {
      double share = (double)weight[i] * d2[i];
      if (share > 0) {
        last = i;
        if (target < share)
          return i;
        target -= share;
      }
    }
  }
  if (last >= 0)
    return last;
  for (lid i = n - 1; i >= 0; i--)
    if (weight[i] > 0 && d2[i] > 0)
      return i;
  return -1;
}

status kmeans_plusplus(const real *candidate, const int64_t *weight, lid n, int k, lid groups, uint64_t seed,
                       uint64_t stream, lid *chosen, lid *found) {
  status st = OK;
  real *d2 = NULL;
  double *segment = NULL;
  const kmeans_kernels *kernel = kmeans_kernels_of(isa_in_use());
  lid n_segments = (n + SEGMENT - 1) / SEGMENT;
  *found = 0;
  TRY(MEM_ALLOC(d2, n, "distances of candidates"));
  TRY(MEM_ALLOC(segment, n_segments, "sums over candidates"));
  for (lid i = 0; i < n; i++)
    d2[i] = 1; /* the first is drawn by weight alone */
  for (lid g = 0; g < groups; g++) {
    double total = 0;
#pragma omp parallel for schedule(static) if (n_segments > 8)
    for (lid s = 0; s < n_segments; s++) {
      lid first = s * SEGMENT, last = n - first < SEGMENT ? n : first + SEGMENT;
      if (g == 1)
        for (lid i = first; i < last; i++)
          d2[i] = INFINITY;
      if (g > 0)
        kernel->nearer(candidate + (off)first * k, last - first, k, k, candidate + (off)chosen[g - 1] * k, d2 + first);
      segment[s] = potential(weight, d2, first, last);
    }
    for (lid s = 0; s < n_segments; s++)
      total += segment[s];
    if (!(total > 0))
      break;
    lid i = draw(weight, d2, n, segment, n_segments,
                 total * rng_uniform(seed, RNG_KMEANS, (uint64_t)g, (stream << 8) + 255));
    if (i < 0)
      break;
    chosen[(*found)++] = i;
  }
done:
  mem_free(d2);
  mem_free(segment);
  return st;
}
