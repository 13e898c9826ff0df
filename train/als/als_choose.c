#include "train/als/als_private.h"

#include "io/base/mem.h"
#include "train/cost/choose.h"

/* Rows of users sent within each host, and from it to others. */
typedef struct host_rows {
  int64_t *local, *between; /* [hosts] */
} host_rows;

/* What a halo moves: each user's row to the ranks that own one of its items (not in `without`); once to each host, then
 * within it. */
static status count_halo(const als *a, const part *items, const row_set *without, host_rows *out) {
  const csr *m = &a->sides[USERS].m;
  const comm *c = a->c;
  int mine = comm_host(c, c->rank);
  lid *seen = NULL, *seen_host = NULL; /* plus 1: the last row that a rank, and a host, needed */
  status st = MEM_ZALLOC(seen, c->size, "exchange counts");
  if (st == OK)
    st = MEM_ZALLOC(seen_host, c->hosts, "exchange counts");
  for (lid u = 0; st == OK && u < m->n_rows; u++)
    for (off i = m->ptr[u]; i < m->ptr[u + 1]; i++) {
      if (without != NULL && row_set_has(without, m->col[i]))
        continue;
      int owner = part_owner(items, m->col[i]), host = comm_host(c, owner);
      if (owner == c->rank || seen[owner] == u + 1)
        continue;
      seen[owner] = u + 1;
      if (host != mine && seen_host[host] != u + 1) {
        seen_host[host] = u + 1;
        out->between[mine]++;
      } else
        out->local[host]++;
    }
  mem_free(seen);
  mem_free(seen_host);
  return st;
}

/* What replicas move. */
static void count_replicas(const als *a, host_rows *out) {
  const comm *c = a->c;
  const part *users = &a->sides[USERS].part;
  int mine = comm_host(c, c->rank), mates = comm_ranks_on_host(c);
  out->between[mine] += part_count(users, c->rank) * (c->hosts - 1);
  if (c->host == NULL ? c->rank == 0 : c->place[c->rank] == 0)
    out->local[mine] += users->n * (mates - 1);
}

/* The interactions that each rank works on: of its users, of its items, and of heavy items that stay with it. */
static void count_pairs(const als *a, const part *begin, const part *items, const off *counts, const row_set *without,
                        int64_t *pairs) {
  const csr *m = &a->sides[USERS].m;
  int rank = a->c->rank;
  pairs[rank] += csr_nnz(m);
  for (off i = 0; without != NULL && i < csr_nnz(m); i++)
    pairs[rank] += row_set_has(without, m->col[i]);
  for (gid i = 0; i < part_count(begin, rank); i++) {
    gid row = begin->first[rank] + i;
    if (without == NULL || !row_set_has(without, row))
      pairs[part_owner(items, row)] += counts[i];
  }
}

/* The load of one exchange, from the sums over ranks. */
static way_load load_of(const als *a, const part *items, const host_rows *rows, const int64_t *pairs) {
  const comm *c = a->c;
  const part *users = &a->sides[USERS].part;
  way_load w = {.possible = true};
  for (int h = 0; h < c->hosts; h++) {
    w.local = fmax(w.local, (double)rows->local[h] / comm_ranks_of(c, h));
    w.between = fmax(w.between, (double)rows->between[h]);
    w.rows += (double)(rows->local[h] + rows->between[h]);
  }
  for (int r = 0; r < c->size; r++)
    w.flops = fmax(
        w.flops, choose_flops((double)pairs[r], (double)(part_count(users, r) + part_count(items, r)), a->set.factors));
  return w;
}

status als_choose(als *a, const part *begin, const off *counts, const part *whole, const part *spread_out,
                  const heavy_list *heavy, exchange_mode *out) {
  comm *c = a->c;
  int64_t *sums = NULL;
  off each = 2 * (off)c->hosts + c->size;
  *out = a->set.exchange;
  if (c->size == 1 || a->set.exchange != EXCHANGE_AUTO)
    return OK;
  status st = MEM_ZALLOC(sums, CHOOSE_WAYS * each, "exchange counts");
  host_rows rows[CHOOSE_WAYS];
  int64_t *pairs[CHOOSE_WAYS];
  for (int w = 0; st == OK && w < CHOOSE_WAYS; w++) {
    rows[w] = (host_rows){sums + w * each, sums + w * each + c->hosts};
    pairs[w] = rows[w].between + c->hosts;
  }
  enum { REPLICATE, HALO, REDUCE };
  if (st == OK) {
    count_replicas(a, &rows[REPLICATE]);
    st = count_halo(a, whole, NULL, &rows[HALO]);
  }
  if (st == OK)
    st = count_halo(a, spread_out, &heavy->rows, &rows[REDUCE]);
  TRY(comm_agree(c, st));
  for (int w = 0; w < CHOOSE_WAYS; w++)
    count_pairs(a, begin, w == REDUCE ? spread_out : whole, counts, w == REDUCE ? &heavy->rows : NULL, pairs[w]);
  comm_sum_i64(c, sums, CHOOSE_WAYS * each);
  off size = solver_sums_size_for(a->set.factors, a->set.loss.explicit_loss);
  choose_terms t = {.factors = a->set.factors,
                    .ranks = c->size,
                    .hosts = c->hosts,
                    .heavy = heavy->n,
                    .sum_bytes = (double)heavy_reduce_solve_bytes(1, 2, size)};
  for (int w = 0; w < CHOOSE_WAYS; w++)
    t.way[w] = load_of(a, w == REDUCE ? spread_out : whole, &rows[w], pairs[w]);
  t.way[REPLICATE].possible = a->set.memory == 0; /* under a bound, no unneeded row is held */
  t.way[REDUCE].possible = heavy->n > 0;
  *out = choose_way(&t, &a->set.machine);
done:
  mem_free(sums);
  return st;
}
