#include "train/plan/plan.h"

#include "io/base/mem.h"
#include "train/cost/cost.h"
#include "train/plan/plan_batches.h"

#include <stdlib.h>
#include <string.h>

/* Loads one rank's users: the pairs that als_create() trains on. */
static status load_share(comm *c, dataset *d, const part *users, int rank, duplicates merge, mark_events *mark,
                         const void *rule, bool explicit_loss, csr *out) {
  gid ends[2] = {users->first[rank], users->first[rank + 1]};
  part share = {.n = users->n, .size = 1, .first = ends};
  status st = interactions_load(c, d, &share, merge, mark, rule, NULL, out, NULL);
  if (st == OK && !explicit_loss)
    csr_drop_zeros(out);
  return st;
}

/* Rows sent from one rank to another, for counting messages. */
typedef struct routes {
  off *direct; /* from the owner, by receiver, from rank `first` on */
  int first;
  off *passed; /* (ranks, ranks of a node): from a carrier, by receiver */
} routes;

/* Row `row` of rank `owner` is needed by n ranks of one node, ascending: counts who sends it to whom, as exchange.c and
 * carriers.c do, and adds it to the routes in *at (may be NULL). */
static void count_row(const plan_layout *l, gid row, int owner, const int *rank, int n, plan_rows *(*of)(plan_counts *),
                      plan_counts *counts, const routes *at) {
  int node = plan_node(l, rank[0]);
  for (int i = 0; i < n; i++)
    of(&counts[rank[i]])->got++;
  if (node == plan_node(l, owner)) {
    of(&counts[owner])->sent += n;
    for (int i = 0; at != NULL && i < n; i++)
      at->direct[rank[i] - at->first]++;
    return;
  }
  int carrier = rank[row / plan_ranks_on(l, node) % n];
  of(&counts[owner])->sent++;
  of(&counts[owner])->between++;
  of(&counts[carrier])->sent += n - 1;
  if (at == NULL)
    return;
  at->direct[carrier - at->first]++;
  for (int i = 0; i < n; i++)
    if (rank[i] != carrier)
      at->passed[carrier * l->ranks_per_node + rank[i] % l->ranks_per_node]++;
}

/* Messages from one rank to another for so many rows: the biases have their own. */
static double messages_of(const plan_layout *l, off rows) {
  return (double)(exchange_messages(rows, l->factors) + (l->explicit_loss ? exchange_messages(rows, 1) : 0));
}

/* Adds the messages for n cells of one sender, and clears them. */
static void send_rows(const plan_layout *l, off *rows, off n, plan_rows *sender) {
  for (off i = 0; i < n; i++) {
    sender->messages += messages_of(l, rows[i]);
    rows[i] = 0;
  }
}

static plan_rows *user_once(plan_counts *n) {
  return &n->user_once;
}
static plan_rows *user_halo(plan_counts *n) {
  return &n->user_halo;
}
static plan_rows *item_halo(plan_counts *n) {
  return &n->item_halo;
}

/* One of the two cuts of the items, and its counts. */
typedef struct way {
  const row_set *heavy; /* items whose pairs stay with the users; NULL: none */
  part items;
  plan_counts *counts;
  plan_batches batches; /* as counted: 1 if none fit */
  batch_needs needs[2]; /* with --memory */
  uint8_t *item_batch;  /* [items]: of BATCHES_MAX; with --memory */
  row_set *needed;      /* (ranks of a node, item batches): items that come from other ranks */
  off *direct;          /* (user batches, ranks) of one rank's users, or (ranks, ranks of a node) of one node's items */
  off *user_passed;     /* (user batches, ranks, ranks of a node) */
  off *item_passed;     /* (ranks, ranks of a node) */
} way;

/* An owner of one of a user's items, and the batch there. */
typedef struct call {
  int batch, owner;
} call;

static int by_batch(const void *of_a, const void *of_b) {
  const call *a = of_a, *b = of_b;
  return a->batch != b->batch ? (a->batch < b->batch ? -1 : 1) : (a->owner > b->owner) - (a->owner < b->owner);
}

