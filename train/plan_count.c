#include "train/plan.h"

#include "io/mem.h"
#include "train/cost.h"
#include "train/row_set.h"

/* One rank's users, as if it were alone with them. */
static status load_share(comm *c, dataset *d, const part *users, int rank, duplicates merge, mark_events *mark,
                         const void *rule, csr *out) {
  gid ends[2] = {users->first[rank], users->first[rank + 1]};
  part share = {.n = users->n, .size = 1, .first = ends};
  return interactions_load(c, d, &share, merge, mark, rule, out, NULL);
}

/* Row `row` of rank `owner` is needed by the n ranks of one node, ascending: counts who sends it to whom, as
 * exchange.c and carriers.c have it. */
static void count_row(const plan_layout *l, gid row, int owner, const int *rank, int n, plan_rows *(*of)(plan_counts *),
                      plan_counts *counts) {
  int node = plan_node(l, rank[0]);
  for (int i = 0; i < n; i++)
    of(&counts[rank[i]])->got++;
  if (node == plan_node(l, owner)) {
    of(&counts[owner])->sent += n;
    return;
  }
  int carrier = rank[row / plan_ranks_on(l, node) % n];
  of(&counts[owner])->sent++;
  of(&counts[owner])->between++;
  of(&counts[carrier])->sent += n - 1;
}

static plan_rows *user_halo(plan_counts *n) {
  return &n->user_halo;
}
static plan_rows *item_halo(plan_counts *n) {
  return &n->item_halo;
}

/* What one rank's users add to the counts of all ranks under one partition of the items; pairs with heavy items stay
 * with the users where `heavy` is not NULL. `needed` gets the items of other ranks that they have. list[ranks] is
 * scratch. */
static void count_share(const plan_layout *l, const csr *m, int rank, gid first_user, const part *items,
                        const row_set *heavy, plan_counts *counts, row_set *needed, int *list) {
  for (lid u = 0; u < m->n_rows; u++) {
    int n = 0; /* owners of the user's items, ascending as they are; those of one node from `begin` on */
    for (off i = m->ptr[u]; i < m->ptr[u + 1]; i++) {
      int owner = part_owner(items, m->col[i]);
      if (owner != rank)
        row_set_add(needed, m->col[i]);
      if (heavy != NULL && row_set_has(heavy, m->col[i])) {
        counts[rank].pairs_spread++;
        continue;
      }
      counts[owner].pairs_by_item++;
      if (owner != rank && (n == 0 || list[n - 1] != owner))
        list[n++] = owner;
    }
    for (int begin = 0, end; begin < n; begin = end) {
      for (end = begin + 1; end < n && plan_node(l, list[end]) == plan_node(l, list[begin]); end++)
        continue;
      count_row(l, first_user + u, rank, list + begin, end - begin, user_halo, counts);
    }
  }
  counts[rank].pairs_by_user = (double)csr_nnz(m);
}

/* What a node's ranks, from `first` on, need of the items, and clears it. */
static void count_node(const plan_layout *l, int first, const part *items, row_set *needed, plan_counts *counts,
                       int *list) {
  int ranks = plan_ranks_on(l, plan_node(l, first));
  for (off w = 0; w < needed[0].words; w++) {
    uint64_t any = 0;
    for (int r = 0; r < ranks; r++)
      any |= needed[r].bits[w];
    for (; any != 0; any &= any - 1) {
      gid row = w * 64 + __builtin_ctzll(any);
      int n = 0;
      for (int r = 0; r < ranks; r++)
        if (row_set_has(&needed[r], row))
          list[n++] = first + r;
      count_row(l, row, part_owner(items, row), list, n, item_halo, counts);
    }
    for (int r = 0; r < ranks; r++)
      needed[r].bits[w] = 0;
  }
}

/* Rows below `end` that the i-th of n ranks of a node carries, where all of them need all rows. */
static double carried(gid end, int n, int i) {
  gid period = (gid)n * n, rest = end % period - (gid)n * i;
  return (double)(end / period * n + (rest < 0 ? 0 : rest < n ? rest : n));
}

