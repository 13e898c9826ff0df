#include "tests/ref/ref_kmeans.h"

#include <math.h>
#include <stdlib.h>

void ref_kmeans_assign(const real *x, lid n, int k, const double *centre, lid groups, lid *label, double *dist2) {
  for (lid i = 0; i < n; i++) {
    dist2[i] = INFINITY;
    for (lid g = 0; g < groups; g++) {
      double sum = 0;
      for (int p = 0; p < k; p++) {
        double d = x[(off)i * k + p] - centre[(off)g * k + p];
        sum += d * d;
      }
      if (sum < dist2[i]) {
        dist2[i] = sum;
        label[i] = g;
      }
    }
  }
}

double ref_kmeans(const real *x, lid n, int k, double *centre, lid groups, int rounds, lid *label) {
  double *dist2 = calloc((size_t)n, sizeof *dist2), *sum = calloc((size_t)groups * (size_t)k, sizeof *sum);
  double inertia = 0;
  for (int round = 0; round < rounds; round++) {
    ref_kmeans_assign(x, n, k, centre, groups, label, dist2);
    for (lid g = 0; g < groups; g++) {
      lid size = 0;
      for (int p = 0; p < k; p++)
        sum[p] = 0;
      for (lid i = 0; i < n; i++)
        if (label[i] == g) {
          size++;
          for (int p = 0; p < k; p++)
            sum[p] += x[(off)i * k + p];
        }
      for (int p = 0; p < k && size > 0; p++)
        centre[(off)g * k + p] = sum[p] / size;
    }
  }
  ref_kmeans_assign(x, n, k, centre, groups, label, dist2);
  for (lid i = 0; i < n; i++)
    inertia += dist2[i];
  free(dist2);
  free(sum);
  return inertia;
}

static double pairs(double n) {
  return n * (n - 1) / 2;
}

double ref_adjusted_rand(const lid *a, const lid *b, lid n) {
  lid na = 0, nb = 0;
  for (lid i = 0; i < n; i++) {
    na = a[i] >= na ? a[i] + 1 : na;
    nb = b[i] >= nb ? b[i] + 1 : nb;
  }
  double *table = calloc((size_t)na * (size_t)nb, sizeof *table);
  double *row = calloc((size_t)na, sizeof *row), *column = calloc((size_t)nb, sizeof *column);
  double both = 0, in_a = 0, in_b = 0;
  for (lid i = 0; i < n; i++) {
    table[(off)a[i] * nb + b[i]]++;
    row[a[i]]++;
    column[b[i]]++;
  }
  for (off i = 0; i < (off)na * nb; i++)
    both += pairs(table[i]);
  for (lid i = 0; i < na; i++)
    in_a += pairs(row[i]);
  for (lid i = 0; i < nb; i++)
    in_b += pairs(column[i]);
  free(table);
  free(row);
  free(column);
  double expected = in_a * in_b / pairs(n), most = (in_a + in_b) / 2;
  return most == expected ? 1 : (both - expected) / (most - expected);
}
