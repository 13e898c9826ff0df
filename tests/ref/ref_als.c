#include "ref_als.h"

#include "ref_dense.h"

#include <math.h>
#include <stdlib.h>

static double ref_lambda(const ref_als *p, off n, gid n_fixed) {
  return p->lambda * pow((double)n + (p->explicit_loss ? 0 : p->alpha0 * (double)n_fixed), p->nu);
}

static double ref_dot(int k, const double *a, const double *b) {
  double sum = 0;
  for (int i = 0; i < k; i++)
    sum += a[i] * b[i];
  return sum;
}

static double ref_row_data(const ref_als *p, const csr *m, lid r, const double *y, const double *bias, const double *x,
                           double own_bias) {
  double loss = 0;
  for (off e = m->ptr[r]; e < m->ptr[r + 1]; e++) {
    double v = m->val[e], s = ref_dot(p->k, x, y + (off)m->col[e] * p->k);
    if (p->explicit_loss) {
      double rest = v - p->mean - (p->biases ? bias[m->col[e]] + own_bias : 0) - s;
      loss += rest * rest;
    } else {
      double a = fabs(v) - p->base, b = v > 0 ? v : 0;
      loss += a * s * s - 2 * b * s + b;
    }
  }
  return loss;
}

double ref_row_objective(const ref_als *p, const csr *m, lid r, gid n_fixed, const double *y, const double *bias,
                         const double *x, double own_bias) {
  double sum = ref_row_data(p, m, r, y, bias, x, own_bias);
  for (gid i = 0; i < n_fixed && !p->explicit_loss; i++) {
    double s = ref_dot(p->k, x, y + i * p->k);
    sum += p->alpha0 * s * s;
  }
  double square = ref_dot(p->k, x, x) + (p->biases ? own_bias * own_bias : 0), pull = p->prior != NULL ? p->pull : 0;
  for (int i = 0; i < p->k && pull > 0; i++)
    sum += pull * (x[i] - p->prior[i]) * (x[i] - p->prior[i]);
  return sum + (square > 0 ? (ref_lambda(p, m->ptr[r + 1] - m->ptr[r], n_fixed) - pull) * square : 0);
}

void ref_half_sweep(const ref_als *p, const csr *m, gid n_fixed, const double *y, const double *bias, double *x,
                    double *own_bias, double *row_loss) {
  int k = p->k, size = k + 1;
  double *a = malloc(sizeof *a * (size_t)size * (size_t)size), *rhs = malloc(sizeof *rhs * (size_t)size),
         *row = malloc(sizeof *row * (size_t)size);
  double *dense = calloc((size_t)size * (size_t)size, sizeof *dense); /* alpha0 G */
  for (gid c = 0; c < n_fixed && !p->explicit_loss; c++)
    for (int i = 0; i < k; i++)
      for (int j = 0; j < k; j++)
        dense[i * size + j] += p->alpha0 * y[c * k + i] * y[c * k + j];
  for (lid r = 0; r < m->n_rows; r++) {
    off n = m->ptr[r + 1] - m->ptr[r];
    for (int i = 0; i < size * size; i++)
      a[i] = dense[i];
    for (int i = 0; i < size; i++)
      rhs[i] = 0;
    for (off e = m->ptr[r]; e < m->ptr[r + 1]; e++) {
      double v = m->val[e], w = p->explicit_loss ? 1 : fabs(v) - p->base, b = v > 0 ? v : 0;
      if (p->explicit_loss)
        b = v - p->mean - (p->biases ? bias[m->col[e]] : 0);
      for (int i = 0; i < k; i++)
        row[i] = y[(off)m->col[e] * k + i];
      row[k] = p->biases ? 1 : 0;
      for (int i = 0; i < size; i++) {
        rhs[i] += b * row[i];
        for (int j = 0; j < size; j++)
          a[i * size + j] += w * row[i] * row[j];
      }
    }
    for (int i = 0; i < size; i++)
      a[i * size + i] += ref_lambda(p, n, n_fixed);
    for (int i = 0; i < k && p->prior != NULL; i++)
      rhs[i] += p->pull * p->prior[i];
    if (!p->biases)
      a[k * size + k] = 1;
    if (n == 0)
      for (int i = 0; i < size; i++)
        rhs[i] = 0;
    else
      ref_solve(size, a, rhs);
    for (int i = 0; i < k; i++)
      x[(off)r * k + i] = rhs[i];
    if (p->biases)
      own_bias[r] = rhs[k];
    if (row_loss != NULL)
      row_loss[r] = ref_row_data(p, m, r, y, bias, x + (off)r * k, p->biases ? own_bias[r] : 0);
  }
  free(dense);
  free(a);
  free(rhs);
  free(row);
}

double ref_objective(const ref_als *p, const csr *users, gid n_items, const double *x, const double *user_bias,
                     const double *y, const double *item_bias) {
  double sum = 0;
  off *count = calloc((size_t)n_items, sizeof *count);
  for (lid u = 0; u < users->n_rows; u++)
    sum += ref_row_objective(p, users, u, n_items, y, item_bias, x + (off)u * p->k, p->biases ? user_bias[u] : 0);
  for (off e = 0; e < csr_nnz(users); e++)
    count[users->col[e]]++;
  for (gid i = 0; i < n_items; i++) {
    double square = ref_dot(p->k, y + i * p->k, y + i * p->k) + (p->biases ? item_bias[i] * item_bias[i] : 0);
    sum += square > 0 ? ref_lambda(p, count[i], users->n_rows) * square : 0;
  }
  free(count);
  return sum;
}