/* Replicas of a side. */
static void count_whole(const plan_layout *l, const part *owners, int rank, plan_rows *out) {
  int node = plan_node(l, rank), begin = node * l->ranks_per_node, ranks = plan_ranks_on(l, node);
  gid first = owners->first[begin], end = owners->first[begin + ranks];
  double own = (double)part_count(owners, rank), others = plan_nodes(l) - 1;
  int i = rank - begin;
  double forwarded = carried(owners->n, ranks, i) - carried(end, ranks, i) + carried(first, ranks, i);
  *out = (plan_rows){.sent = own * (ranks - 1 + others) + forwarded * (ranks - 1),
                     .between = own * others,
                     .got = (double)owners->n - own};
}

/* Who adds up the sums of heavy items for owners on other nodes: spread.c's rule. */
static void count_heavy(const plan_layout *l, const part *items, const row_set *heavy, plan_counts *counts) {
  int h = 0;
  for (gid i = row_set_next(heavy, 0); i >= 0; i = row_set_next(heavy, i + 1), h++) {
    int owner = part_owner(items, i);
    counts[owner].heavy_owned++;
    for (int node = 0; node < plan_nodes(l); node++)
      if (node != plan_node(l, owner))
        counts[node * l->ranks_per_node + h % plan_ranks_on(l, node)].heavy_gathered++;
  }
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

/* Shares of one partition of the items: sizes, and what does not depend on pairs. */
static void count_ranges(plan_layout *l, const part *users, const part *items, plan_counts *counts) {
  for (int r = 0; r < l->ranks; r++) {
    counts[r].users = (double)part_count(users, r);
    counts[r].items = (double)part_count(items, r);
    count_whole(l, users, r, &counts[r].user_whole);
    count_whole(l, items, r, &counts[r].item_whole);
  }
}

status plan_count(comm *c, dataset *d, duplicates merge, mark_events *mark, const void *rule, int factors,
                  bool explicit_loss, off heavy_from, int ranks, int ranks_per_node, plan_layout *out) {
  status st = OK;
  part users = {0}, items[2] = {{0}, {0}};
  row_set heavy = {0}, *needed[2] = {NULL, NULL}; /* [ranks of a node] each */
  off *count = NULL;
  int *list = NULL;
  csr m = {0};
  gid n_users = dataset_users(d), n_items = dataset_items(d);
  *out = (plan_layout){.users = n_users,
                       .items = n_items,
                       .events = (double)dataset_events(d),
                       .factors = factors,
                       .explicit_loss = explicit_loss,
                       .times = dataset_has_time(d) && mark != NULL};
  TRY(plan_layout_alloc(out, ranks, ranks_per_node));
  TRY(interactions_cut_users(c, d, factors, ranks, &users));
  TRY(MEM_ZALLOC(count, n_items, "item counts"));
  TRY(MEM_ALLOC(list, ranks, "the plan's counts"));
  TRY(row_set_create(&heavy, n_items));
  for (int i = 0; i < 2; i++) {
    TRY(MEM_ZALLOC(needed[i], out->ranks_per_node, "the plan's counts"));
    for (int r = 0; r < out->ranks_per_node; r++)
      TRY(row_set_create(&needed[i][r], n_items));
  }
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
  for (int i = 0; i < 2; i++) {
    TRY(cut_items(c, count, n_items, factors, i == 1 ? &heavy : NULL, ranks, &items[i]));
    count_ranges(out, &users, &items[i], i == 1 ? out->spread : out->whole);
  }
  count_heavy(out, &items[1], &heavy, out->spread);
  for (int r = 0; r < ranks; r++) {
    TRY(load_share(c, d, &users, r, merge, mark, rule, &m));
    int place = r % out->ranks_per_node, node_first = r - place;
    bool last = r + 1 == ranks || place + 1 == out->ranks_per_node;
    for (int i = 0; i < 2; i++) {
      plan_counts *counts = i == 1 ? out->spread : out->whole;
      count_share(out, &m, r, users.first[r], &items[i], i == 1 ? &heavy : NULL, counts, &needed[i][place], list);
      if (last)
        count_node(out, node_first, &items[i], needed[i], counts, list);
    }
    csr_free(&m);
  }
done:
  csr_free(&m);
  part_free(&users);
  for (int i = 0; i < 2; i++) {
    part_free(&items[i]);
    for (int r = 0; needed[i] != NULL && r < out->ranks_per_node; r++)
      row_set_free(&needed[i][r]);
    mem_free(needed[i]);
  }
  row_set_free(&heavy);
  mem_free(count);
  mem_free(list);
  if (st != OK)
    plan_layout_free(out);
  return st;
}
