/* Reading a matrix from an HDF5 file, slab by slab. */
#include "io/matrix/matrix_h5.h"

#include "io/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct matrix_h5_reader {
  h5_file *f;
  const matrix *m;
  bool with_time;
  off at, end; /* entries of this part that are still to be read; dense: rows */
  /* sparse */
  char indptr[MATRIX_PATH], indices[MATRIX_PATH], data[MATRIX_PATH], time[MATRIX_PATH];
  off *bound;    /* [MATRIX_SLAB + 1] where rows begin: `had` rows from `from` on, and the end of the last */
  off from, had; /* had = 0: none yet */
  off row;       /* of the next entry */
  /* dense */
  real *cells;              /* rows first … of the matrix, … */
  off first, n_cells, cell; /* … how many cells, and the next one */
};

h5_file *matrix_h5_file(matrix_h5_reader *r) {
  return r->f;
}

void matrix_h5_close(matrix_h5_reader *r) {
  if (r == NULL)
    return;
  h5_close(r->f);
  mem_free(r->bound);
  mem_free(r->cells);
  mem_free(r);
}

/* ---- sparse ---- */

/* Finds the row that entry `at` belongs to: the last one that begins at or before it. */
static status row_of(h5_file *f, const char *indptr, off rows, off at, off *out) {
  off low = 0, high = rows - 1;
  while (low < high) {
    off middle = low + (high - low + 1) / 2, begin;
    status st = h5_read(f, indptr, H5_I64, middle, 1, &begin);
    if (st != OK)
      return st;
    if (begin <= at)
      low = middle;
    else
      high = middle - 1;
  }
  *out = low;
  return OK;
}

static status broken_at(const matrix_h5_reader *r, off row) {
  return status_fail(BAD_DATA, "%s: %s is broken at row %lld: it must ascend from 0 to %lld", h5_path(r->f), r->indptr,
                     (long long)row, (long long)r->m->entries);
}

/* Checks rows low … high of indptr, also those without entries. */
static status check_bounds(matrix_h5_reader *r, off low, off high) {
  status st = OK;
  off before = 0;
  for (off at = low; at <= high;) {
    off count = high + 1 - at < MATRIX_SLAB ? high + 1 - at : MATRIX_SLAB;
    TRY(h5_read(r->f, r->indptr, H5_I64, at, count, r->bound));
    for (off i = 0; i < count; i++) {
      if (r->bound[i] < before || r->bound[i] > r->m->entries)
        TRY(broken_at(r, at + i));
      before = r->bound[i];
    }
    at += count;
  }
done:
  return st;
}

static status open_sparse(matrix_h5_reader *r, int part, int parts) {
  status st = OK;
  const matrix *m = r->m;
  const char *path = h5_path(r->f);
  off ends[2];
  snprintf(r->indptr, sizeof r->indptr, "%.400s/indptr", m->group);
  snprintf(r->indices, sizeof r->indices, "%.400s/indices", m->group);
  snprintf(r->data, sizeof r->data, "%.400s/data", m->group);
  snprintf(r->time, sizeof r->time, "%.400s/time", m->group);
  r->at = matrix_share(m->entries, parts, part);
  r->end = matrix_share(m->entries, parts, part + 1);
  TRY(MEM_ALLOC(r->bound, MATRIX_SLAB + 1, "begins of rows"));
  TRY(h5_read(r->f, r->indptr, H5_I64, 0, 1, &ends[0]));
  TRY(h5_read(r->f, r->indptr, H5_I64, m->major, 1, &ends[1]));
  if (ends[0] != 0 || ends[1] != m->entries)
    TRY(status_fail(BAD_DATA, "%s: %s runs from %lld to %lld, but there are %lld entries", path, r->indptr,
                    (long long)ends[0], (long long)ends[1], (long long)m->entries));
  TRY(check_bounds(r, matrix_share(m->major, parts, part), matrix_share(m->major, parts, part + 1)));
  if (r->at < r->end)
    TRY(row_of(r->f, r->indptr, m->major, r->at, &r->row));
done:
  return st;
}

