#include "train/als.h"

#include "io/log.h"
#include "io/mem.h"
#include "train/cost.h"
#include "train/gram.h"
#include "train/heavy.h"
#include "train/reduce.h"
#include "train/rng.h"
#include "train/shuffle.h"
#include "train/spread.h"

#include <omp.h>
#include <string.h>

/* One side: who owns it, our rows' interactions, and the table in which the other side finds our factors. */
enum { BATCHES_MAX = 256 };

typedef struct als_side {
  part part;
  csr m;            /* our rows; columns are rows of the other side's table */
  heavy_rows heavy; /* of m */
  /* Plans that bring this side's rows to the ranks that solve the other side: for the rows batch[b] … batch[b+1]-1 of
   * the other side's. With one batch the rows set out as soon as they are final; with more, each batch comes while the
   * one before it is being solved, to the one of two halos that is free. */
  exchange *plan[BATCHES_MAX];
  int batches;
  lid batch[BATCHES_MAX + 1];
  lid table_rows;
  real *table; /* (table_rows, ld) */
  real *bias;  /* [table_rows], or NULL */
} als_side;

struct als {
  comm *c;
  als_settings set;
  off ld, pairs;
  als_side sides[2];
  double mean, low, high;
  double *gram[2];
  /* For solvers that iterate: interactions of each of our rows, the most that a row has, and the Gram matrix of a side
   * in which rows count as often as they occur, and the mean row likewise. NULL for the exact method. */
  real *frequency[2];
  double most_frequent[2], *seen, *seen_mean, mean_a;
  double *row_loss;             /* [our items] */
  double most_a, most_p;        /* largest |a| and |p| of the implicit loss over all pairs */
  spread *spread;               /* heavy items solved where their interactions are, or NULL */
  real *spread_x, *spread_bias; /* (our heavy items, ld): their new rows until they take their places */
  double *spread_loss;          /* [heavy items] */
  int sweeps_done;
  double last_objective; /* NaN before the first */
};

static real *own_rows(als *a, side s) {
  return a->sides[s].table + exchange_own_at(a->sides[s].plan[0]) * a->ld;
}
static real *own_bias(als *a, side s) {
  return a->sides[s].bias == NULL ? NULL : a->sides[s].bias + exchange_own_at(a->sides[s].plan[0]);
}
static lid own_count(const als *a, side s) {
  return (lid)part_count(&a->sides[s].part, a->c->rank);
}

/* Number, mean and range of the training values over all ranks; the mean from row sums, so that it is the same on any
 * number of ranks. */
static status measure_values(als *a) {
  const csr *m = &a->sides[USERS].m;
  double *sums = NULL, range[2] = {-HUGE_VAL, -HUGE_VAL}; /* of -value and of value: one reduction */
  status st = comm_agree(a->c, MEM_ALLOC(sums, m->n_rows, "row sums"));
  if (st != OK)
    goto done;
  for (lid r = 0; r < m->n_rows; r++) {
    double sum = 0;
    for (off i = m->ptr[r]; i < m->ptr[r + 1]; i++) {
      double v = m->val[i];
      sum += v;
      range[0] = -v > range[0] ? -v : range[0];
      range[1] = v > range[1] ? v : range[1];
    }
    sums[r] = sum;
  }
  a->pairs = csr_nnz(m);
  comm_sum_i64(a->c, &a->pairs, 1);
  comm_max_f64(a->c, range, 2);
  if (a->pairs == 0) {
    st = status_fail(BAD_DATA, "no interaction is left to train on: the dataset is empty, or the hold-out took all");
    goto done;
  }
  a->low = -range[0];
  a->high = range[1];
  double total;
  TRY(reduce_sum(a->c, sums, m->n_rows, a->sides[USERS].part.n, "the sum of all values", &total));
  if (a->set.loss.explicit_loss)
    a->mean = total / (double)a->pairs;
done:
  mem_free(sums);
  return st;
}

