#include "train/solve/heavy_rows.h"

#include "io/base/mem.h"
#include "train/math/factors.h"
#include "train/solve/heavy_sums.h"
#include "train/solve/output.h"
#include "train/solve/row/cholesky.h"
#include "train/solve/solver_private.h"

#include <math.h>
#include <omp.h>

off solver_sums_size(const solver *s) {
  return heavy_size(&s->shared);
}

off solver_sums_size_for(int k, bool biases) {
  static const real some_bias = 0;
  half_problem p = {.k = k, .ld = factors_ld(k), .explicit_loss = biases, .bias = biases ? &some_bias : NULL};
  row_shared shape = row_shape(&p);
  return heavy_size(&shape);
}

void solver_sums_add(solver *s, const csr *m, const off *cut, off n_segments, off n_row, int64_t *sums) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
  for (off i = 0; i < n_segments; i++) {
    row_work *w = &s->work[omp_get_thread_num()];
    row_normal(&s->shared, w, 0, m, cut[i], cut[i + 1]);
#pragma omp critical(solver_sums)
    heavy_add(&s->shared, w, n_row, sums);
  }
}

status solver_sums_solve(solver *s, const int64_t *sums, off n_row, real *x, real *own_bias) {
  row_work *w = &s->work[0];
  heavy_restore(&s->shared, w, n_row, sums);
  if (row_finish(&s->shared, w, n_row, x, own_bias))
    return OK;
  if (s->shared.p.nonnegative)
    return status_fail(INTERNAL, "its system of equations has no finite solution; raise --lambda");
  return heavy_solve_double(&s->shared, n_row, sums, x, own_bias);
}

void solver_segments_loss(solver *s, const csr *m, const off *cut, off n_segments, const real *x, const real *own_bias,
                          double *segment_loss) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
  for (off i = 0; i < n_segments; i++)
    segment_loss[i] = row_data_loss(&s->shared, &s->work[omp_get_thread_num()], m, cut[i], cut[i + 1], x, own_bias);
}

exact_scale solver_loss_scale(double largest, off terms) {
  return exact_scale_for(largest, terms);
}

/* Solves one heavy row. sum (heavy_size) and segment_loss (a number a segment) are work space. */
static status solve_heavy(solver *s, const csr *m, lid r, off n_segments, const off *cut, int64_t *sum,
                          double *segment_loss, const output *to) {
  place at = place_of(&s->shared, to, r);
  off size = heavy_size(&s->shared), n = m->ptr[r + 1] - m->ptr[r];
  for (off i = 0; i < size; i++)
    sum[i] = 0;
  solver_sums_add(s, m, cut, n_segments, n, sum);
  status st = solver_sums_solve(s, sum, n, at.x, at.bias);
  if (st != OK || at.loss == NULL)
    return st;
  solver_segments_loss(s, m, cut, n_segments, at.x, at.bias, segment_loss);
  double largest = 0;
  for (off i = 0; i < n_segments; i++)
    largest = fmax(largest, fabs(segment_loss[i]));
  exact_scale scale = solver_loss_scale(largest, n);
  int64_t total = 0;
  for (off i = 0; i < n_segments; i++)
    total += exact_term(scale, segment_loss[i]);
  *at.loss = exact_value(scale, total);
  return OK;
}

status solver_heavy_rows(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count, const output *to) {
  status st = OK;
  int64_t *sum = NULL;
  double *segment_loss = NULL;
  TRY(MEM_ALLOC(sum, heavy_size(&s->shared), "the sums of a heavy row"));
  TRY(MEM_ALLOC(segment_loss, heavy->first_cut[heavy->n], "the sums of a heavy row"));
  for (lid h = heavy_rows_from(heavy, first); h < heavy->n && heavy->row[h] < first + count; h++) {
    off at = heavy->first_cut[h], n_segments = heavy->first_cut[h + 1] - at - 1;
    status row_st = solve_heavy(s, m, heavy->row[h], n_segments, heavy->cut + at, sum, segment_loss, to);
    if (row_st != OK)
      failure_note(to->failed, heavy->row[h], row_st);
  }
done:
  mem_free(sum);
  mem_free(segment_loss);
  return st;
}