/* Counts a user's row to the owners that need it, batch by batch and node by node. */
static void count_calls(const plan_layout *l, gid user, int rank, call *list, int n, int *ranks,
                        plan_rows *(*of)(plan_counts *), const way *w, bool routed) {
  for (int begin = 0, end; begin < n; begin = end) {
    for (end = begin; end < n && list[end].batch == list[begin].batch &&
                      plan_node(l, list[end].owner) == plan_node(l, list[begin].owner);
         end++)
      ranks[end - begin] = list[end].owner;
    off at = (off)list[begin].batch * l->ranks;
    routes r = {w->direct + at, 0, w->user_passed + at * l->ranks_per_node};
    count_row(l, user, rank, ranks, end - begin, of, w->counts, routed ? &r : NULL);
  }
}

/* Adds one rank's users to the counts of all ranks. list[ranks * batches] and ranks[ranks] are scratch. */
static void count_share(const plan_layout *l, const csr *m, int rank, gid first_user, way *w, call *list, int *ranks,
                        const uint8_t *user_batch) {
  int shift_users = BATCHES_MAX / w->batches.users, shift_items = BATCHES_MAX / w->batches.items;
  row_set *needed = w->needed + (size_t)(rank % l->ranks_per_node) * (size_t)w->batches.items;
  for (lid u = 0; u < m->n_rows; u++) {
    int n = 0;
    for (off i = m->ptr[u]; i < m->ptr[u + 1]; i++) {
      int owner = part_owner(&w->items, m->col[i]);
      if (owner != rank)
        row_set_add(&needed[user_batch != NULL ? user_batch[u] / shift_items : 0], m->col[i]);
      if (w->heavy != NULL && row_set_has(w->heavy, m->col[i]))
        continue;
      call one = {w->item_batch != NULL ? w->item_batch[m->col[i]] / shift_users : 0, owner};
      if (owner != rank && (n == 0 || list[n - 1].owner != owner || list[n - 1].batch != one.batch))
        list[n++] = one;
    }
    if (w->batches.users > 1)
      qsort(list, (size_t)n, sizeof *list, by_batch);
    count_calls(l, first_user + u, rank, list, n, ranks, user_halo, w, true);
    if (w->batches.users == 1)
      continue;
    int once = 0; /* the same in one batch */
    for (int i = 0; i < n; i++)
      list[i].batch = 0;
    qsort(list, (size_t)n, sizeof *list, by_batch);
    for (int i = 0; i < n; i++)
      if (once == 0 || list[once - 1].owner != list[i].owner)
        list[once++] = list[i];
    count_calls(l, first_user + u, rank, list, once, ranks, user_once, w, false);
  }
  send_rows(l, w->direct, (off)w->batches.users * l->ranks, &w->counts[rank].user_halo);
}

/* Counts the pairs of one rank's users, by the ranks that work on them. */
static void count_pairs(const csr *m, int rank, way *w) {
  for (off i = 0; i < csr_nnz(m); i++)
    if (w->heavy != NULL && row_set_has(w->heavy, m->col[i]))
      w->counts[rank].pairs_spread++;
    else
      w->counts[part_owner(&w->items, m->col[i])].pairs_by_item++;
  w->counts[rank].pairs_by_user = (double)csr_nnz(m);
  w->counts[rank].user_places = (double)m->room;
}

/* Counts what the batches of one rank's users, and of the owners of their items, need. */
static void count_needs(const csr *m, int rank, way *w, const uint8_t *user_batch, int16_t *last) {
  for (lid u = 0; u < m->n_rows; u++) {
    int owner = -1, before = -1;
    for (off i = m->ptr[u]; i < m->ptr[u + 1]; i++) {
      lid item = m->col[i];
      int to = part_owner(&w->items, item);
      if (to != rank && last[item] != user_batch[u])
        batch_needs_add(&w->needs[ITEMS], rank, last[item], user_batch[u]);
      last[item] = user_batch[u];
      if (to == rank || (w->heavy != NULL && row_set_has(w->heavy, item)))
        continue;
      before = to == owner ? before : -1;
      if (before != w->item_batch[item])
        batch_needs_add(&w->needs[USERS], to, before, w->item_batch[item]);
      owner = to;
      before = w->item_batch[item];
    }
  }
}

