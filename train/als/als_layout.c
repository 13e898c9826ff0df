#include "train/als/als_private.h"

#include "io/base/mem.h"
#include "train/cost/cost.h"
#include "train/cost/memory_room.h"
#include "train/exchange/shuffle.h"
#include "train/rows/heavy_find.h"

#include <omp.h>

static off heavy_from(const als *a, gid n_columns) {
  return a->set.heavy > 0 ? a->set.heavy : cost_heavy(n_columns);
}

/* Cuts the items by cost and moves every interaction to its item's owner, but for the heavy items of `reduce`. */
status als_make_items(als *a, gid n_items, exchange_mode *mode, heavy_list *heavy) {
  comm *c = a->c;
  part even = {0}, whole = {0}, spread_out = {0};
  off *counts = NULL, *own = NULL;
  int64_t *cost = NULL;
  als_side *items = &a->sides[ITEMS], *users = &a->sides[USERS];
  status st = OK;
  TRY(comm_agree(c, part_equal(&even, n_items, c->size)));
  gid n = part_count(&even, c->rank);
  st = MEM_ALLOC(counts, n, "item counts");
  if (st == OK)
    st = MEM_ALLOC(cost, n, "item costs");
  TRY(comm_agree(c, st));
  TRY(shuffle_count(c, &users->m, &even, counts));
  for (gid i = 0; i < n; i++)
    a->active[ITEMS] += counts[i] > 0;
  TRY(heavy_list_create(c, &even, counts, heavy_from(a, users->part.n), heavy));
  /* Once with every row at its owner, once with the interactions of heavy rows left where they are. */
  for (int reduced = 0; reduced < 2; reduced++) {
    for (gid i = 0; i < n; i++) {
      bool away = reduced && row_set_has(&heavy->rows, even.first[c->rank] + i);
      cost[i] = cost_of_row(away ? 0 : counts[i], a->set.factors);
    }
    TRY(part_balanced(c, &even, cost, cost_granule(n_items), c->size, reduced ? &spread_out : &whole));
  }
  TRY(als_choose(a, &even, counts, &whole, &spread_out, heavy, mode));
  part *chosen = *mode == EXCHANGE_REDUCE ? &spread_out : &whole;
  items->part = *chosen;
  *chosen = (part){0};
  TRY(comm_agree(c, MEM_ALLOC(own, part_count(&items->part, c->rank), "item counts")));
  TRY(part_move(c, &even, &items->part, counts, own, sizeof *own));
  TRY(shuffle_transpose(c, &users->m, users->part.first[c->rank], &items->part, own,
                        *mode == EXCHANGE_REDUCE ? &heavy->rows : NULL, &items->m));
done:
  part_free(&even);
  part_free(&whole);
  part_free(&spread_out);
  mem_free(counts);
  mem_free(cost);
  mem_free(own);
  return st;
}

static off interactions_before(const void *m, lid r) {
  return ((const csr *)m)->ptr[r];
}

lid als_share_end(const csr *m, int share, int shares) {
  return room_share_end(interactions_before, m, m->n_rows, share, shares);
}

/* The most rows that one of so many batches of m needs from other ranks. Local. */
static status most_needed(als *a, const part *owners, const csr *m, int batches, int64_t *out) {
  status st = OK;
  *out = 0;
  for (int b = 0; b < batches && st == OK; b++) {
    off n = 0;
    lid first = als_share_end(m, b, batches);
    st = exchange_count(owners, a->c->rank, m, first, als_share_end(m, b + 1, batches) - first, &n);
    *out = n > *out ? n : *out;
  }
  return st;
}

/* The bytes that --memory leaves for rows from other ranks; the items' plans are made after the users'. */
static int64_t room_for_rows(const als *a, side s) {
  int rank = a->c->rank;
  room_terms t = {.memory = a->set.memory,
                  .factors = a->set.factors,
                  .threads = omp_get_max_threads(),
                  .users = part_count(&a->sides[USERS].part, rank),
                  .items = part_count(&a->sides[ITEMS].part, rank),
                  .user_places = a->sides[USERS].m.room,
                  .item_places = a->sides[ITEMS].m.room,
                  .heavy_reduce_places = a->heavy_reduce_pairs};
  return room_left(&t, s, a->sides[USERS].table_rows - t.users);
}

