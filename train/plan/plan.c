#include "train/plan/plan.h"

#include "io/base/mem.h"
#include "train/als/heavy_reduce.h"
#include "train/cost/cost.h"
#include "train/math/factors.h"
#include "train/solve/kernels/solve_kernel.h"
#include "train/solve/solver.h"

#include <math.h>

status plan_layout_alloc(plan_layout *l, const plan_settings *wish) {
  l->factors = wish->factors;
  l->explicit_loss = wish->explicit_loss;
  l->memory = wish->memory;
  l->threads = wish->threads;
  l->ranks = wish->ranks;
  l->ranks_per_node = wish->ranks_per_node < wish->ranks ? wish->ranks_per_node : wish->ranks;
  status st = MEM_ZALLOC(l->whole, l->ranks, "the plan's counts");
  if (st == OK)
    st = MEM_ZALLOC(l->reduced, l->ranks, "the plan's counts");
  return st != OK ? st : MEM_ZALLOC(l->places, l->ranks_per_node, "the plan's counts");
}

void plan_layout_free(plan_layout *l) {
  mem_free(l->whole);
  mem_free(l->reduced);
  mem_free(l->places);
  l->whole = l->reduced = NULL;
  l->places = NULL;
}

static double total(const plan_layout *l, const plan_counts *counts, size_t member) {
  double sum = 0;
  for (int r = 0; r < l->ranks; r++)
    sum += *(const double *)(const void *)((const char *)&counts[r] + member);
  return sum;
}

static double rank_flops(const plan_layout *l, const plan_counts *n) {
  return choose_flops(n->pairs_by_user + n->pairs_by_item + n->pairs_spread, n->users + n->items, l->factors);
}

static double row_bytes(const plan_layout *l) {
  return (double)sizeof(real) * (l->factors + (l->explicit_loss ? 1 : 0));
}

static bool halo_pays(double rows, double replicated) {
  return 3 * rows <= 2 * replicated;
}

/* The load of one exchange of users' rows. */
static way_load load_of(const plan_layout *l, const plan_counts *counts, bool replicas) {
  way_load w = {.possible = true};
  double local = 0, between = 0;
  for (int r = 0; r < l->ranks; r++) {
    const plan_rows *n = replicas ? &counts[r].user_whole : &counts[r].user_once;
    local += n->sent - n->between;
    between += n->between;
    w.rows += n->sent;
    w.flops = fmax(w.flops, rank_flops(l, &counts[r]));
    if (r + 1 == l->ranks || plan_node(l, r + 1) != plan_node(l, r)) {
      w.local = fmax(w.local, local / plan_ranks_on(l, plan_node(l, r)));
      w.between = fmax(w.between, between);
      local = between = 0;
    }
  }
  return w;
}

static double sum_bytes(const plan_layout *l) {
  return (double)heavy_reduce_solve_bytes(1, 2, solver_sums_size_for(l->factors, l->explicit_loss));
}

exchange_mode plan_choose(const plan_layout *l, const machine *m) {
  choose_terms t = {
      .factors = l->factors, .ranks = l->ranks, .hosts = plan_nodes(l), .heavy = l->heavy, .sum_bytes = sum_bytes(l)};
  *choose_of(&t, EXCHANGE_REPLICATE) = load_of(l, l->whole, true);
  *choose_of(&t, EXCHANGE_HALO) = load_of(l, l->whole, false);
  *choose_of(&t, EXCHANGE_REDUCE) = load_of(l, l->reduced, false);
  choose_of(&t, EXCHANGE_REPLICATE)->possible = l->memory == 0;
  choose_of(&t, EXCHANGE_REDUCE)->possible = l->heavy >= 1;
  return choose_way(&t, m);
}

/* How items' rows travel, chosen by bytes alone: the same ranks solve the same rows either way. A replica needs no list
 * of rows, so halo must save a third. */