/* Counts the items that a node's ranks, from `first` on, need for one batch, and clears them. */
static void count_node(const plan_layout *l, int first, way *w, int batch, int *list) {
  int ranks = plan_ranks_on(l, plan_node(l, first)), each = w->batches.items;
  row_set *needed = w->needed + batch;
  for (off v = 0; v < needed[0].words; v++) {
    uint64_t any = 0;
    for (int r = 0; r < ranks; r++)
      any |= needed[r * each].bits[v];
    for (; any != 0; any &= any - 1) {
      gid row = v * 64 + __builtin_ctzll(any);
      int n = 0;
      for (int r = 0; r < ranks; r++)
        if (row_set_has(&needed[r * each], row))
          list[n++] = first + r;
      int owner = part_owner(&w->items, row);
      routes at = {w->direct + (off)owner * l->ranks_per_node, first, w->item_passed};
      count_row(l, row, owner, list, n, item_halo, w->counts, &at);
    }
    for (int r = 0; r < ranks; r++)
      needed[r * each].bits[v] = 0;
  }
  off mates = l->ranks_per_node;
  for (int r = 0; r < l->ranks; r++) {
    send_rows(l, w->direct + r * mates, mates, &w->counts[r].item_halo);
    send_rows(l, w->item_passed + r * mates, mates, &w->counts[r].item_halo);
  }
}

/* Rows below `end` that the i-th of n ranks of a node carries, if all of them need all rows. */
static double carried(gid end, int n, int i) {
  gid period = (gid)n * n, rest = end % period - (gid)n * i;
  return (double)(end / period * n + (rest < 0 ? 0 : rest < n ? rest : n));
}

/* Counts the rows of a side under replicate. */
static void count_whole(const plan_layout *l, const part *owners, int rank, plan_rows *out) {
  int node = plan_node(l, rank), begin = node * l->ranks_per_node, ranks = plan_ranks_on(l, node);
  gid first = owners->first[begin], end = owners->first[begin + ranks];
  double own = (double)part_count(owners, rank), others = plan_nodes(l) - 1;
  int i = rank - begin;
  double messages = messages_of(l, (off)own) * (ranks - 1);
  for (int q = 0; q < plan_nodes(l); q++)
    for (int p = 0, n = plan_ranks_on(l, q); q != node && p < n; p++)
      messages += messages_of(l, (off)(carried(owners->first[rank + 1], n, p) - carried(owners->first[rank], n, p)));
  double forwarded = carried(owners->n, ranks, i) - carried(end, ranks, i) + carried(first, ranks, i);
  *out = (plan_rows){.sent = own * (ranks - 1 + others) + forwarded * (ranks - 1),
                     .between = own * others,
                     .got = (double)owners->n - own,
                     .messages = messages + messages_of(l, (off)forwarded) * (ranks - 1)};
}

/* Counts who adds up the sums of heavy items for owners on other nodes, by the rule of train/als/heavy_reduce.c. */
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

/* The items' partition, whole or without the cost of heavy items' pairs. */
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

/* What does not depend on pairs under one partition of the items. */
static void count_ranges(plan_layout *l, const part *users, const part *items, plan_counts *counts) {
  for (int r = 0; r < l->ranks; r++) {
    counts[r].users = (double)part_count(users, r);
    counts[r].items = (double)part_count(items, r);
    count_whole(l, users, r, &counts[r].user_whole);
    count_whole(l, items, r, &counts[r].item_whole);
  }
}

static void way_free(way *w, const plan_layout *l) {
  part_free(&w->items);
  for (int s = 0; s < 2; s++)
    batch_needs_free(&w->needs[s]);
  mem_free(w->item_batch);
  for (int i = 0; w->needed != NULL && i < l->ranks_per_node * w->batches.items; i++)
    row_set_free(&w->needed[i]);
  mem_free(w->needed);
  mem_free(w->direct);
  mem_free(w->user_passed);
  mem_free(w->item_passed);
}