/* The fewest batches in which the rows from other ranks fit into the memory left for them. */
static status choose_batches(als *a, side s, const csr *m, exchange_mode mode, int *out) {
  const part *owners = &a->sides[s].part;
  int64_t least = 0;
  *out = 1;
  if (a->set.memory == 0 || a->c->size == 1 || mode == EXCHANGE_REPLICATE)
    return OK;
  for (int batches = 1; batches <= BATCHES_MAX; batches *= 2) {
    int64_t needed;
    status st = comm_agree(a->c, most_needed(a, owners, m, batches, &needed));
    if (st != OK)
      return st;
    int64_t bytes = room_needed(batches, needed, a->set.factors), too_much = bytes > room_for_rows(a, s);
    comm_max_i64(a->c, &too_much, 1);
    least = batches == 1 || bytes < least ? bytes : least;
    *out = batches;
    if (!too_much)
      return OK;
  }
  comm_max_i64(a->c, &least, 1);
  return status_fail(
      NO_MEMORY,
      "--memory %lld MB leaves too little for the %s' rows from other ranks (%.1f MB even in %d batches): use more "
      "ranks or raise it",
      (long long)(a->set.memory >> 20), s == USERS ? "users" : "items", (double)least / 1048576, BATCHES_MAX);
}

/* Makes the plans that bring side s's rows to the ranks that solve the other side, m; renumbers m's columns. */
static status make_side_plans(als *a, side s, exchange_mode mode, csr *m) {
  als_side *own = &a->sides[s];
  comm *c = a->c;
  int64_t needed = 0;
  int batches;
  status st = OK;
  if (mode == EXCHANGE_AUTO && a->set.memory > 0)
    mode = EXCHANGE_HALO; /* no unneeded row is held */
  TRY(choose_batches(a, s, m, mode, &batches));
  if (batches > 1) {
    mode = EXCHANGE_HALO;
    TRY(comm_agree(c, most_needed(a, &own->part, m, batches, &needed)));
  }
  for (int b = 0; b < batches; b++) {
    exchange_settings scope = exchange_whole(&own->part, c->rank, m);
    own->batch[b] = scope.first = als_share_end(m, b, batches);
    own->batch[b + 1] = als_share_end(m, b + 1, batches);
    scope.count = own->batch[b + 1] - scope.first;
    scope.halo_at += b % 2 * (lid)needed;
    scope.tag = 2 * (int)s + b % 2;
    scope.lends = batches > 1;
    scope.lender = b > 1 ? own->plan[b % 2] : NULL;
    TRY(exchange_create(c, &own->part, mode, a->set.factors, m, scope, &own->plan[b]));
    own->batches = b + 1;
    lid rows = exchange_table_rows(own->plan[b]);
    own->table_rows = rows > own->table_rows ? rows : own->table_rows;
  }
done:
  return st;
}

/* Finds heavy rows while columns are still global, then makes both sides' exchange plans, which renumber the columns.
 */
status als_make_plans(als *a, exchange_mode mode, heavy_list *heavy) {
  comm *c = a->c;
  als_side *items = &a->sides[ITEMS], *users = &a->sides[USERS];
  gid n_users = users->part.n, n_items = items->part.n;
  status st = heavy_find(&users->m, heavy_from(a, n_items), cost_granule(n_items), 0, &users->heavy);
  if (st == OK) /* under `reduce` no heavy item has interactions here */
    st = heavy_find(&items->m, heavy_from(a, n_users), cost_granule(n_users), 0, &items->heavy);
  TRY(comm_agree(c, st));
  for (off i = 0; mode == EXCHANGE_REDUCE && i < csr_nnz(&users->m); i++)
    a->heavy_reduce_pairs += row_set_has(&heavy->rows, users->m.col[i]);
  TRY(make_side_plans(a, USERS, mode, &items->m));
  if (mode == EXCHANGE_REDUCE) {
    gid first = users->part.first[c->rank];
    TRY(heavy_reduce_create(c, &users->m, &items->part, first, exchange_own_at(users->plan[0]), cost_granule(n_users),
                            heavy, &a->heavy));
    lid own_first, own_n;
    heavy_reduce_own(a->heavy, &own_first, &own_n);
    st = MEM_ZALLOC(a->heavy_x, own_n * a->ld, "rows of heavy items");
    if (st == OK && a->set.loss.explicit_loss)
      st = MEM_ZALLOC(a->heavy_bias, own_n, "biases of heavy items");
    if (st == OK)
      st = MEM_ZALLOC(a->heavy_loss, heavy_reduce_list(a->heavy)->n, "losses of heavy items");
    TRY(comm_agree(c, st));
  }
  TRY(make_side_plans(a, ITEMS, a->set.exchange == EXCHANGE_REDUCE ? EXCHANGE_AUTO : a->set.exchange, &users->m));
done:
  return st;
}

off als_row_interactions(const als *a, side s, lid r) {
  const csr *m = &a->sides[s].m;
  if (s == ITEMS && a->heavy != NULL) {
    const heavy_list *l = heavy_reduce_list(a->heavy);
    gid row = a->sides[ITEMS].part.first[a->c->rank] + r;
    if (row_set_has(&l->rows, row))
      return l->count[row_set_place(&l->rows, row)];
  }
  return m->ptr[r + 1] - m->ptr[r];
}
