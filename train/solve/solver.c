#include "train/solve/solver.h"

#include "io/base/mem.h"
#include "train/solve/heavy_rows.h"
#include "train/solve/light_rows.h"
#include "train/solve/methods.h"
#include "train/solve/row/dual.h"
#include "train/solve/row/row_work.h"
#include "train/solve/solver_private.h"

#include <omp.h>

bool solver_wants_mean_system(solve_method method) {
  return method_row(method)->wants_mean_system;
}

bool solver_wants_basis(bool explicit_loss, solve_method method, int factors, gid rows, gid fixed) {
  /* Finding the basis takes as long as a thousand systems at k = 64, and more with more factors. With 16 lanes primal
   * systems are so fast that, with few factors, the second table costs in cache what it saves. */
  enum { ROWS_A_FACTOR = 64, LEAST_OF_16_LANES = 144 };
  int least = row_ops()->vl == 16 ? LEAST_OF_16_LANES : DUAL_LEAST_FACTORS;
  return !explicit_loss && method == SOLVE_CHOLESKY && factors >= least && fixed <= rows &&
         rows >= (gid)factors * ROWS_A_FACTOR;
}

/* alpha0 G in single precision, padded. */
static status dense_part(row_shared *s) {
  int k = s->p.k, vl = s->ops->vl, skewed = s->ops->skewed;
  status st = MEM_ZALLOC(s->dense, s->p.ld * s->lda, "the shared part of the systems");
  if (st == OK)
    st = MEM_ZALLOC(s->twisted, row_skew_size(s), "the shared part of the systems");
  if (st != OK)
    return st;
  for (int i = 0; i < k; i++)
    for (int j = 0; j < k; j++)
      s->dense[i * s->lda + j] = (real)(s->p.alpha0 * s->p.gram[(off)i * k + j]);
  for (off i = 0; i < row_skew_size(s); i++) {
    off first = i / (vl * skewed) * vl, lane = i % vl;
    s->twisted[i] =
        s->dense[(first + lane) * s->lda + first + solve_skew_partner(vl, (int)(i / vl % skewed), (int)lane)];
  }
  return OK;
}

status solver_create(const half_problem *p, solver **out) {
  status st = OK;
  *out = NULL;
  solver *s;
  TRY(MEM_ZALLOC(s, 1, "a solver"));
  s->shared = row_shape(p);
  const row_method *method = s->shared.method = method_row(p->method);
  if (!p->explicit_loss)
    TRY(dense_part(&s->shared));
  TRY(dual_create(&s->shared));
  if (method->panels != NULL)
    s->shared.panels = method->panels(p->ld);
  if (method->create != NULL)
    TRY(method->create(&s->shared));
  TRY(MEM_ZALLOC(s->work, omp_get_max_threads(), "a solver"));
  s->threads = omp_get_max_threads();
  for (int t = 0; t < s->threads; t++)
    TRY(row_work_create(&s->shared, &s->work[t]));
done:
  if (st != OK)
    solver_free(s);
  else
    *out = s;
  return st;
}

void solver_free(solver *s) {
  if (s == NULL)
    return;
  for (int t = 0; t < s->threads; t++)
    row_work_free(&s->work[t]);
  if (s->shared.method->free != NULL)
    s->shared.method->free(&s->shared);
  dual_free(&s->shared);
  mem_free(s->work);
  mem_free(s->shared.dense);
  mem_free(s->shared.twisted);
  mem_free(s);
}

status solver_rows(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count, real *x, real *own_bias,
                   double *row_loss) {
  failure failed = {.st = OK};
  output to = {x, s->shared.n_sums == 1 ? NULL : own_bias, row_loss, &failed};
  if (heavy != NULL && heavy->n > 0) {
    status st = solver_heavy_rows(s, m, heavy, first, count, &to);
    if (st != OK)
      return st;
  }
  status st = light_rows(&s->shared, s->work, s->threads, m, heavy, first, count, &to);
  if (st == OK && failed.st != OK)
    return status_fail(failed.st, "row %d (%lld interactions): %s", (int)failed.row,
                       (long long)(m->ptr[failed.row + 1] - m->ptr[failed.row]), failed.message);
  return st;
}
