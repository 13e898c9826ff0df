#include "train/plan.h"

#include "io/mem.h"
#include "train/cost.h"
#include "train/row_set.h"

#include <string.h>

/* One rank's users, as if it were alone with them. */
static status load_share(comm *c, dataset *d, const part *users, int rank, duplicates merge, mark_events *mark,
                         const void *rule, csr *out) {
  gid ends[2] = {users->first[rank], users->first[rank + 1]};
  part share = {.n = users->n, .size = 1, .first = ends};
  return interactions_load(c, d, &share, merge, mark, rule, out, NULL);
}

/* What one rank's users add to the counts of all ranks under one partition of the items; pairs with heavy items stay
 * with the users where `heavy` is not NULL. */
static status count_share(const csr *m, int rank, const part *items, const row_set *heavy, plan_counts *counts) {
  row_set needed = {0};
  lid *seen = NULL;
  status st = OK;
  TRY(row_set_create(&needed, items->n));
  TRY(MEM_ZALLOC(seen, items->size, "the plan's counts"));
  for (lid u = 0; u < m->n_rows; u++)
    for (off i = m->ptr[u]; i < m->ptr[u + 1]; i++) {
      int owner = part_owner(items, m->col[i]);
      if (owner != rank)
        row_set_add(&needed, m->col[i]);
      if (heavy != NULL && row_set_has(heavy, m->col[i])) {
        counts[rank].pairs_spread++;
        continue;
      }
      counts[owner].pairs_by_item++;
      if (owner != rank && seen[owner] != u + 1) {
        seen[owner] = u + 1;
        counts[rank].user_rows_sent++;
        counts[owner].user_rows_got++;
      }
    }
  for (gid i = row_set_next(&needed, 0); i >= 0; i = row_set_next(&needed, i + 1)) {
    counts[rank].item_rows_got++;
    counts[part_owner(items, i)].item_rows_sent++;
  }
  counts[rank].pairs_by_user = (double)csr_nnz(m);
done:
  row_set_free(&needed);
  mem_free(seen);
  return st;
}

/* The items' partition, whole or with the heavy ones' pairs taken out of their cost. */
static status cut_items(comm *c, const off *count, gid n_items, int k, const row_set *heavy, int ranks, part *out) {
  part all = {0};
  int64_t *cost = NULL;
  status st = OK;
  TRY(part_equal(&all, n_items, 1));
  TRY(MEM_ALLOC(cost, n_items, "item costs"));
  for (gid i = 0; i < n_items; i++)
    cost[i] = cost_of_row(heavy != NULL && row_set_has(heavy, i) ? 0 : count[i], k);
  TRY(part_balanced(c, &all, cost, cost_granule(n_items), ranks, out));
done:
  part_free(&all);
  mem_free(cost);
  return st;
}

status plan_count(comm *c, dataset *d, duplicates merge, mark_events *mark, const void *rule, int factors,
                  bool explicit_loss, off heavy_from, int ranks, plan_layout *out) {
  status st = OK;
  part users = {0}, items[2] = {{0}, {0}};
  row_set heavy = {0};
  off *count = NULL;
  csr m = {0};
  gid n_users = dataset_users(d), n_items = dataset_items(d);
  *out = (plan_layout){.users = n_users,
                       .items = n_items,
                       .events = (double)dataset_events(d),
                       .factors = factors,
                       .explicit_loss = explicit_loss,
                       .times = dataset_has_time(d) && mark != NULL};
  TRY(plan_layout_alloc(out, ranks));
  TRY(interactions_cut_users(c, d, factors, ranks, &users));
  TRY(MEM_ZALLOC(count, n_items, "item counts"));
  TRY(row_set_create(&heavy, n_items));
  for (int r = 0; r < ranks; r++) {
    TRY(load_share(c, d, &users, r, merge, mark, rule, &m));
    for (off i = 0; i < csr_nnz(&m); i++)
      count[m.col[i]]++;
    out->pairs += (double)csr_nnz(&m);
    csr_free(&m);
  }
  off threshold = heavy_from > 0 ? heavy_from : cost_heavy(n_users);
  for (gid i = 0; i < n_items; i++)
    if (count[i] >= threshold) {
      row_set_add(&heavy, i);
      out->heavy++;
    }
  for (int spread = 0; spread < 2; spread++)
    TRY(cut_items(c, count, n_items, factors, spread ? &heavy : NULL, ranks, &items[spread]));
  for (int spread = 0; spread < 2; spread++)
    for (int r = 0; r < ranks; r++) {
      plan_counts *n = spread ? &out->spread[r] : &out->whole[r];
      n->users = (double)part_count(&users, r);
      n->items = (double)part_count(&items[spread], r);
      for (gid i = row_set_next(&heavy, items[spread].first[r]); spread && i >= 0 && i < items[spread].first[r + 1];
           i = row_set_next(&heavy, i + 1))
        n->heavy_owned++;
    }
  for (int r = 0; r < ranks; r++) {
    TRY(load_share(c, d, &users, r, merge, mark, rule, &m));
    TRY(count_share(&m, r, &items[0], NULL, out->whole));
    TRY(count_share(&m, r, &items[1], &heavy, out->spread));
    csr_free(&m);
  }
done:
  csr_free(&m);
  part_free(&users);
  part_free(&items[0]);
  part_free(&items[1]);
  row_set_free(&heavy);
  mem_free(count);
  if (st != OK)
    plan_layout_free(out);
  return st;
}
