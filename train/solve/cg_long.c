#include "train/solve/cg_long.h"

#include "io/base/mem.h"

#include <omp.h>

/* Bytes of the vectors of the rows that advance together; places between a visit and its prefetches. */
enum { STATE_BYTES = 4 << 20, DISTANCE = 32, LINE = 16 };

/* One more than the last column of rows first … first + count - 1. */
static off columns_of(const csr *m, lid first, lid count) {
  lid most = -1;
  for (lid r = first; r < first + count; r++) {
    off end = m->ptr[r + 1];
    if (end > m->ptr[r] && m->col[end - 1] > most)
      most = m->col[end - 1];
  }
  return (off)most + 1;
}

/* Whether it pays: the columns of the rows span more than the caches hold. */
static bool together_pays(const row_shared *s, const csr *m, lid first, lid count) {
  return columns_of(m, first, count) * s->p.ld * (off)sizeof(real) > 4 * cg_range_bytes(s);
}

typedef struct long_row {
  cg_row t;
  cg_pass pass;
  cg_sums sums;
  visit_rows rows;
  off at; /* places before it have been visited in this pass */
} long_row;

/* The first place of the row whose column is `end` or more, rounded up to whole vectors. */
static off places_below(const long_row *l, off vl, off end) {
  off low = l->at, high = l->t.n;
  while (low < high) {
    off middle = low + (high - low) / 2;
    if (l->rows.col[middle] < end)
      low = middle + 1;
    else
      high = middle;
  }
  low = (low + vl - 1) / vl * vl;
  return low < l->t.n ? low : l->t.n;
}

/* Prefetches the first rows of the fixed side that l will visit. */
static void fetch_first(const long_row *l) {
  off end = l->at + DISTANCE < l->t.n ? l->at + DISTANCE : l->t.n;
  for (off p = l->at; p < end; p++)
    for (off c = 0; c < l->rows.ld; c += LINE)
      __builtin_prefetch(l->rows.table + l->rows.col[p] * l->rows.ld + c, 0, 2);
}

/* A pass over the n rows whose numbers in l are `active`, range by range. */
static void pass_over(const row_shared *s, row_work *work, int threads, long_row *l, const lid *active, lid n,
                      off columns) {
  off width = cg_range_bytes(s) / (s->p.ld * (off)sizeof(real)) + 1;
#pragma omp parallel num_threads(threads)
  {
#pragma omp for schedule(static)
    for (lid i = 0; i < n; i++) {
      long_row *own = l + active[i];
      cg_pass_clear(s, &own->t, &own->sums);
      own->at = 0;
    }
    for (off end = width; end - width < columns; end += width) {
#pragma omp for schedule(dynamic, 4)
      for (lid i = 0; i < n; i++) {
        long_row *own = l + active[i];
        off to = places_below(own, s->ops->vl, end);
        if (i + 1 < n)
          fetch_first(l + active[i + 1]);
        if (to == own->at)
          continue;
        own->rows.known = to;
        cg_pass_visit(s, &own->t, own->pass, &own->rows, own->at, to, &own->sums);
        own->at = to;
      }
    }
#pragma omp for schedule(dynamic, 16)
    for (lid i = 0; i < n; i++) {
      long_row *own = l + active[i];
      own->pass = cg_pass_take(s, &work[omp_get_thread_num()], &own->t, own->pass, &own->sums);
    }
  }
}

/* Improves the n rows of m named in `rows`, each of which has a preconditioner. solved[i] is what row_cg would return
 * for rows[i]. */
static status long_rows(const row_shared *s, row_work *work, int threads, const csr *m, const lid *rows, lid n,
                        const output *to, bool *solved) {
  status st = OK;
  off ld = s->p.ld, columns = 0;
  lid group = (lid)(STATE_BYTES / (CG_VECTORS * ld * (off)sizeof(real) + (off)sizeof(long_row)));
  long_row *l = NULL;
  real *vectors = NULL;
  lid *active = NULL;
  group = n < group ? n : group;
  TRY(MEM_ALLOC(l, group, "long rows"));
  TRY(MEM_ALLOC(vectors, group * CG_VECTORS * ld, "long rows"));
  TRY(MEM_ALLOC(active, group, "long rows"));
  for (lid i = 0; i < n; i++) {
    off its = columns_of(m, rows[i], 1);
    columns = its > columns ? its : columns;
  }
  for (lid first = 0; first < n; first += group) {
    lid count = n - first < group ? n - first : group, left = count;
    for (lid i = 0; i < count; i++) {
      lid r = rows[first + i];
      off begin = m->ptr[r];
      place at = place_of(s, to, r);
      cg_begin(s, m->ptr[r + 1] - begin, at.x, at.bias != NULL ? *at.bias : 0, vectors + i * CG_VECTORS * ld, &l[i].t);
      l[i].pass = CG_RESIDUAL;
      l[i].rows = cg_interactions(s, m, begin);
      l[i].rows.distance = DISTANCE;
      active[i] = i;
    }
    while (left > 0) {
      pass_over(s, work, threads, l, active, left, columns);
      lid kept = 0;
      for (lid i = 0; i < left; i++)
        if (l[active[i]].pass != CG_DONE && l[active[i]].pass != CG_BROKEN)
          active[kept++] = active[i];
      left = kept;
    }
#pragma omp parallel for schedule(dynamic, 16) num_threads(threads)
    for (lid i = 0; i < count; i++) {
      lid r = rows[first + i];
      place at = place_of(s, to, r);
      solved[first + i] =
          cg_end(s, &work[omp_get_thread_num()], m, m->ptr[r], &l[i].t, l[i].pass, at.x, at.bias, at.loss);
    }
  }
done:
  mem_free(l);
  mem_free(vectors);
  mem_free(active);
  return st;
}

status cg_long_early(const row_shared *s, row_work *work, int threads, const csr *m, const heavy_rows *heavy, lid first,
                     lid count, const output *to, early_rows *early) {
  if (s->cg == NULL || !together_pays(s, m, first, count))
    return OK;
  status st = OK;
  lid h = heavy_rows_from(heavy, first);
  off most = (m->ptr[first + count] - m->ptr[first]) / cg_longest_short(s) + 1;
  bool *solved = NULL;
  TRY(MEM_ALLOC(early->row, most, "a list of long rows"));
  TRY(MEM_ALLOC(solved, most, "a list of long rows"));
  for (lid r = first; r < first + count; r++) {
    off n = m->ptr[r + 1] - m->ptr[r];
    if (heavy != NULL && h < heavy->n && heavy->row[h] == r)
      h++;
    else if (n > cg_longest_short(s) && row_method_suits(s, n) && s->cg->preconditioner[cg_class(n)] != NULL)
      early->row[early->n++] = r;
  }
  TRY(long_rows(s, work, threads, m, early->row, early->n, to, solved));
  lid kept = 0;
  for (lid i = 0; i < early->n; i++)
    if (solved[i])
      early->row[kept++] = early->row[i];
  early->n = kept;
done:
  mem_free(solved);
  return st;
}
