#include "io/matrix/matrix_npz.h"

#include "io/base/mem.h"
#include "io/matrix/npz.h"

#include <stdio.h>
#include <string.h>

enum { BOUNDS = 1 << 12 /* of indptr, read at once */, LISTED = 512 };

/* ---- finding ---- */

static status find_format(const char *path, char *format, size_t room) {
  status st = OK;
  npz_array *a = NULL;
  char list[LISTED];
  TRY(npz_list(path, list, sizeof list));
  if (!npz_has(list, "format"))
    TRY(status_fail(
        BAD_DATA,
        "%s holds the arrays %s, not a sparse matrix of SciPy; save one: scipy.sparse.save_npz(\"FILE.npz\","
        " scipy.sparse.csr_matrix(ARRAY))",
        path, list));
  TRY(npz_open(path, "format", &a));
  TRY(npz_text(a, format, room));
  TRY(npz_finish(a));
  if (strcmp(format, "csr") != 0 && strcmp(format, "csc") != 0 && strcmp(format, "coo") != 0)
    TRY(status_fail(BAD_DATA,
                    "%s holds a sparse matrix in the format `%s`; palate reads csr, csc and coo; convert it: "
                    "scipy.sparse.save_npz(\"NEW.npz\", scipy.sparse.load_npz(\"%s\").tocsr())",
                    path, format, path));
  bool pairs = strcmp(format, "coo") == 0;
  static const char *const PARTS[2][4] = {{"data", "indices", "indptr", "shape"}, {"data", "row", "col", "shape"}};
  for (int i = 0; i < 4; i++)
    if (!npz_has(list, PARTS[pairs][i]))
      TRY(status_fail(BAD_DATA, "%s: a matrix in the format %s needs the array %s; there are %s", path, format,
                      PARTS[pairs][i], list));
done:
  npz_close(a);
  return st;
}

/* Finds the length of a vector; `whole`: of whole numbers. */
static status find_vector(const char *path, const char *name, bool whole, off *n) {
  npz_array *a = NULL;
  status st = npz_open(path, name, &a);
  if (st == OK) {
    const npy_header *h = npz_header(a);
    *n = h->count;
    if (h->n_dimensions != 1 || !(whole ? npy_is_whole(h) : npy_is_number(h)))
      st = status_fail(BAD_DATA, "%s: %s.npy in it is not a vector of %s", path, name,
                       whole ? "whole numbers" : "numbers");
  }
  npz_close(a);
  return st;
}

static status find_shape(const char *path, int64_t shape[2]) {
  status st = OK;
  npz_array *a = NULL;
  TRY(npz_open(path, "shape", &a));
  if (npz_header(a)->count != 2 || !npy_is_whole(npz_header(a)))
    TRY(status_fail(BAD_DATA, "%s: its shape is not of two whole numbers", path));
  TRY(npz_integers(a, 2, shape));
  TRY(npz_finish(a));
  if (shape[0] < 0 || shape[1] < 0)
    TRY(status_fail(BAD_DATA, "%s: its shape, %lld × %lld, is negative", path, (long long)shape[0],
                    (long long)shape[1]));
done:
  npz_close(a);
  return st;
}

status matrix_npz_find(const char *path, const matrix_wish *wish, matrix *out) {
  status st = OK;
  char format[8];
  int64_t shape[2];
  off n[3];
  *out = (matrix){0};
  if (wish->group != NULL)
    return status_fail(USAGE, "--group is for HDF5, and %s is a .npz, which holds one matrix", path);
  TRY(find_format(path, format, sizeof format));
  TRY(find_shape(path, shape));
  bool pairs = strcmp(format, "coo") == 0, csc = strcmp(format, "csc") == 0;
  TRY(find_vector(path, "data", false, &n[0]));
  TRY(find_vector(path, pairs ? "row" : "indices", true, &n[1]));
  TRY(find_vector(path, pairs ? "col" : "indptr", true, &n[2]));
  out->kind = pairs ? MATRIX_NPZ_PAIRS : MATRIX_NPZ;
  out->entries = n[0];
  out->major = csc ? shape[1] : shape[0];
  out->minor = csc ? shape[0] : shape[1];
  out->items_rows = wish->rows == 2;
  out->items_major = out->items_rows != csc;
  if (n[1] != n[0])
    TRY(status_fail(BAD_DATA, "%s: it has %lld values in data, but %lld in %s", path, (long long)n[0], (long long)n[1],
                    pairs ? "row" : "indices"));
  if (pairs ? n[2] != n[0] : n[2] - 1 != out->major)
    TRY(status_fail(BAD_DATA, "%s: %s has %lld values, which does not go with %s", path, pairs ? "col" : "indptr",
                    (long long)n[2], pairs ? "data" : "its shape"));
done:
  return st;
}

