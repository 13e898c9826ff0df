#include "train/rows/csr.h"

#include "io/base/mem.h"

status csr_alloc(csr *m, lid n_rows, off nnz, const char *what) {
  status st = OK;
  *m = (csr){.n_rows = n_rows, .room = nnz};
  TRY(MEM_ZALLOC(m->ptr, (off)n_rows + 1, what));
  TRY(MEM_ALLOC(m->col, nnz, what));
  TRY(MEM_ALLOC(m->val, nnz, what));
done:
  if (st != OK)
    csr_free(m);
  return st;
}

void csr_free(csr *m) {
  mem_free(m->ptr);
  mem_free(m->col);
  mem_free(m->val);
  mem_free(m->weight);
  *m = (csr){0};
}

off csr_drop_zeros(csr *m) {
  off kept = 0, all = csr_nnz(m), e = 0;
  for (lid r = 0; r < m->n_rows; r++) {
    for (; e < m->ptr[r + 1]; e++)
      if (m->val[e] != 0) {
        if (m->weight != NULL)
          m->weight[kept] = m->weight[e];
        m->col[kept] = m->col[e];
        m->val[kept++] = m->val[e];
      }
    m->ptr[r + 1] = kept;
  }
  return all - kept;
}

status csr_copy_likes(const csr *m, csr *out) {
  off n = 0;
  for (off e = 0; e < csr_nnz(m); e++)
    n += m->val[e] > 0;
  status st = csr_alloc(out, m->n_rows, n, "likes");
  if (st != OK)
    return st;
  n = 0;
  for (lid r = 0; r < m->n_rows; r++) {
    for (off e = m->ptr[r]; e < m->ptr[r + 1]; e++)
      if (m->val[e] > 0) {
        out->col[n] = m->col[e];
        out->val[n++] = m->val[e];
      }
    out->ptr[r + 1] = n;
  }
  return OK;
}

void heavy_rows_free(heavy_rows *h) {
  mem_free(h->row);
  mem_free(h->first_cut);
  mem_free(h->cut);
  *h = (heavy_rows){0};
}
