#include "ref_dense.h"

#include <math.h>

void ref_solve(int m, double *a, double *x) {
  for (int c = 0; c < m; c++) {
    int best = c;
    for (int i = c + 1; i < m; i++)
      if (fabs(a[i * m + c]) > fabs(a[best * m + c]))
        best = i;
    for (int j = 0; j < m; j++) {
      double t = a[c * m + j];
      a[c * m + j] = a[best * m + j];
      a[best * m + j] = t;
    }
    double t = x[c];
    x[c] = x[best];
    x[best] = t;
    for (int i = c + 1; i < m; i++) {
      double f = a[i * m + c] / a[c * m + c];
      for (int j = c; j < m; j++)
        a[i * m + j] -= f * a[c * m + j];
      x[i] -= f * x[c];
    }
  }
  for (int i = m - 1; i >= 0; i--) {
    for (int j = i + 1; j < m; j++)
      x[i] -= a[i * m + j] * x[j];
    x[i] /= a[i * m + i];
  }
}