/* ---- reading ---- */

struct matrix_npz_reader {
  const char *path;
  const matrix *m;
  npz_array *data, *major, *minor; /* major: row or indptr; minor: col or indices */
  off at, end;
  bool last;
  /* indptr: */
  int64_t bound[BOUNDS];
  off n_bounds, next_bound; /* in the buffer */
  off row, row_end;         /* the current row, and the first entry after it */
};

/* The next value of indptr: where the row after r->row ends. */
static status next_row(matrix_npz_reader *r) {
  status st = OK;
  r->row++;
  if (r->row >= r->m->major)
    TRY(status_fail(BAD_DATA, "%s: indptr ends at %lld, but there are %lld entries", r->path, (long long)r->row_end,
                    (long long)r->m->entries));
  if (r->next_bound == r->n_bounds) {
    off left = r->m->major - r->row;
    r->n_bounds = left < BOUNDS ? left : BOUNDS;
    r->next_bound = 0;
    TRY(npz_integers(r->major, r->n_bounds, r->bound));
  }
  off end = r->bound[r->next_bound++];
  if (end < r->row_end || end > r->m->entries)
    TRY(status_fail(BAD_DATA, "%s: indptr is broken at row %lld: it must ascend from 0 to %lld", r->path,
                    (long long)r->row, (long long)r->m->entries));
  r->row_end = end;
done:
  return st;
}

status matrix_npz_open(const char *path, const matrix *m, int part, int parts, matrix_npz_reader **out) {
  status st = OK;
  int64_t first = 0;
  bool pairs = m->kind == MATRIX_NPZ_PAIRS;
  *out = NULL;
  TRY(mem_zalloc((void *)out, 1, sizeof **out, "reader of a matrix"));
  matrix_npz_reader *r = *out;
  *r = (matrix_npz_reader){.path = path, .m = m, .row = -1, .last = part == parts - 1};
  r->at = matrix_share(m->entries, parts, part);
  r->end = matrix_share(m->entries, parts, part + 1);
  if (r->at == r->end && !r->last)
    return OK;
  TRY(npz_open(path, "data", &r->data));
  TRY(npz_open(path, pairs ? "row" : "indptr", &r->major));
  TRY(npz_open(path, pairs ? "col" : "indices", &r->minor));
  TRY(npz_skip(r->data, r->at));
  TRY(npz_skip(r->minor, r->at));
  if (pairs)
    TRY(npz_skip(r->major, r->at));
  else
    TRY(npz_integers(r->major, 1, &first));
  if (first != 0)
    TRY(status_fail(BAD_DATA, "%s: indptr begins with %lld, not 0", path, (long long)first));
done:
  return st;
}

void matrix_npz_close(matrix_npz_reader *r) {
  if (r == NULL)
    return;
  npz_close(r->data);
  npz_close(r->major);
  npz_close(r->minor);
  mem_free(r);
}

/* The last part reads everything to its end: indptr must end where the entries do, and checksums are compared there. */
static status finish(matrix_npz_reader *r) {
  status st = OK;
  if (!r->last)
    return OK;
  r->last = false;
  if (r->m->kind == MATRIX_NPZ) {
    while (r->row + 1 < r->m->major)
      TRY(next_row(r));
    if (r->row_end != r->m->entries)
      TRY(status_fail(BAD_DATA, "%s: indptr ends at %lld, but there are %lld entries", r->path, (long long)r->row_end,
                      (long long)r->m->entries));
  }
  TRY(npz_finish(r->data));
  TRY(npz_finish(r->major));
  TRY(npz_finish(r->minor));
done:
  return st;
}

status matrix_npz_next(matrix_npz_reader *r, matrix_slab *slab) {
  status st = OK;
  off count = r->end - r->at < MATRIX_SLAB ? r->end - r->at : MATRIX_SLAB;
  slab->n = 0;
  if (count == 0)
    return finish(r);
  TRY(npz_reals(r->data, count, slab->value));
  TRY(npz_integers(r->minor, count, slab->minor));
  if (r->m->kind == MATRIX_NPZ_PAIRS)
    TRY(npz_integers(r->major, count, slab->major));
  else
    for (off i = 0; i < count; i++) {
      while (r->at + i >= r->row_end)
        TRY(next_row(r));
      slab->major[i] = r->row;
    }
  r->at += count;
  slab->n = count;
done:
  return st;
}
