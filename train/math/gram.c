#include "train/math/gram.h"

#include "io/base/mem.h"
#include "train/math/gram_kernel.h"

#include <string.h>

typedef void tiles_fn(const double *left, const double *right, int kp, int64_t *sums);

static tiles_fn *const TILES[] = {
    gram_tiles_baseline,
#if defined(__x86_64__)
    gram_tiles_avx2,
    gram_tiles_avx512,
#endif
};

exact_scale gram_scale(double bound, gid n_all) {
  /* exact_scale_for leaves a term of n 61 - log2(n) bits. */
  gid least = (gid)1 << (61 - GRAM_BITS);
  return exact_scale_for(bound, n_all < least ? least : n_all);
}

double gram_largest(const real *rows, off n, int k, off ld) {
  double largest = 0;
#pragma omp parallel for reduction(max : largest) schedule(static)
  for (off i = 0; i < n; i++) {
    real most = 0;
    bool broken = false;
    for (int j = 0; j < k; j++) {
      real size = fabsf(rows[i * ld + j]);
      broken |= !(size <= 3e38f);
      most = size > most ? size : most;
    }
    double value = broken ? HUGE_VAL : (double)most;
    largest = value > largest ? value : largest;
  }
  return largest;
}

/* Rows first … first+GRAM_ROWS-1 in double, the left copy in units of the quantum; rows and columns beyond the end are
 * zero and add nothing. */
static void widen(const real *rows, off first, off n, int k, off ld, const real *weight, double inverse, int kp,
                  double *left, double *right) {
  for (int r = 0; r < GRAM_ROWS; r++) {
    bool inside = first + r < n;
    double w = inside && weight != NULL ? weight[first + r] : 1;
    const real *row = rows + (first + r) * ld;
    for (int j = 0; j < k; j++) {
      double y = inside ? row[j] : 0;
      right[r * (kp + GRAM_PAD) + j] = y;
      left[r * (kp + GRAM_PAD) + j] = w * y * inverse;
    }
  }
}

status gram_add(const real *rows, off n, int k, off ld, const real *weight, exact_scale scale, int64_t *sums) {
  int kp = (k + GRAM_TILE - 1) / GRAM_TILE * GRAM_TILE;
  off area = (off)kp * kp, panel = (off)GRAM_ROWS * (kp + GRAM_PAD);
  status failed = OK;
  tiles_fn *tiles = TILES[isa_in_use()];
#pragma omp parallel if (n > 4 * GRAM_ROWS)
  {
    int64_t *own = NULL;
    double *left = NULL, *right = NULL;
    status st = MEM_ZALLOC(own, area, "Gram sums");
    if (st == OK)
      st = MEM_ZALLOC(left, panel, "Gram panel");
    if (st == OK)
      st = MEM_ZALLOC(right, panel, "Gram panel");
    if (st == OK) {
#pragma omp for schedule(static) nowait
      for (off first = 0; first < n; first += GRAM_ROWS) {
        widen(rows, first, n, k, ld, weight, scale.inverse, kp, left, right);
        tiles(left, right, kp, own);
      }
    }
#pragma omp critical
    {
      if (st != OK)
        failed = st;
      else
        for (int a = 0; a < k; a++)
          for (int b = 0; b <= a; b++)
            sums[(size_t)a * (size_t)k + (size_t)b] += own[(size_t)a * (size_t)kp + (size_t)b];
    }
    mem_free(own);
    mem_free(left);
    mem_free(right);
  }
  return failed == OK ? OK : status_fail(failed, "no memory for a Gram matrix of %d factors", k);
}

void gram_finish(const int64_t *sums, int k, exact_scale scale, double *gram) {
  for (int a = 0; a < k; a++)
    for (int b = 0; b <= a; b++)
      gram[(size_t)a * (size_t)k + (size_t)b] = gram[(size_t)b * (size_t)k + (size_t)a] =
          exact_value(scale, sums[(size_t)a * (size_t)k + (size_t)b]);
}