/* Turns values into confidences, and bounds the weights they give. */
static void make_confidences(als *a) {
  csr *m = &a->sides[USERS].m;
  loss_transform(&a->set.loss, csr_nnz(m), m->val);
  double most[2] = {a->set.loss.explicit_loss ? 1 : 0, 0}, base = loss_base(&a->set.loss);
  for (off i = 0; !a->set.loss.explicit_loss && i < csr_nnz(m); i++) {
    most[0] = fmax(most[0], fabs(fabs((double)m->val[i]) - base));
    most[1] = fmax(most[1], (double)m->val[i]);
  }
  comm_max_f64(a->c, most, 2);
  a->most_a = most[0];
  a->most_p = most[1];
  a->mean_a = 1;
  if (!a->set.loss.explicit_loss) {
    exact_scale scale = exact_scale_for(most[0], a->pairs);
    int64_t sum = 0;
    for (off i = 0; i < csr_nnz(m); i++)
      sum += exact_term(scale, fabs((double)m->val[i]) - base);
    comm_sum_i64(a->c, &sum, 1);
    a->mean_a = exact_value(scale, sum) / (double)a->pairs;
  }
}

static off heavy_from(const als *a, gid n_columns) {
  return a->set.heavy > 0 ? a->set.heavy : cost_heavy(n_columns);
}

/* Rows of users that all ranks together would send to the owners of items, those of heavy items left out or not. */
static status count_rows_sent(als *a, const part *items, const row_set *without, int64_t *out) {
  const csr *m = &a->sides[USERS].m;
  lid *seen = NULL;
  *out = 0;
  status st = comm_agree(a->c, MEM_ZALLOC(seen, a->c->size, "exchange counts"));
  if (st == OK) {
    for (lid u = 0; u < m->n_rows; u++)
      for (off i = m->ptr[u]; i < m->ptr[u + 1]; i++) {
        if (without != NULL && row_set_has(without, m->col[i]))
          continue;
        int owner = part_owner(items, m->col[i]);
        if (owner != a->c->rank && seen[owner] != u + 1) {
          seen[owner] = u + 1;
          ++*out;
        }
      }
    comm_sum_i64(a->c, out, 1);
  }
  mem_free(seen);
  return st;
}

/* How users' rows meet the items: decided by the bytes that an item half sweep moves, unless the settings say. */
static status choose_for_items(als *a, const part *whole, const part *spread_out, const heavy_list *heavy,
                               exchange_mode *out) {
  int64_t all, light, row = a->set.factors * (int64_t)sizeof(real);
  status st = OK;
  *out = a->set.exchange;
  if (a->c->size == 1 || a->set.exchange != EXCHANGE_AUTO)
    return OK;
  TRY(count_rows_sent(a, whole, NULL, &all));
  TRY(count_rows_sent(a, spread_out, &heavy->rows, &light));
  off sums = solver_sums_size_for(a->set.factors, a->set.loss.explicit_loss);
  int64_t by_reduce = light * row + spread_solve_bytes(heavy->n, a->c->size, sums);
  int64_t by_halo = all * row, by_replicate = a->sides[USERS].part.n * (a->c->size - 1) * row;
  *out = heavy->n > 0 && by_reduce < by_halo ? EXCHANGE_REDUCE
         : 3 * by_halo <= 2 * by_replicate   ? EXCHANGE_HALO
                                             : EXCHANGE_REPLICATE;
done:
  return st;
}

