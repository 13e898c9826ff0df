#include "eval/popular.h"

#include "io/mem.h"
#include "train/exact.h"
#include "train/row_sort.h"

#include <math.h>
#include <stdlib.h>

typedef struct by_count {
  int64_t count;
  lid item;
} by_count;

static int fall(const void *of_a, const void *of_b) {
  const by_count *a = of_a, *b = of_b;
  if (a->count != b->count)
    return a->count > b->count ? -1 : 1;
  return a->item < b->item ? -1 : 1;
}

static status order_items(popular *p) {
  status st = OK;
  by_count *all = NULL;
  TRY(MEM_ALLOC(all, p->n_items, "order of items"));
  for (lid i = 0; i < p->n_items; i++)
    all[i] = (by_count){p->count[i], i};
  qsort(all, (size_t)p->n_items, sizeof *all, fall);
  for (lid i = 0; i < p->n_items; i++)
    p->order[i] = all[i].item;
done:
  mem_free(all);
  return st;
}

/* Means from exact sums, so that they do not depend on who holds which user. */
static status find_means(comm *c, const csr *train, const uint8_t *skip, popular *p) {
  status st = OK;
  int64_t *sum = NULL, total = 0;
  double bound = 0;
  for (off e = 0; e < csr_nnz(train); e++)
    bound = fmax(bound, fabs((double)train->val[e]));
  comm_max_f64(c, &bound, 1);
  exact_scale scale = exact_scale_for(bound, p->pairs);
  st = MEM_ZALLOC(sum, p->n_items, "item means");
  TRY(comm_agree(c, st));
  for (lid u = 0; u < train->n_rows; u++)
    for (off e = train->ptr[u]; e < train->ptr[u + 1] && (skip == NULL || !skip[u]); e++)
      sum[train->col[e]] += exact_term(scale, train->val[e]);
  comm_sum_i64(c, sum, p->n_items);
  for (lid i = 0; i < p->n_items; i++)
    total += sum[i];
  p->overall = p->pairs > 0 ? exact_value(scale, total) / (double)p->pairs : 0;
  for (lid i = 0; i < p->n_items; i++)
    p->mean[i] = p->count[i] > 0 ? exact_value(scale, sum[i]) / (double)p->count[i] : p->overall;
done:
  mem_free(sum);
  return st;
}

status popular_make(comm *c, const csr *train, const uint8_t *skip, lid n_items, bool means, popular *out) {
  status st = OK;
  *out = (popular){.n_items = n_items};
  st = MEM_ZALLOC(out->count, n_items, "item counts");
  if (st == OK)
    st = MEM_ALLOC(out->order, n_items, "order of items");
  if (st == OK && means)
    st = MEM_ALLOC(out->mean, n_items, "item means");
  TRY(comm_agree(c, st));
  for (lid u = 0; u < train->n_rows; u++)
    for (off e = train->ptr[u]; e < train->ptr[u + 1] && (skip == NULL || !skip[u]); e++)
      out->count[train->col[e]]++;
  comm_sum_i64(c, out->count, n_items);
  for (lid i = 0; i < n_items; i++)
    out->pairs += out->count[i];
  TRY(comm_agree(c, order_items(out)));
  if (means)
    TRY(find_means(c, train, skip, out));
done:
  if (st != OK)
    popular_free(out);
  return st;
}

void popular_free(popular *p) {
  mem_free(p->count);
  mem_free(p->order);
  mem_free(p->mean);
  *p = (popular){0};
}

lid popular_list(const popular *p, const lid *seen, off n_seen, int most, lid *list) {
  lid n = 0;
  for (lid r = 0; r < p->n_items && n < most; r++)
    if (!row_contains(seen, n_seen, p->order[r]))
      list[n++] = p->order[r];
  return n;
}