/* The state of counting one rank's users after another. */
typedef struct census {
  comm *c;
  dataset *d;
  duplicates merge;
  mark_events *mark;
  const void *rule;
  plan_layout *l;
  part users;
  off *count; /* [items] */
  way way[2];
  csr m; /* the current rank's users */
} census;

static status load(census *k, int rank) {
  csr_free(&k->m);
  return load_share(k->c, k->d, &k->users, rank, k->merge, k->mark, k->rule, k->l->explicit_loss, &k->m);
}

/* Finds the number of batches under both cuts. */
static status find_batches(census *k) {
  status st = OK;
  plan_layout *l = k->l;
  uint8_t *user_batch = NULL;
  int16_t *last = NULL;
  gid most = 0;
  for (int r = 0; r < l->ranks; r++)
    most = part_count(&k->users, r) > most ? part_count(&k->users, r) : most;
  TRY(MEM_ALLOC(user_batch, most, "the plan's batches"));
  TRY(MEM_ALLOC(last, l->items, "the plan's batches"));
  for (int i = 0; i < 2; i++) {
    way *w = &k->way[i];
    TRY(batch_needs_create(&w->needs[USERS], l->ranks));
    TRY(batch_needs_create(&w->needs[ITEMS], l->ranks));
    TRY(MEM_ALLOC(w->item_batch, l->items, "the plan's batches"));
    TRY(batches_of_items(&w->items, k->count, w->heavy, w->item_batch));
  }
  for (int r = 0; r < l->ranks; r++) {
    TRY(load(k, r));
    batches_of_rows(&k->m, user_batch);
    for (int i = 0; i < 2; i++) {
      for (gid item = 0; item < l->items; item++)
        last[item] = -1;
      count_pairs(&k->m, r, &k->way[i]);
      count_needs(&k->m, r, &k->way[i], user_batch, last);
    }
  }
  for (int i = 0; i < 2; i++) {
    way *w = &k->way[i];
    plan_batches *b = &l->batches[i];
    b->users = batches_choose(l, &w->needs[USERS], USERS, w->counts);
    b->items = batches_choose(l, &w->needs[ITEMS], ITEMS, w->counts);
    w->batches = (plan_batches){b->users > 0 ? b->users : 1, b->items > 0 ? b->items : 1};
  }
done:
  mem_free(user_batch);
  mem_free(last);
  return st;
}

/* Counts which rows go where, under both cuts. */
static status count_rows(census *k) {
  status st = OK;
  plan_layout *l = k->l;
  uint8_t *user_batch = NULL;
  call *list = NULL;
  int *ranks = NULL, most = 1;
  gid most_users = 0;
  for (int i = 0; i < 2; i++) {
    way *w = &k->way[i];
    most = w->batches.users > most ? w->batches.users : most;
    off each = w->batches.users > l->ranks_per_node ? w->batches.users : l->ranks_per_node;
    TRY(MEM_ZALLOC(w->direct, l->ranks * each, "the plan's counts"));
    TRY(MEM_ZALLOC(w->user_passed, (off)l->ranks * l->ranks_per_node * w->batches.users, "the plan's counts"));
    TRY(MEM_ZALLOC(w->item_passed, (off)l->ranks * l->ranks_per_node, "the plan's counts"));
    TRY(MEM_ZALLOC(w->needed, (off)l->ranks_per_node * w->batches.items, "the plan's counts"));
    for (int r = 0; r < l->ranks_per_node * w->batches.items; r++)
      TRY(row_set_create(&w->needed[r], l->items));
  }
  for (int r = 0; r < l->ranks; r++)
    most_users = part_count(&k->users, r) > most_users ? part_count(&k->users, r) : most_users;
  TRY(MEM_ALLOC(list, (off)l->ranks * most, "the plan's counts"));
  TRY(MEM_ALLOC(ranks, l->ranks, "the plan's counts"));
  TRY(MEM_ALLOC(user_batch, most_users, "the plan's counts"));
  for (int r = 0; r < l->ranks; r++) {
    TRY(load(k, r));
    batches_of_rows(&k->m, user_batch);
    for (int i = 0; i < 2; i++) {
      way *w = &k->way[i];
      if (l->memory == 0)
        count_pairs(&k->m, r, w);
      count_share(l, &k->m, r, k->users.first[r], w, list, ranks, user_batch);
      if (r + 1 == l->ranks || plan_node(l, r + 1) != plan_node(l, r))
        for (int b = 0; b < w->batches.items; b++)
          count_node(l, plan_node(l, r) * l->ranks_per_node, w, b, ranks);
    }
  }
  off mates = l->ranks_per_node;
  for (int i = 0; i < 2; i++)
    for (off n = 0; n < (off)k->way[i].batches.users * l->ranks; n++)
      send_rows(l, k->way[i].user_passed + n * mates, mates, &k->way[i].counts[n % l->ranks].user_halo);
done:
  mem_free(user_batch);
  mem_free(list);
  mem_free(ranks);
  return st;
}

