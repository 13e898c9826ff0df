#include "train/solve/light_rows.h"

#include "io/base/mem.h"
#include "train/cost/cost.h"
#include "train/rows/row_sort.h"
#include "train/solve/row/cholesky.h"
#include "train/solve/row/double_row.h"
#include "train/solve/row/dual.h"

#include <omp.h>
#include <stdlib.h>

/* Consecutive rows that one thread solves, and their cost. */
typedef struct chunk {
  double cost;
  lid first, count;
} chunk;

static int by_cost(const void *a, const void *b) {
  const chunk *x = a, *y = b;
  return x->cost != y->cost ? (x->cost < y->cost ? 1 : -1) : (x->first > y->first) - (x->first < y->first);
}

/* Contiguous chunks of about the same cost, the most expensive first, so that no thread ends with a long one. */
static status make_chunks(const row_shared *s, int threads, const csr *m, lid first, lid count, chunk **out,
                          int *n_chunks) {
  enum { CHUNKS_PER_THREAD = 64 };
  double total = 0;
  for (lid r = first; r < first + count; r++)
    total += (double)cost_of_row(m->ptr[r + 1] - m->ptr[r], s->p.k);
  int most = CHUNKS_PER_THREAD * threads;
  double target = total / most;
  status st = MEM_ALLOC(*out, most + 1, "a list of chunks");
  *n_chunks = 0;
  chunk c = {0, first, 0};
  for (lid r = first; st == OK && r < first + count; r++) {
    c.cost += (double)cost_of_row(m->ptr[r + 1] - m->ptr[r], s->p.k);
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

/* Solves row r in double precision, after single precision was not accurate enough. */
static void solve_double(const row_shared *s, row_work *w, const csr *m, lid r, const output *to) {
  off begin = m->ptr[r], end = m->ptr[r + 1];
  place at = place_of(s, to, r);
  status st = s->p.nonnegative ? status_fail(INTERNAL, "its system of equations has no finite solution; raise --lambda")
                               : solve_row_double(&s->p, m->col + begin, m->val + begin, end - begin, at.x, at.bias);
  if (st != OK)
    failure_note(to->failed, r, st);
  else if (at.loss != NULL)
    *at.loss = row_data_loss(s, w, m, begin, end, at.x, at.bias);
}

/* Solves the rows in w's queue. */
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

/* Solves row r, or adds it to the queue. */
static void solve_light(const row_shared *s, row_work *w, const csr *m, lid r, const output *to) {
  off begin = m->ptr[r], end = m->ptr[r + 1];
  place at = place_of(s, to, r);
  if (begin == end) { /* no interactions: the solution is zero */
    for (off i = 0; i < s->p.ld; i++)
      at.x[i] = 0;
    if (at.bias != NULL)
      *at.bias = 0;
    if (at.loss != NULL)
      *at.loss = 0;
    return;
  }
  if (row_method_suits(s, end - begin)) {
    if (s->method->uses_batch)
      solve_queue(s, w, m, to);
    if (s->method->solve(s, w, m, begin, end, at.x, at.bias, at.loss))
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

/* Solves the rows in w's queue by their dual systems. */
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

/* Solves the `left` rows of a chunk that are short and not heavy, sorted by length. */
static void solve_short(const row_shared *s, row_work *w, const csr *m, const heavy_rows *heavy, chunk c, lid left,
                        const output *to) {
  for (int blocks = 1; left > 0; blocks++) {
    lid held = -1; /* until the next row is known */
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

status light_rows(const row_shared *s, row_work *work, int threads, const csr *m, const heavy_rows *heavy, lid first,
                  lid count, const output *to) {
  chunk *chunks = NULL;
  int n_chunks;
  early_rows early = {0};
  status st = OK;
  if (s->method->prepare != NULL)
    TRY(s->method->prepare(s, work, threads, m, first, count));
  if (s->method->solve_early != NULL)
    TRY(s->method->solve_early(s, work, threads, m, heavy, first, count, to, &early));
  TRY(make_chunks(s, threads, m, first, count, &chunks, &n_chunks));
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int i = 0; i < n_chunks; i++) {
    row_work *w = &work[omp_get_thread_num()];
    chunk c = chunks[i];
    lid h = heavy_rows_from(heavy, c.first);
    lid n_short = 0;
    for (lid r = c.first; r < c.first + c.count; r++) {
      if (heavy != NULL && h < heavy->n && heavy->row[h] == r) {
        h++;
        continue;
      }
      if (dual_suits(s, m->ptr[r + 1] - m->ptr[r]))
        n_short++;
      else if (!row_contains(early.row, early.n, r))
        solve_light(s, w, m, r, to);
    }
    solve_queue(s, w, m, to);
    solve_short(s, w, m, heavy, c, n_short, to);
  }
done:
  mem_free(chunks);
  mem_free(early.row);
  return st;
}
