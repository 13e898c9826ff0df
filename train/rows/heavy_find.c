#include "train/rows/heavy_find.h"

#include "io/base/mem.h"

/* Visits the segment ends of row r and writes them to cut unless it is NULL. Returns their number. */
static off cut_row(const csr *m, lid r, gid granule, gid first_column, off *cut) {
  off n = 0;
  for (off i = m->ptr[r]; i < m->ptr[r + 1]; i++)
    if (i == m->ptr[r] || (first_column + m->col[i]) / granule != (first_column + m->col[i - 1]) / granule) {
      if (cut != NULL)
        cut[n] = i;
      n++;
    }
  if (cut != NULL)
    cut[n] = m->ptr[r + 1];
  return n + 1;
}

status heavy_find(const csr *m, off threshold, gid granule, gid first_column, heavy_rows *out) {
  status st = OK;
  *out = (heavy_rows){0};
  lid n = 0;
  for (lid r = 0; r < m->n_rows; r++)
    n += m->ptr[r + 1] - m->ptr[r] >= threshold;
  TRY(MEM_ALLOC(out->row, n, "heavy rows"));
  TRY(MEM_ALLOC(out->first_cut, (off)n + 1, "heavy rows"));
  out->first_cut[0] = 0;
  for (lid r = 0; r < m->n_rows; r++)
    if (m->ptr[r + 1] - m->ptr[r] >= threshold) {
      out->row[out->n] = r;
      out->first_cut[out->n + 1] = out->first_cut[out->n] + cut_row(m, r, granule, first_column, NULL);
      out->n++;
    }
  TRY(MEM_ALLOC(out->cut, out->first_cut[n], "segments of heavy rows"));
  for (lid h = 0; h < n; h++)
    cut_row(m, out->row[h], granule, first_column, out->cut + out->first_cut[h]);
done:
  if (st != OK)
    heavy_rows_free(out);
  return st;
}