status plan_count(comm *c, dataset *d, duplicates merge, mark_events *mark, const void *rule, const plan_settings *wish,
                  plan_layout *out) {
  status st = OK;
  row_set heavy = {0};
  gid n_items = dataset_items(d);
  census k = {.c = c, .d = d, .merge = merge, .mark = mark, .rule = rule, .l = out};
  *out = (plan_layout){.users = dataset_users(d),
                       .items = n_items,
                       .events = (double)dataset_events(d),
                       .times = dataset_has_time(d) && mark != NULL};
  TRY(plan_layout_alloc(out, wish));
  TRY(interactions_cut_users(c, d, wish->factors, wish->ranks, &k.users));
  TRY(MEM_ZALLOC(k.count, n_items, "item counts"));
  TRY(row_set_create(&heavy, n_items));
  for (int r = 0; r < wish->ranks; r++) {
    TRY(load(&k, r));
    for (off i = 0; i < csr_nnz(&k.m); i++)
      k.count[k.m.col[i]]++;
    for (lid u = 0; u < k.m.n_rows; u++)
      out->active_users += k.m.ptr[u + 1] > k.m.ptr[u];
    out->pairs += (double)csr_nnz(&k.m);
  }
  off threshold = wish->heavy_from > 0 ? wish->heavy_from : cost_heavy(out->users);
  for (gid i = 0; i < n_items; i++)
    out->active_items += k.count[i] > 0;
  for (gid i = 0; i < n_items; i++)
    if (k.count[i] >= threshold) {
      row_set_add(&heavy, i);
      out->heavy++;
    }
  row_set_count(&heavy);
  for (int i = 0; i < 2; i++) {
    way *w = &k.way[i];
    w->heavy = i == 1 ? &heavy : NULL;
    w->counts = i == 1 ? out->reduced : out->whole;
    w->batches = out->batches[i] = (plan_batches){1, 1};
    TRY(cut_items(c, k.count, n_items, wish->factors, w->heavy, wish->ranks, &w->items));
    count_ranges(out, &k.users, &w->items, w->counts);
  }
  count_heavy(out, &k.way[1].items, &heavy, out->reduced);
  if (wish->memory > 0)
    TRY(find_batches(&k));
  TRY(count_rows(&k));
  for (int i = 0; i < 2; i++)
    for (int r = 0; r < out->ranks; r++) {
      plan_counts *n = &k.way[i].counts[r];
      if (k.way[i].batches.users == 1)
        n->user_once = n->user_halo;
      if (wish->memory == 0) {
        n->user_table = n->user_halo.got;
        n->item_table = n->item_halo.got;
      }
    }
done:
  csr_free(&k.m);
  part_free(&k.users);
  for (int i = 0; i < 2; i++)
    way_free(&k.way[i], out);
  row_set_free(&heavy);
  mem_free(k.count);
  if (st != OK)
    plan_layout_free(out);
  return st;
}
