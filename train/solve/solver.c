#include "train/solve/solver.h"

#include "io/base/mem.h"
#include "train/rows/row_sort.h"
#include "train/solve/cg.h"
#include "train/solve/cg_long.h"
#include "train/solve/double_row.h"
#include "train/solve/dual.h"
#include "train/solve/heavy_sums.h"
#include "train/solve/loss.h"
#include "train/solve/subspace.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

struct solver {
  row_shared shared;
  bool tried[CG_CLASSES]; /* whether shared.near has what can be had */
  int threads;
  row_work *work; /* [threads] */
};

static const solve_ops *const OPS[] = {
    &solve_ops_baseline,
#if defined(__x86_64__)
    &solve_ops_avx2,
    &solve_ops_avx512,
#endif
};

double half_problem_lambda(const half_problem *p, off n) {
  return ridge_weight(p->lambda, p->nu, p->explicit_loss ? 0 : p->alpha0, n, p->n_fixed);
}

bool solver_wants_basis(bool explicit_loss, solve_method method, int factors, gid rows, gid fixed) {
  /* Finding it takes as long as a thousand systems at k = 64, and more with more factors. With 16 lanes primal systems
   * are so quick that with fewer factors a second table, which takes room in the caches, costs what it saves. */
  enum { ROWS_A_FACTOR = 64, LEAST_OF_16_LANES = 144 };
  int least = OPS[isa_in_use()]->vl == 16 ? LEAST_OF_16_LANES : DUAL_LEAST_FACTORS;
  return !explicit_loss && method == SOLVE_CHOLESKY && factors >= least && fixed <= rows &&
         rows >= (gid)factors * ROWS_A_FACTOR;
}

static row_shared shape_of(const half_problem *p) {
  const solve_ops *ops = OPS[isa_in_use()];
  return (row_shared){.p = *p,
                      .ops = ops,
                      .nb = (p->k + ops->vl - 1) / ops->vl,
                      .lda = p->ld + 16,
                      .panels = 1,
                      .batch = solve_batch_size(ops->vl, p->ld),
                      .n_sums = p->explicit_loss && p->bias != NULL ? 2 : 1};
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
  s->shared = shape_of(p);
  if (!p->explicit_loss)
    TRY(dense_part(&s->shared));
  TRY(dual_create(&s->shared));
  if (p->method == SOLVE_SUBSPACE)
    s->shared.panels = subspace_panels(p->ld);
  if (p->seen != NULL && (p->seen_mean != NULL || s->shared.n_sums == 1) &&
      (p->method == SOLVE_CG || p->method == SOLVE_AUTO)) {
    TRY(MEM_ZALLOC(s->shared.near, CG_CLASSES, "a solver"));
  }
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
  for (int c = 0; s->shared.near != NULL && c < CG_CLASSES; c++)
    mem_free(s->shared.near[c]);
  mem_free(s->shared.near);
  dual_free(&s->shared);
  mem_free(s->work);
  mem_free(s->shared.dense);
  mem_free(s->shared.twisted);
  mem_free(s);
}

/* How a row of n interactions is solved: a function of n and k, so that results do not depend on ranks or threads. */
static solve_method method_of(const row_shared *s, off n) {
  bool held = n <= (off)s->panels * PANEL_ROWS;
  if (n == 0 || s->p.nonnegative)
    return SOLVE_CHOLESKY;
  if (s->p.method == SOLVE_SUBSPACE)
    return held ? SOLVE_SUBSPACE : SOLVE_CHOLESKY;
  if (s->near == NULL)
    return SOLVE_CHOLESKY;
  /* Fewer interactions than factors, and nothing else that all rows share: what is common to rows says little about
   * the directions that this one does not have, where only the ridge decides. */
  if (s->p.explicit_loss && n < s->p.k)
    return SOLVE_CHOLESKY;
  return s->p.method == SOLVE_CG || s->p.k >= 24 ? SOLVE_CG : SOLVE_CHOLESKY;
}