static exchange_mode items_mode(const plan_layout *l, const plan_counts *counts, exchange_mode asked) {
  if (l->ranks == 1 || asked == EXCHANGE_REPLICATE)
    return EXCHANGE_REPLICATE;
  if (asked == EXCHANGE_HALO || l->memory > 0)
    return EXCHANGE_HALO;
  double rows = total(l, counts, offsetof(plan_counts, item_halo.got));
  return halo_pays(rows, (double)l->items * (l->ranks - 1)) ? EXCHANGE_HALO : EXCHANGE_REPLICATE;
}

/* Bytes counted for a rank, or a node, in the reductions over p of them of one sweep with its objective, in the order
 * of train/als. */
static double reduction_bytes(const plan_layout *l, bool reduce, int p) {
  int64_t one = comm_reduce_bytes(p, 8), k = l->factors;
  int64_t gram = one + comm_reduce_bytes(p, 8 * (k * (k + 1) / 2));
  int64_t sum = 2 * one; /* reduce_sum: the largest term, then the terms */
  int64_t bytes = 2 * gram + 3 * sum;
  if (l->explicit_loss)
    bytes += 2 * one; /* the largest bias, in each half sweep */
  else
    bytes += gram; /* the items' new Gram matrix, for the objective */
  if (solver_wants_mean_system(l->method))
    bytes += 2 * (gram + (l->explicit_loss ? comm_reduce_bytes(p, 8 * k) : 0));
  if (reduce)
    bytes += 2 * comm_reduce_bytes(p, 8 * (int64_t)l->heavy); /* the losses of heavy rows */
  return (double)bytes;
}

/* Steps in which all ranks wait for one another in a sweep with its objective, in the order of train/als: a reduction
 * or agreement over p ranks takes 2 log2 p. */
static double reduction_rounds(const plan_layout *l, bool reduce) {
  int gram = 3, sum = 2, calls = 2 * (gram + 2) + 3 * sum + 2; /* with agreements */
  calls += l->explicit_loss ? 2 : gram;
  if (solver_wants_mean_system(l->method))
    calls += 2 * (gram + (l->explicit_loss ? 2 : 0));
  calls += reduce ? 5 : 0;
  return calls * 2 * ceil(log2(l->ranks));
}

/* Resident bytes of a process without data: program, MPI, HDF5 (7 MB more if HDF5 is a shared library). */
static const double RESIDENT_BASE = 26e6;
/* Events read at a time, interactions moved at a time: train/exchange/interactions.c, train/exchange/shuffle.c. */
static const double READ_CHUNK = 1 << 21, MOVE_CHUNK = 1 << 20, PACK_BYTES = 1 << 20;

/* Rows of a side that are received from other ranks and sent to them. */
typedef struct held_rows {
  double table; /* places in the table */
  double sent;  /* rows on the lists of what is sent; 0: no lists */
  double batches;
} held_rows;

static double exchange_memory(const plan_layout *l, const held_rows *h) {
  double buffers = h->batches > 1 ? 2 * EXCHANGE_BUFFERS * PACK_BYTES
                                  : EXCHANGE_BUFFERS * fmin(PACK_BYTES, h->sent * 4 * l->factors);
  double routes = 64.0 * l->ranks * h->batches;
  return l->ranks == 1 ? 0 : buffers + routes + 4 * h->sent;
}

/* Resident bytes of an array: large ones occupy whole large pages. */
static double array_bytes(double bytes) {
  return (double)mem_rounded((int64_t)bytes);
}

/* Rows with their columns and values, two arrays of 4 bytes a pair. */
static double matrix_bytes(double pairs, double rows) {
  return 2 * array_bytes(4 * pairs) + 8 * rows;
}