/* Cuts the items by cost and moves every interaction to its item's owner, but for the heavy items of `reduce`. */
static status make_items(als *a, gid n_items, exchange_mode *mode, heavy_list *heavy) {
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
  TRY(heavy_list_create(c, &even, counts, heavy_from(a, users->part.n), heavy));
  /* Once with every row at its owner, once with the heavy ones' interactions left where they are. */
  for (int spread = 0; spread < 2; spread++) {
    for (gid i = 0; i < n; i++) {
      bool away = spread && row_set_has(&heavy->rows, even.first[c->rank] + i);
      cost[i] = cost_of_row(away ? 0 : counts[i], a->set.factors);
    }
    TRY(part_balanced(c, &even, cost, cost_granule(n_items), c->size, spread ? &spread_out : &whole));
  }
  TRY(choose_for_items(a, &whole, &spread_out, heavy, mode));
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

/* Rows to solve between two looks at the exchange, or in one batch: an equal share of interactions and rows. */
static lid share_end(const csr *m, int share, int shares) {
  if (share == shares)
    return m->n_rows;
  off target = (csr_nnz(m) + m->n_rows) / shares * share;
  lid low = 0, high = m->n_rows;
  while (low < high) {
    lid middle = low + (high - low) / 2;
    if (m->ptr[middle] + middle < target)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The most rows that one of so many batches of m needs from the owners of the side; the same on all ranks. */
static status most_needed(als *a, const part *owners, const csr *m, int batches, int64_t *out) {
  status st = OK;
  *out = 0;
  for (int b = 0; b < batches && st == OK; b++) {
    off n = 0;
    lid first = share_end(m, b, batches);
    st = exchange_count(owners, a->c->rank, m, first, share_end(m, b + 1, batches) - first, &n);
    *out = n > *out ? n : *out;
  }
  return st;
}

/* What --memory leaves for rows that come from other ranks: tables of our own rows, exchange buffers and the solvers'
 * work space are still to be allocated, and the items' plans are made after the users'. */
static int64_t room_for_rows(const als *a, side s) {
  int64_t row = (int64_t)sizeof(real) * (a->ld + 1), k2 = (int64_t)a->ld * a->ld;
  int64_t own = part_count(&a->sides[USERS].part, a->c->rank) + part_count(&a->sides[ITEMS].part, a->c->rank);
  int64_t buffers = 4 * EXCHANGE_BUFFERS * exchange_buffer_bytes();
  int64_t solvers = omp_get_max_threads() * (160 * a->ld * 4 + 8 * k2) + 40 * k2;
  int64_t left = a->set.memory - mem_held() - own * row - buffers - solvers;
  return s == USERS ? left / 2
                    : left - (a->sides[USERS].table_rows - part_count(&a->sides[USERS].part, a->c->rank)) * row;
}

/* The fewest batches in which the rows that come from other ranks fit into the memory that is left for them. */
static status choose_batches(als *a, side s, const csr *m, exchange_mode mode, int *out) {
  const part *owners = &a->sides[s].part;
  int64_t row = (int64_t)sizeof(real) * (a->ld + 1), least = 0;
  *out = 1;
  if (a->set.memory == 0 || a->c->size == 1 || mode == EXCHANGE_REPLICATE)
    return OK;
  for (int batches = 1; batches <= BATCHES_MAX; batches *= 2) {
    int64_t needed;
    status st = comm_agree(a->c, most_needed(a, owners, m, batches, &needed));
    if (st != OK)
      return st;
    int64_t bytes = (batches > 1 ? 2 : 1) * needed * row, too_much = bytes > room_for_rows(a, s);
    comm_max_i64(a->c, &too_much, 1);
    least = batches == 1 || bytes < least ? bytes : least;
    *out = batches;
    if (!too_much)
      return OK;
  }
  comm_max_i64(a->c, &least, 1);
  return status_fail(
      NO_MEMORY,
      "--memory %lld MB leaves too little for the %s' rows that come from other ranks (%.1f MB even in %d "
      "batches): use more ranks or raise it",
      (long long)(a->set.memory >> 20), s == USERS ? "users" : "items", (double)least / 1048576, BATCHES_MAX);
}

/* The plans that bring side s's rows to the solvers of the other side, whose rows m are; renumbers m's columns. */
static status make_side_plans(als *a, side s, exchange_mode mode, csr *m) {
  als_side *own = &a->sides[s];
  comm *c = a->c;
  int64_t needed = 0;
  int batches;
  status st = OK;
  TRY(choose_batches(a, s, m, mode, &batches));
  if (batches > 1) {
    mode = EXCHANGE_HALO;
    TRY(comm_agree(c, most_needed(a, &own->part, m, batches, &needed)));
  }
  for (int b = 0; b < batches; b++) {
    exchange_scope scope = exchange_whole(&own->part, c->rank, m);
    own->batch[b] = scope.first = share_end(m, b, batches);
    own->batch[b + 1] = share_end(m, b + 1, batches);
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
static status make_plans(als *a, exchange_mode mode, heavy_list *heavy) {
  comm *c = a->c;
  als_side *items = &a->sides[ITEMS], *users = &a->sides[USERS];
  gid n_users = users->part.n, n_items = items->part.n;
  status st = heavy_find(&users->m, heavy_from(a, n_items), cost_granule(n_items), 0, &users->heavy);
  if (st == OK) /* under `reduce` no heavy item has interactions here */
    st = heavy_find(&items->m, heavy_from(a, n_users), cost_granule(n_users), 0, &items->heavy);
  TRY(comm_agree(c, st));
  TRY(make_side_plans(a, USERS, mode, &items->m));
  if (mode == EXCHANGE_REDUCE) {
    gid first = users->part.first[c->rank];
    TRY(spread_create(c, &users->m, &items->part, first, exchange_own_at(users->plan[0]), cost_granule(n_users), heavy,
                      &a->spread));
    lid own_first, own_n;
    spread_own(a->spread, &own_first, &own_n);
    st = MEM_ZALLOC(a->spread_x, own_n * a->ld, "rows of heavy items");
    if (st == OK && a->set.loss.explicit_loss)
      st = MEM_ZALLOC(a->spread_bias, own_n, "biases of heavy items");
    if (st == OK)
      st = MEM_ZALLOC(a->spread_loss, spread_list(a->spread)->n, "losses of heavy items");
    TRY(comm_agree(c, st));
  }
  TRY(make_side_plans(a, ITEMS, a->set.exchange == EXCHANGE_REDUCE ? EXCHANGE_AUTO : a->set.exchange, &users->m));
done:
  return st;
}

/* Tables, and normal(0, 0.1 / sqrt(k)) in our own rows, drawn by global row and column. */
static status make_table(als *a, side s) {
  als_side *own = &a->sides[s];
  lid rows = own->table_rows;
  status st = MEM_ZALLOC(own->table, rows * a->ld, s == USERS ? "user factors" : "item factors");
  if (st == OK && a->set.loss.explicit_loss)
    st = MEM_ZALLOC(own->bias, rows, "biases");
  TRY(comm_agree(a->c, st));
  real *x = own_rows(a, s);
  gid first = own->part.first[a->c->rank];
  double deviation = 0.1 / sqrt(a->set.factors);
#pragma omp parallel for schedule(static)
  for (lid r = 0; r < own_count(a, s); r++)
    for (int j = 0; j < a->set.factors; j++) {
      double draw = deviation * rng_normal(a->set.seed, (uint64_t)s, (uint64_t)(first + r), (uint64_t)j);
      x[r * a->ld + j] = (real)(a->set.nonnegative ? fabs(draw) : draw);
    }
done:
  return st;
}

/* Interactions of one of our rows on all ranks. */
static off row_interactions(const als *a, side s, lid r) {
  const csr *m = &a->sides[s].m;
  if (s == ITEMS && a->spread != NULL) {
    const heavy_list *l = spread_list(a->spread);
    gid row = a->sides[ITEMS].part.first[a->c->rank] + r;
    if (row_set_has(&l->rows, row))
      return l->count[row_set_place(&l->rows, row)];
  }
  return m->ptr[r + 1] - m->ptr[r];
}

/* What solvers that iterate want to know of a side. */
static status make_frequencies(als *a, side s) {
  lid n = own_count(a, s);
  status st = comm_agree(a->c, MEM_ALLOC(a->frequency[s], n, "frequencies"));
  if (st != OK)
    return st;
  double most = 0;
  for (lid r = 0; r < n; r++) {
    a->frequency[s][r] = (real)row_interactions(a, s, r);
    most = fmax(most, (double)a->frequency[s][r]);
  }
  comm_max_f64(a->c, &most, 1);
  a->most_frequent[s] = most;
  return OK;
}

bool als_wants_mean_system(solve_method method) {
  return method != SOLVE_CHOLESKY;
}

status als_create(comm *c, const als_settings *settings, const part *users, gid n_items, csr *train, als **out) {
  status st = OK;
  als *a = NULL;
  heavy_list heavy = {0};
  exchange_mode mode = settings->exchange;
  *out = NULL;
  st = MEM_ZALLOC(a, 1, "the trainer");
  if (st == OK) {
    *a = (als){.c = c, .set = *settings, .last_objective = NAN};
    a->ld = (settings->factors + 15) / 16 * 16;
    a->sides[USERS].m = *train;
    *train = (csr){0};
    st = part_equal(&a->sides[USERS].part, users->n, c->size);
  }
  TRY(comm_agree(c, st));
  memcpy(a->sides[USERS].part.first, users->first, sizeof(gid) * ((size_t)c->size + 1));
  TRY(measure_values(a));
  make_confidences(a);
  TRY(make_items(a, n_items, &mode, &heavy));
  TRY(make_plans(a, mode, &heavy));
  TRY(make_table(a, USERS));
  TRY(make_table(a, ITEMS));
  if (als_wants_mean_system(settings->method)) {
    TRY(make_frequencies(a, USERS));
    TRY(make_frequencies(a, ITEMS));
  }
  off area = (off)settings->factors * settings->factors;
  st = MEM_ZALLOC(a->gram[USERS], area, "Gram matrix");
  if (st == OK)
    st = MEM_ZALLOC(a->gram[ITEMS], area, "Gram matrix");
  if (st == OK && als_wants_mean_system(settings->method))
    st = MEM_ZALLOC(a->seen, area, "Gram matrix");
  if (st == OK && a->seen != NULL)
    st = MEM_ZALLOC(a->seen_mean, settings->factors, "Gram matrix");
  if (st == OK)
    st = MEM_ZALLOC(a->row_loss, own_count(a, ITEMS), "row losses");
  TRY(comm_agree(c, st));
done:
  heavy_list_free(&heavy);
  if (st != OK) {
    als_free(a);
    a = NULL;
  }
  *out = a;
  return st;
}

void als_free(als *a) {
  if (a == NULL)
    return;
  for (int s = 0; s < 2; s++) {
    part_free(&a->sides[s].part);
    csr_free(&a->sides[s].m);
    heavy_rows_free(&a->sides[s].heavy);
    for (int b = 0; b < a->sides[s].batches; b++)
      exchange_free(a->sides[s].plan[b]);
    mem_free(a->sides[s].table);
    mem_free(a->sides[s].bias);
    mem_free(a->gram[s]);
    mem_free(a->frequency[s]);
  }
  mem_free(a->seen);
  mem_free(a->seen_mean);
  mem_free(a->row_loss);
  spread_free(a->spread);
  mem_free(a->spread_x);
  mem_free(a->spread_bias);
  mem_free(a->spread_loss);
  mem_free(a);
}

/* The Gram matrix of a side as it stands. */
static status make_gram(als *a, side s, double *largest) {
  return reduce_gram(a->c, own_rows(a, s), own_count(a, s), a->sides[s].part.n, a->set.factors, a->ld, NULL, 1,
                     a->gram[s], largest);
}

/* A side's biases, after its factors: little enough to wait for. */
static void share_biases(als *a, side s, int batch) {
  als_side *own = &a->sides[s];
  exchange_trip trip;
  if (own->bias == NULL)
    return;
  exchange_begin(a->c, own->plan[batch], own->bias, 1, 1, &trip);
  exchange_end(&trip);
}

/* Rows for one batch of the solvers, all final: begun here and ended by end_batch. */
static void begin_batch(als *a, side s, int batch, exchange_trip *trip) {
  als_side *own = &a->sides[s];
  exchange_begin(a->c, own->plan[batch], own->table, a->set.factors, a->ld, trip);
  exchange_ready(trip, own_count(a, s));
}

static void end_batch(als *a, side s, int batch, exchange_trip *trip) {
  exchange_end(trip);
  share_biases(a, s, batch);
}

enum { PIECES = 8 };

/* What the solver needs to know to solve a side whose other side is fixed. */
static status make_problem(als *a, side fixed, half_problem *p) {
  als_side *from = &a->sides[fixed];
  const loss *l = &a->set.loss;
  double largest = 0, bias = 0;
  status st = make_gram(a, fixed, &largest); /* also the check that the fixed side is finite */
  if (st != OK)
    return st;
  if (from->bias != NULL) {
    bias = gram_largest(own_bias(a, fixed), own_count(a, fixed), 1, 1);
    comm_max_f64(a->c, &bias, 1);
  }
  if (a->seen != NULL) {
    st = reduce_gram(a->c, own_rows(a, fixed), own_count(a, fixed), from->part.n, a->set.factors, a->ld,
                     a->frequency[fixed], a->most_frequent[fixed], a->seen, NULL);
    if (st != OK)
      return st;
    for (off i = 0; i < (off)a->set.factors * a->set.factors; i++)
      a->seen[i] /= (double)a->pairs;
    if (from->bias != NULL)
      st = reduce_mean_row(a->c, own_rows(a, fixed), own_count(a, fixed), from->part.n, a->set.factors, a->ld,
                           a->frequency[fixed], a->most_frequent[fixed], largest, (double)a->pairs, a->seen_mean);
    if (st != OK)
      return st;
  }
  double most_rest = fmax(fabs(a->low - a->mean), fabs(a->high - a->mean)) + bias;
  *p = (half_problem){.method = a->set.method,
                      .nonnegative = a->set.nonnegative,
                      .k = a->set.factors,
                      .ld = a->ld,
                      .explicit_loss = l->explicit_loss,
                      .table = from->table,
                      .bias = from->bias,
                      .mean = a->mean,
                      .lambda = l->lambda,
                      .nu = l->nu,
                      .alpha0 = loss_alpha0(l),
                      .base = loss_base(l),
                      .n_fixed = from->part.n,
                      .gram = l->explicit_loss ? NULL : a->gram[fixed],
                      .seen = a->seen,
                      .seen_mean = from->bias != NULL ? a->seen_mean : NULL,
                      .mean_a = a->mean_a,
                      .fixed_max = largest,
                      .most_a = a->most_a,
                      .most_b = l->explicit_loss ? most_rest : a->most_p};
  return OK;
}

/* The rows of heavy items that lie in first … end-1, from where spread_solve left them to their places. */
static void place_spread(als *a, lid first, lid end) {
  lid own_first, own_n;
  spread_own(a->spread, &own_first, &own_n);
  gid item0 = a->sides[ITEMS].part.first[a->c->rank];
  for (lid h = 0; h < own_n; h++) {
    lid row = (lid)(spread_list(a->spread)->row[own_first + h] - item0);
    if (row < first || row >= end)
      continue;
    memcpy(own_rows(a, ITEMS) + row * a->ld, a->spread_x + h * a->ld, sizeof(real) * (size_t)a->ld);
    if (a->spread_bias != NULL)
      own_bias(a, ITEMS)[row] = a->spread_bias[h];
  }
}

static status add_spread_loss(als *a, solver *solver) {
  lid own_first, own_n;
  status st = spread_loss(a->c, a->spread, solver, a->spread_x, a->spread_bias, a->ld, a->spread_loss);
  spread_own(a->spread, &own_first, &own_n);
  for (lid h = own_first; st == OK && h < own_first + own_n; h++)
    a->row_loss[spread_list(a->spread)->row[h] - a->sides[ITEMS].part.first[a->c->rank]] = a->spread_loss[h];
  return st;
}

/* One batch of side s's rows, solved piece by piece; between pieces the trips under way go on. `set_out` (may be NULL)
 * takes s's own finished rows along, `next` (may be NULL) brings the next batch's rows of the fixed side. */
static status solve_batch(als *a, side s, solver *solver, lid first, lid end, exchange_trip *set_out,
                          exchange_trip *next, double *row_loss) {
  als_side *own = &a->sides[s];
  int pieces = a->c->size == 1 ? 1 : PIECES;
  status st = OK;
  for (int i = 1; i <= pieces && first < end && st == OK; i++) {
    lid stop = i == pieces ? end : share_end(&own->m, i, pieces);
    stop = stop > end ? end : stop;
    if (stop <= first)
      continue;
    st = solver_rows(solver, &own->m, &own->heavy, first, stop - first, own_rows(a, s), own_bias(a, s), row_loss);
    if (s == ITEMS && a->spread != NULL)
      place_spread(a, first, stop);
    if (set_out != NULL)
      exchange_ready(set_out, stop);
    if (next != NULL)
      exchange_poll(next);
    first = stop;
  }
  return st;
}

/* Where a half sweep's seconds went. */
typedef struct spent {
  double waiting, exchanging, solving;
} spent;

/* Solves all rows of side s with the other side fixed. */
static status half_sweep(als *a, side s, double *row_loss, spent *spent) {
  side fixed = s == USERS ? ITEMS : USERS;
  als_side *own = &a->sides[s], *from = &a->sides[fixed];
  bool spread = s == ITEMS && a->spread != NULL, set_out = own->batches == 1, batched = from->batches > 1;
  solver *solver = NULL;
  exchange_trip out, in[2];
  half_problem p;
  status st = make_problem(a, fixed, &p);
  if (st != OK)
    return st;
  TRY(comm_agree(a->c, solver_create(&p, &solver)));
  if (spread)
    TRY(spread_solve(a->c, a->spread, solver, a->ld, a->spread_x, a->spread_bias));
  double begun = seconds_now(), waited = 0;
  if (batched)
    begin_batch(a, fixed, 0, &in[0]);
  if (set_out)
    exchange_begin(a->c, own->plan[0], own->table, a->set.factors, a->ld, &out);
  for (int b = 0; b < from->batches; b++) { /* also where a row failed: the others count on our messages */
    bool more = b + 1 < from->batches;
    double t = seconds_now();
    if (batched)
      end_batch(a, fixed, b, &in[b % 2]);
    waited += seconds_now() - t;
    if (more)
      begin_batch(a, fixed, b + 1, &in[(b + 1) % 2]);
    if (st == OK)
      st = solve_batch(a, s, solver, from->batch[b], from->batch[b + 1], set_out ? &out : NULL,
                       more ? &in[(b + 1) % 2] : NULL, row_loss);
  }
  double t = seconds_now();
  if (set_out)
    end_batch(a, s, 0, &out);
  TRY(comm_agree(a->c, st));
  double ended = seconds_now();
  waited += ended - t;
  spent->waiting += waited;
  spent->solving += ended - begun - waited;
  spent->exchanging += a->c->size > 1 ? ended - begun : 0;
  if (spread && row_loss != NULL)
    TRY(add_spread_loss(a, solver));
done:
  solver_free(solver);
  return st;
}

/* Σ λ_r (|x_r|² + b_r²) over a side. */
static status penalty(als *a, side s, double *out) {
  const csr *m = &a->sides[s].m;
  double *terms = NULL;
  status st = comm_agree(a->c, MEM_ALLOC(terms, m->n_rows, "row penalties"));
  if (st != OK)
    goto done;
  const real *x = own_rows(a, s), *bias = own_bias(a, s);
  gid n_fixed = a->sides[s == USERS ? ITEMS : USERS].part.n;
#pragma omp parallel for schedule(static)
  for (lid r = 0; r < m->n_rows; r++) {
    double square = bias != NULL ? (double)bias[r] * bias[r] : 0;
    for (int j = 0; j < a->set.factors; j++)
      square += (double)x[r * a->ld + j] * x[r * a->ld + j];
    off n = row_interactions(a, s, r);
    /* An explicit row without interactions has no factors; 0^0 must not invent a penalty. */
    terms[r] = square > 0 ? square * loss_row_lambda(&a->set.loss, n, n_fixed) : 0;
  }
  TRY(reduce_sum(a->c, terms, m->n_rows, a->sides[s].part.n, "the regularization", out));
done:
  mem_free(terms);
  return st;
}

/* The loss itself, from the items' data terms of the half sweep that just ended, Gram matrices and penalties. */
static status objective(als *a, als_report *report) {
  status st = OK;
  double data, users, items, all_pairs = 0;
  TRY(reduce_sum(a->c, a->row_loss, own_count(a, ITEMS), a->sides[ITEMS].part.n, "the objective", &data));
  TRY(penalty(a, USERS, &users));
  TRY(penalty(a, ITEMS, &items));
  if (!a->set.loss.explicit_loss) {
    TRY(make_gram(a, ITEMS, NULL)); /* the users' is still right: they were fixed */
    off area = (off)a->set.factors * a->set.factors;
    for (off i = 0; i < area; i++)
      all_pairs += a->gram[USERS][i] * a->gram[ITEMS][i];
  }
  report->objective = data + loss_alpha0(&a->set.loss) * all_pairs + users + items;
  report->rmse = a->set.loss.explicit_loss ? sqrt(data / (double)a->pairs) : 0;
  report->has_objective = true;
done:
  return st;
}

/* Over ranks; not among the sweep's bytes, which are counted before. */
static void share_times(als *a, const spent *spent, als_report *report) {
  double most[] = {spent->waiting, spent->exchanging, spent->solving};
  int64_t nanoseconds = (int64_t)(1e9 * spent->solving);
  comm_max_f64(a->c, most, 3);
  comm_sum_i64(a->c, &nanoseconds, 1);
  report->seconds_waiting = most[0];
  report->seconds_exchange = most[1];
  report->balance = nanoseconds > 0 ? most[2] * 1e9 * a->c->size / (double)nanoseconds : 1;
}

static status sweep(als *a, bool last, als_report *report) {
  status st = OK;
  *report = (als_report){.sweep = a->sweeps_done + 1};
  report->has_objective = last || a->set.objective_every <= 1 || report->sweep % a->set.objective_every == 0;
  int64_t bytes[2] = {-a->c->bytes_sent, -a->c->bytes_between_hosts};
  spent spent = {0};
  double t0 = seconds_now();
  TRY(half_sweep(a, USERS, NULL, &spent));
  double t1 = seconds_now();
  TRY(half_sweep(a, ITEMS, report->has_objective ? a->row_loss : NULL, &spent));
  double t2 = seconds_now();
  if (report->has_objective)
    TRY(objective(a, report));
  report->seconds_users = t1 - t0;
  report->seconds_items = t2 - t1;
  report->seconds_objective = seconds_now() - t2;
  bytes[0] += a->c->bytes_sent;
  bytes[1] += a->c->bytes_between_hosts;
  comm_sum_i64(a->c, bytes, 2);
  report->bytes_sent = bytes[0];
  report->bytes_between_hosts = bytes[1];
  share_times(a, &spent, report);
  a->sweeps_done++;
done:
  return st;
}

status als_run(als *a, als_observer *observer, void *context) {
  status st = OK;
  bool converged = false;
  if (a->sides[ITEMS].batches == 1) { /* the first half sweep's fixed side; later ones set out while they are solved */
    exchange_trip trip;
    begin_batch(a, ITEMS, 0, &trip);
    end_batch(a, ITEMS, 0, &trip);
  }
  while (a->sweeps_done < a->set.sweeps && !converged) {
    als_report report;
    TRY(sweep(a, a->sweeps_done + 1 == a->set.sweeps, &report));
    if (report.has_objective) {
      /* Comparisons with NaN are false: the first objective converges on nothing. */
      converged =
          a->set.tolerance > 0 && a->last_objective - report.objective < a->set.tolerance * fabs(a->last_objective);
      a->last_objective = report.objective;
    }
    if (observer != NULL)
      TRY(observer(context, a, &report));
  }
done:
  return st;
}

const part *als_part(const als *a, side s) {
  return &a->sides[s].part;
}
off als_ld(const als *a) {
  return a->ld;
}
real *als_factors(als *a, side s) {
  return own_rows(a, s);
}
real *als_bias(als *a, side s) {
  return own_bias(a, s);
}
const csr *als_interactions(const als *a, side s) {
  return &a->sides[s].m;
}
double als_mean(const als *a) {
  return a->mean;
}
off als_pairs(const als *a) {
  return a->pairs;
}
int als_sweeps_done(const als *a) {
  return a->sweeps_done;
}
exchange_mode als_exchange(const als *a, side s) {
  return s == USERS && a->spread != NULL ? EXCHANGE_REDUCE : exchange_chosen(a->sides[s].plan[0]);
}
int als_batches(const als *a, side s) {
  return a->sides[s].batches;
}
lid als_spread_items(const als *a) {
  return a->spread != NULL ? spread_list(a->spread)->n : 0;
}

double als_cost(const als *a) {
  double sum = 0;
  for (int s = 0; s < 2; s++) {
    const csr *m = &a->sides[s].m;
    for (lid r = 0; r < m->n_rows; r++)
      sum += (double)cost_of_row(m->ptr[r + 1] - m->ptr[r], a->set.factors);
  }
  if (a->spread != NULL)
    sum += (double)spread_pairs(a->spread) * a->set.factors * a->set.factors;
  return sum;
}

void als_value_range(const als *a, double *low, double *high) {
  *low = a->low;
  *high = a->high;
}

void als_set_progress(als *a, int sweeps_done, double last_objective) {
  a->sweeps_done = sweeps_done;
  a->last_objective = last_objective;
}