/* The preconditioners of all classes that the rows have. */
static status prepare_classes(solver *s, const csr *m, lid first, lid count) {
  int wanted[CG_CLASSES], n_wanted = 0;
  status st = OK;
  for (lid r = first; r < first + count; r++) {
    off n = m->ptr[r + 1] - m->ptr[r];
    if (method_of(&s->shared, n) != SOLVE_CG)
      continue;
    int c = cg_class(n);
    if (!s->tried[c]) {
      s->tried[c] = true;
      wanted[n_wanted++] = c;
    }
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
  for (int i = 0; i < n_wanted; i++) {
    status own = cg_prepare(&s->shared, &s->work[omp_get_thread_num()], wanted[i]);
#pragma omp critical(solve_prepare)
    st = own != OK ? own : st;
  }
  return st == OK ? OK : status_fail(st, "no memory for the preconditioners of the systems");
}

/* Rows that one thread solves in a row, and what that costs. */
typedef struct chunk {
  double cost;
  lid first, count;
} chunk;

static int by_cost(const void *a, const void *b) {
  const chunk *x = a, *y = b;
  return x->cost != y->cost ? (x->cost < y->cost ? 1 : -1) : (x->first > y->first) - (x->first < y->first);
}

static double row_cost(const half_problem *p, off n) {
  double k = p->k;
  return (double)n * (k * k + 8 * k) + k * k * k / 3 + 20 * k * k;
}

/* Contiguous chunks of about the same cost, the dearest first, so that no thread ends with a long one. */
static status make_chunks(const solver *s, const csr *m, lid first, lid count, chunk **out, int *n_chunks) {
  enum { CHUNKS_PER_THREAD = 64 };
  double total = 0;
  for (lid r = first; r < first + count; r++)
    total += row_cost(&s->shared.p, m->ptr[r + 1] - m->ptr[r]);
  int most = CHUNKS_PER_THREAD * s->threads;
  double target = total / most;
  status st = MEM_ALLOC(*out, most + 1, "a list of chunks");
  *n_chunks = 0;
  chunk c = {0, first, 0};
  for (lid r = first; st == OK && r < first + count; r++) {
    c.cost += row_cost(&s->shared.p, m->ptr[r + 1] - m->ptr[r]);
    c.count++;
    if ((c.cost >= target && *n_chunks < most) || r + 1 == first + count) {
      (*out)[(*n_chunks)++] = c;
      c = (chunk){0, r + 1, 0};
    }
  }
  if (st == OK)
    qsort(*out, (size_t)*n_chunks, sizeof **out, by_cost);
  return st;
}

/* What went wrong first, in the order of rows, over all threads: status_message() belongs to a thread. */
typedef struct failure {
  lid row;
  status st;
  char message[STATUS_MESSAGE_MAX];
} failure;

static void failure_note(failure *f, lid row, status st) {
#pragma omp critical(solve_failure)
  if (f->st == OK || row < f->row) {
    f->row = row;
    f->st = st;
    snprintf(f->message, sizeof f->message, "%s", status_message());
  }
}

/* Where the solutions of a call go. */
typedef struct output {
  real *x, *own_bias;
  double *row_loss;
  failure *failed;
} output;

/* Those of one row; bias and loss may be NULL. */
typedef struct place {
  real *x, *bias;
  double *loss;
} place;

static place place_of(const row_shared *s, const output *to, lid r) {
  return (place){.x = to->x + r * s->p.ld,
                 .bias = to->own_bias != NULL ? to->own_bias + r : NULL,
                 .loss = to->row_loss != NULL ? to->row_loss + r : NULL};
}

/* Single precision has not done for row r: solves it in double precision. */
static void solve_double(const row_shared *s, row_work *w, const csr *m, lid r, const output *to) {
  off begin = m->ptr[r], end = m->ptr[r + 1];
  place at = place_of(s, to, r);
  status st = s->p.nonnegative
                  ? status_fail(INTERNAL, "its system of equations has no finite solution; a larger --lambda helps")
                  : solve_row_double(&s->p, m->col + begin, m->val + begin, end - begin, at.x, at.bias);
  if (st != OK)
    failure_note(to->failed, r, st);
  else if (at.loss != NULL)
    *at.loss = row_data_loss(s, w, m, begin, end, at.x, at.bias);
}

/* Solves the rows that wait in w. */
static void solve_queue(const row_shared *s, row_work *w, const csr *m, const output *to) {
  batch_layout l = row_layout(s);
  unsigned good = w->queued > 0 ? row_solve_queue(s, w, m, &l) : 0;
  for (int i = 0; i < w->queued; i++) {
    lid r = w->row[i];
    off begin = m->ptr[r], end = m->ptr[r + 1];
    place at = place_of(s, to, r);
    if ((good >> i & 1) == 0 || !row_take(s, w, i, end - begin, at.x, at.bias))
      solve_double(s, w, m, r, to);
    else if (at.loss != NULL && !row_loss_of(s, w, i, m, at.x, at.bias, at.loss))
      *at.loss = row_data_loss(s, w, m, begin, end, at.x, at.bias);
  }
  w->queued = 0;
}

/* Solves row r, or has it wait for others to be solved with. */
static void solve_light(const row_shared *s, row_work *w, const csr *m, lid r, const output *to) {
  off begin = m->ptr[r], end = m->ptr[r + 1];
  place at = place_of(s, to, r);
  if (begin == end) { /* nothing known: zero is the solution */
    for (off i = 0; i < s->p.ld; i++)
      at.x[i] = 0;
    if (at.bias != NULL)
      *at.bias = 0;
    if (at.loss != NULL)
      *at.loss = 0;
    return;
  }
  solve_method method = method_of(s, end - begin);
  if (method == SOLVE_CG && row_cg(s, w, m, begin, end, at.x, at.bias, at.loss))
    return;
  if (method == SOLVE_SUBSPACE) {
    solve_queue(s, w, m, to); /* both use the batch's first place */
    if (row_subspace(s, w, m, begin, end, at.x, at.bias, at.loss))
      return;
  }
  row_normal(s, w, w->queued, m, begin, end);
  if (s->p.nonnegative) {
    if (!row_finish(s, w, end - begin, at.x, at.bias))
      solve_double(s, w, m, r, to);
    else if (at.loss != NULL)
      *at.loss = row_data_loss(s, w, m, begin, end, at.x, at.bias);
    return;
  }
  w->row[w->queued] = r;
  w->totals[w->queued++] = w->total;
  if (w->queued == s->batch)
    solve_queue(s, w, m, to);
}

/* Solves the rows that wait in w with their dual systems. */
static void solve_dual_queue(const row_shared *s, row_work *w, const csr *m, int blocks, const output *to) {
  batch_layout l = dual_layout(s, blocks);
  unsigned good = w->queued > 0 ? row_solve_queue(s, w, m, &l) : 0;
  for (int i = 0; i < w->queued; i++) {
    place at = place_of(s, to, w->row[i]);
    if ((good >> i & 1) == 0 || !dual_take(s, w, m, i, at.x, at.bias, at.loss))
      solve_double(s, w, m, w->row[i], to);
  }
  w->queued = 0;
}

/* Solves the `left` rows of a chunk that are short and not heavy, those of one length after another. */
static void solve_short(const row_shared *s, row_work *w, const csr *m, const heavy_rows *heavy, chunk c, lid left,
                        const output *to) {
  for (int blocks = 1; left > 0; blocks++) {
    lid held = -1; /* until it is known which row follows */
    for (lid r = c.first; r < c.first + c.count; r++) {
      off n = m->ptr[r + 1] - m->ptr[r];
      if (dual_blocks(s, n) != blocks || !dual_suits(s, n) || (heavy != NULL && row_contains(heavy->row, heavy->n, r)))
        continue;
      left--;
      if (held >= 0)
        dual_add(s, w, m, held, r);
      held = r;
      if (w->queued == dual_batch(s, blocks))
        solve_dual_queue(s, w, m, blocks, to);
    }
    if (held >= 0)
      dual_add(s, w, m, held, held);
    solve_dual_queue(s, w, m, blocks, to);
  }
}

static int heavy_from(const heavy_rows *heavy, lid row) {
  int h = 0;
  while (heavy != NULL && h < heavy->n && heavy->row[h] < row)
    h++;
  return h;
}

/* Rows that are solved before the others, ascending. */
typedef struct early_rows {
  lid n;
  lid *row;
} early_rows;

/* Solves the long rows of cg together where that pays. */
static status solve_early(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count, const output *to,
                          early_rows *e) {
  if (s->shared.near == NULL || !cg_long_pays(&s->shared, m, first, count))
    return OK;
  status st = OK;
  int h = heavy_from(heavy, first);
  off most = (m->ptr[first + count] - m->ptr[first]) / cg_longest_short(&s->shared) + 1;
  bool *solved = NULL;
  TRY(MEM_ALLOC(e->row, most, "a list of long rows"));
  TRY(MEM_ALLOC(solved, most, "a list of long rows"));
  for (lid r = first; r < first + count; r++) {
    off n = m->ptr[r + 1] - m->ptr[r];
    if (heavy != NULL && h < heavy->n && heavy->row[h] == r)
      h++;
    else if (n > cg_longest_short(&s->shared) && method_of(&s->shared, n) == SOLVE_CG &&
             s->shared.near[cg_class(n)] != NULL)
      e->row[e->n++] = r;
  }
  TRY(cg_long_rows(&s->shared, s->work, s->threads, m, e->row, e->n, to->x, to->own_bias, to->row_loss, solved));
  lid kept = 0;
  for (lid i = 0; i < e->n; i++)
    if (solved[i])
      e->row[kept++] = e->row[i];
  e->n = kept;
done:
  mem_free(solved);
  return st;
}

static status light_rows(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count, const output *to) {
  chunk *chunks = NULL;
  int n_chunks;
  early_rows early = {0};
  status st = OK;
  TRY(prepare_classes(s, m, first, count));
  TRY(solve_early(s, m, heavy, first, count, to, &early));
  TRY(make_chunks(s, m, first, count, &chunks, &n_chunks));
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
  for (int i = 0; i < n_chunks; i++) {
    row_work *w = &s->work[omp_get_thread_num()];
    chunk c = chunks[i];
    int h = heavy_from(heavy, c.first);
    lid n_short = 0;
    for (lid r = c.first; r < c.first + c.count; r++) {
      if (heavy != NULL && h < heavy->n && heavy->row[h] == r) {
        h++;
        continue;
      }
      if (dual_suits(&s->shared, m->ptr[r + 1] - m->ptr[r]))
        n_short++;
      else if (!row_contains(early.row, early.n, r))
        solve_light(&s->shared, w, m, r, to);
    }
    solve_queue(&s->shared, w, m, to);
    solve_short(&s->shared, w, m, heavy, c, n_short, to);
  }
done:
  mem_free(chunks);
  mem_free(early.row);
  return st;
}

off solver_sums_size(const solver *s) {
  return heavy_size(&s->shared);
}

off solver_sums_size_for(int k, bool biases) {
  static const real some_bias = 0;
  half_problem p = {.k = k, .ld = (k + 15) / 16 * 16, .explicit_loss = biases, .bias = biases ? &some_bias : NULL};
  row_shared shape = shape_of(&p);
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
    return status_fail(INTERNAL, "its system of equations has no finite solution; a larger --lambda helps");
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

/* One heavy row that lies here as a whole. sum (heavy_size) and segment_loss (its segments) are work space. */
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

static status heavy_in_range(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count, const output *to) {
  status st = OK;
  int64_t *sum = NULL;
  double *segment_loss = NULL;
  TRY(MEM_ALLOC(sum, heavy_size(&s->shared), "the sums of a heavy row"));
  TRY(MEM_ALLOC(segment_loss, heavy->first_cut[heavy->n], "the sums of a heavy row"));
  for (lid h = heavy_from(heavy, first); h < heavy->n && heavy->row[h] < first + count; h++) {
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

status solver_rows(solver *s, const csr *m, const heavy_rows *heavy, lid first, lid count, real *x, real *own_bias,
                   double *row_loss) {
  failure failed = {.st = OK};
  output to = {x, s->shared.n_sums == 1 ? NULL : own_bias, row_loss, &failed};
  if (heavy != NULL && heavy->n > 0) {
    status st = heavy_in_range(s, m, heavy, first, count, &to);
    if (st != OK)
      return st;
  }
  status st = light_rows(s, m, heavy, first, count, &to);
  if (st == OK && failed.st != OK)
    return status_fail(failed.st, "row %d (%lld interactions): %s", (int)failed.row,
                       (long long)(m->ptr[failed.row + 1] - m->ptr[failed.row]), failed.message);
  return st;
}
