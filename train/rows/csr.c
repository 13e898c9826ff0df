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
  *m = (csr){0};
}

void heavy_rows_free(heavy_rows *h) {
  mem_free(h->row);
  mem_free(h->first_cut);
  mem_free(h->cut);
  *h = (heavy_rows){0};
}