/* The peak of loading, moving and training; `sums`: heavy_memory(). */
static double memory_of(const plan_layout *l, const machine *m, const plan_counts *n, double sums,
                        const held_rows *user, const held_rows *item) {
  double ld = (double)factors_ld(l->factors), k2 = (double)l->factors * l->factors;
  double row = 4 * (ld + (l->explicit_loss ? 1 : 0));
  double by_user = matrix_bytes(n->user_places, n->users), by_item = matrix_bytes(n->pairs_by_item, n->items);
  double events = l->pairs > 0 ? n->pairs_by_user * l->events / l->pairs : 0;
  double chunk = fmin(READ_CHUNK, events), move = fmin(MOVE_CHUNK, n->pairs_by_user);
  double load = 2 * array_bytes(4 * events) + 16 * n->users + chunk * (l->times ? 17 : 9);
  double moving = by_user + by_item + 2 * array_bytes(12 * move) + 24 * n->items;
  double batch = solve_batch_size(16, (off)ld), system = ld * (ld + 16) + 16 * ld; /* matrices, sums, solutions */
  double solver = m->threads * 4 * (2 * PANEL_ROWS * ld + batch * system + (double)solve_lanes_size(16, (int)ld / 16)) +
                  16 * k2 + 12 * ld * ld;
  double turned = 0; /* the fixed side in its eigenbasis, while the other side is solved */
  if (l->memory == 0 && solver_wants_basis(l->explicit_loss, l->method, l->factors, l->users, l->items))
    turned = n->items + item->table;
  else if (l->memory == 0 && solver_wants_basis(l->explicit_loss, l->method, l->factors, l->items, l->users))
    turned = n->users + user->table;
  double tables = array_bytes(row * (n->users + user->table)) + array_bytes(row * (n->items + item->table)) +
                  array_bytes(row * turned);
  double train =
      by_user + by_item + sums + tables + 8 * n->items + exchange_memory(l, user) + exchange_memory(l, item) + solver;
  return RESIDENT_BASE + fmax(load, fmax(moving, train));
}

/* Memory of heavy rows under reduce: their pairs, and the sums being sent. */
static double heavy_memory(const plan_layout *l, const plan_counts *n, double most_owned) {
  int nodes = plan_nodes(l);
  return 8 * n->pairs_spread + (double)heavy_reduce_solve_memory((lid)ceil(most_owned), l->ranks, l->ranks_per_node,
                                                                 nodes,
                                                                 solver_sums_size_for(l->factors, l->explicit_loss));
}

/* Heavy rows of other nodes whose solutions a rank forwards to the others on its node, by the rule of
 * comm_share_rows. */
static double heavy_carried(const plan_layout *l, const plan_counts *counts, int rank) {
  int node = plan_node(l, rank), first = node * l->ranks_per_node, ranks = plan_ranks_on(l, node);
  double sum = 0;
  for (int p = rank - first; p < l->ranks_per_node; p += ranks)
    sum += l->places[p] - (p < ranks ? counts[first + p].heavy_owned : 0);
  return sum;
}

/* Bytes that leave a rank, and of these, the node. */
typedef struct flow {
  double sent, between;
} flow;

/* Bytes that a node's ranks send, within it and to other nodes. */
typedef struct outflow {
  double local, between;
} outflow;

static void flow_out(outflow *node, const flow *f) {
  node->local += f->sent - f->between;
  node->between += f->between;
}

static double flow_seconds(const outflow *o, int ranks, const machine *m) {
  return o->local / ranks / m->local + o->between / m->link;
}

