#include "train/exchange/heavy_list.h"

#include "io/base/mem.h"

typedef struct heavy_entry {
  lid row;
  off count;
} heavy_entry;

static status list_alloc(heavy_list *l, off n, gid n_rows) {
  status st = OK;
  TRY(MEM_ALLOC(l->row, n, "heavy rows"));
  TRY(MEM_ALLOC(l->count, n, "heavy rows"));
  TRY(row_set_create(&l->rows, n_rows));
done:
  return st;
}

status heavy_list_create(comm *c, const part *begin, const off *counts, off threshold, heavy_list *out) {
  heavy_entry *mine = NULL, *all = NULL;
  off *shares = NULL;
  gid first = begin->first[c->rank], n_rows = part_count(begin, c->rank);
  off n = 0, total = 0;
  *out = (heavy_list){0};
  for (gid i = 0; i < n_rows; i++)
    n += counts[i] >= threshold;
  status st = MEM_ALLOC(mine, n, "heavy rows");
  if (st == OK)
    st = MEM_ALLOC(shares, c->size, "heavy rows");
  TRY(comm_agree(c, st));
  n = 0;
  for (gid i = 0; i < n_rows; i++)
    if (counts[i] >= threshold)
      mine[n++] = (heavy_entry){(lid)(first + i), counts[i]};
  comm_gather_i64(c, n, shares);
  for (int r = 0; r < c->size; r++)
    total += shares[r];
  st = MEM_ALLOC(all, total, "heavy rows");
  if (st == OK)
    st = list_alloc(out, total, begin->n);
  TRY(comm_agree(c, st));
  comm_share_rows(c, mine, all, shares, sizeof *all);
  out->n = (lid)total;
  for (off i = 0; i < total; i++) {
    out->row[i] = all[i].row;
    out->count[i] = all[i].count;
    row_set_add(&out->rows, all[i].row);
  }
  row_set_count(&out->rows);
done:
  mem_free(mine);
  mem_free(all);
  mem_free(shares);
  if (st != OK)
    heavy_list_free(out);
  return st;
}

void heavy_list_free(heavy_list *l) {
  mem_free(l->row);
  mem_free(l->count);
  row_set_free(&l->rows);
  *l = (heavy_list){0};
}