/* The rows of the next `count` entries. */
static status find_rows(matrix_h5_reader *r, off count, int64_t *row) {
  status st = OK;
  off rows = r->m->major, entries = r->m->entries;
  for (off i = 0; i < count;) {
    if (r->row >= r->from + r->had) {
      r->from = r->row;
      r->had = rows - r->row < MATRIX_SLAB ? rows - r->row : MATRIX_SLAB;
      if (r->had < 1)
        TRY(status_fail(BAD_DATA, "%s: %s is broken: entry %lld has no row", h5_path(r->f), r->indptr,
                        (long long)(r->at + i)));
      TRY(h5_read(r->f, r->indptr, H5_I64, r->from, r->had + 1, r->bound));
    }
    off low = r->bound[r->row - r->from], high = r->bound[r->row - r->from + 1];
    if (low < 0 || low > r->at + i || high < low || high > entries)
      TRY(broken_at(r, r->row));
    for (; i < count && r->at + i < high; i++)
      row[i] = r->row;
    if (i < count)
      r->row++;
  }
done:
  return st;
}

static status next_sparse(matrix_h5_reader *r, matrix_slab *slab) {
  status st = OK;
  off count = r->end - r->at < MATRIX_SLAB ? r->end - r->at : MATRIX_SLAB;
  slab->n = 0;
  if (count <= 0)
    return OK;
  TRY(h5_read(r->f, r->indices, H5_I64, r->at, count, slab->minor));
  TRY(h5_read(r->f, r->data, H5_F32, r->at, count, slab->value));
  if (r->with_time)
    TRY(h5_read(r->f, r->time, H5_I64, r->at, count, slab->time));
  TRY(find_rows(r, count, slab->major));
  r->at += count;
  slab->n = count;
done:
  return st;
}

/* ---- dense ---- */

static off rows_at_once(const matrix *m) {
  return m->minor > 0 && m->minor < MATRIX_SLAB ? MATRIX_SLAB / m->minor : 1;
}

static status open_dense(matrix_h5_reader *r, int part, int parts) {
  r->at = matrix_share(r->m->major, parts, part);
  r->end = matrix_share(r->m->major, parts, part + 1);
  if (r->at == r->end || r->m->minor == 0) {
    r->end = r->at;
    return OK;
  }
  return mem_alloc(&r->cells, rows_at_once(r->m) * r->m->minor, sizeof *r->cells, "rows of a dense matrix");
}

/* 0 is nothing. NaN is refused: some write it for nothing, and then 0 may be a value. */
static status next_dense(matrix_h5_reader *r, matrix_slab *slab) {
  status st = OK;
  off columns = r->m->minor;
  slab->n = 0;
  while (slab->n < MATRIX_SLAB) {
    if (r->cell == r->n_cells) {
      off rows = r->end - r->at < rows_at_once(r->m) ? r->end - r->at : rows_at_once(r->m);
      if (rows == 0)
        break;
      TRY(h5_read(r->f, r->m->group, H5_F32, r->at, rows, r->cells));
      r->first = r->at;
      r->at += rows;
      r->cell = 0;
      r->n_cells = rows * columns;
    }
    for (; r->cell < r->n_cells && slab->n < MATRIX_SLAB; r->cell++) {
      real value = r->cells[r->cell];
      if (value == 0)
        continue;
      slab->major[slab->n] = r->first + r->cell / columns;
      slab->minor[slab->n] = r->cell % columns;
      if (!isfinite(value))
        TRY(status_fail(BAD_DATA,
                        "%s: %s holds %s in row %lld, column %lld (from 0); write 0 where there is nothing, and store "
                        "the matrix again",
                        h5_path(r->f), r->m->group, isnan(value) ? "NaN" : "an infinite number",
                        (long long)slab->major[slab->n], (long long)slab->minor[slab->n]));
      slab->value[slab->n++] = value;
    }
  }
done:
  return st;
}

/* ---- both ---- */

status matrix_h5_open(const char *path, const matrix *m, bool with_time, int part, int parts, matrix_h5_reader **out) {
  status st = OK;
  *out = NULL;
  TRY(mem_zalloc((void *)out, 1, sizeof **out, "reader of a matrix"));
  matrix_h5_reader *r = *out;
  r->m = m;
  r->with_time = with_time;
  TRY(h5_open(path, &r->f));
  TRY(m->kind == MATRIX_H5 ? open_sparse(r, part, parts) : open_dense(r, part, parts));
done:
  return st;
}

status matrix_h5_next(matrix_h5_reader *r, matrix_slab *slab) {
  return r->m->kind == MATRIX_H5 ? next_sparse(r, slab) : next_dense(r, slab);
}