void plan_cost(const plan_layout *l, const machine *m, exchange_mode users, exchange_mode asked, plan_rank *rank,
               plan_result *out) {
  bool reduce = users == EXCHANGE_REDUCE;
  const plan_counts *counts = reduce ? l->reduced : l->whole;
  int nodes = plan_nodes(l);
  double row = row_bytes(l), messages = 0, rows_seconds = 0, alone_seconds = 0, most_owned = 0;
  double wire = sum_bytes(l);
  /* The solution of a heavy row, sent to a rank for the objective. */
  double solution = (double)sizeof(real) * (double)(factors_ld(l->factors) + (l->explicit_loss ? 1 : 0));
  double fixed = reduction_bytes(l, reduce, l->ranks), fixed_between = reduction_bytes(l, reduce, nodes);
  outflow node_rows = {0}, node_alone = {0};
  *out = (plan_result){.users = users, .items = items_mode(l, counts, asked)};
  out->user_batches = users == EXCHANGE_REPLICATE ? 1 : l->batches[reduce].users;
  out->item_batches = out->items == EXCHANGE_REPLICATE ? 1 : l->batches[reduce].items;
  for (int p = 0; p < l->ranks_per_node; p++)
    l->places[p] = 0;
  for (int r = 0; r < l->ranks && reduce; r++) {
    most_owned = fmax(most_owned, counts[r].heavy_owned);
    l->places[r % l->ranks_per_node] += counts[r].heavy_owned;
  }
  for (int r = 0; r < l->ranks; r++) {
    const plan_counts *n = &counts[r];
    const plan_rows *user_rows = users == EXCHANGE_REPLICATE ? &n->user_whole : &n->user_halo;
    const plan_rows *item_rows = out->items == EXCHANGE_REPLICATE ? &n->item_whole : &n->item_halo;
    int node = plan_node(l, r), neighbours = plan_ranks_on(l, node);
    flow rows = {(user_rows->sent + item_rows->sent) * row, (user_rows->between + item_rows->between) * row};
    flow alone = {fixed, r == node * l->ranks_per_node ? fixed_between : 0};
    if (reduce) {
      double given = n->heavy_owned * (neighbours + nodes - 2) + heavy_carried(l, counts, r) * (neighbours - 1);
      alone.sent += (l->heavy - n->heavy_owned) * wire + given * solution;
      alone.between += n->heavy_gathered * wire + n->heavy_owned * (nodes - 1) * solution;
    }
    plan_rank one = {.bytes_sent = rows.sent + alone.sent, .bytes_between = rows.between + alone.between};
    one.flops = rank_flops(l, n);
    held_rows user = {users == EXCHANGE_REPLICATE ? user_rows->got : n->user_table, user_rows->sent, out->user_batches};
    held_rows item = {out->items == EXCHANGE_REPLICATE ? item_rows->got : n->item_table, item_rows->sent,
                      out->item_batches};
    one.memory = memory_of(l, m, n, reduce ? heavy_memory(l, n, most_owned) : 0, &user, &item);
    if (rank != NULL)
      rank[r] = one;
    out->bytes_sent += one.bytes_sent;
    out->bytes_sent_max = fmax(out->bytes_sent_max, one.bytes_sent);
    out->bytes_between += one.bytes_between;
    out->memory_max = fmax(out->memory_max, one.memory);
    out->flops += one.flops;
    out->flops_max = fmax(out->flops_max, one.flops);
    messages = fmax(messages, user_rows->messages + item_rows->messages);
    flow_out(&node_rows, &rows);
    flow_out(&node_alone, &alone);
    if (r + 1 == l->ranks || plan_node(l, r + 1) != node) {
      out->node_max = fmax(out->node_max, node_rows.between + node_alone.between);
      rows_seconds = fmax(rows_seconds, flow_seconds(&node_rows, neighbours, m));
      alone_seconds = fmax(alone_seconds, flow_seconds(&node_alone, neighbours, m));
      node_rows = node_alone = (outflow){0};
    }
  }
  out->seconds_compute = out->flops_max / (machine_core_flops(m, l->factors) * m->threads);
  out->messages_max = messages;
  out->rounds = reduction_rounds(l, reduce);
  if (reduce) /* sums and solutions, partner by partner */
    out->rounds += 2 * (l->ranks_per_node - 1) + 2 * fmin(nodes - 1, l->heavy);
  rows_seconds += m->latency * messages / EXCHANGE_BUFFERS; /* so many are in flight at a time */
  alone_seconds += m->latency * out->rounds;
  out->seconds_exchange = rows_seconds + alone_seconds;
  out->seconds = fmax(out->seconds_compute, rows_seconds) + alone_seconds;
}
