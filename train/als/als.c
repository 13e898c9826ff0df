#include "train/als/als.h"

#include "io/base/mem.h"
#include "train/als/als_private.h"
#include "train/cost/cost.h"
#include "train/exchange/reduce.h"
#include "train/math/factors.h"
#include "train/math/rng.h"
#include "train/solve/solver.h"

#include <string.h>

/* Implicit loss: removes pairs that are not likes, and counts them and the dislikes. Collective. */
static void drop_zeros(als *a) {
  csr *m = &a->sides[USERS].m;
  int64_t counts[2] = {0, 0};
  if (a->set.loss.explicit_loss)
    return;
  counts[0] = csr_drop_zeros(m);
  for (off i = 0; i < csr_nnz(m); i++)
    counts[1] += m->val[i] < 0;
  comm_sum_i64(a->c, counts, 2);
  a->zeros = counts[0];
  a->dislikes = counts[1];
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
    st =
        a->zeros > 0
            ? status_fail(BAD_DATA, "no interactions to train on: all %lld pairs have the value 0, which is not a like",
                          (long long)a->zeros)
            : status_fail(BAD_DATA,
                          "no interactions to train on: the dataset is empty, or the hold-out takes all of it");
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
  for (off i = 0; m->weight != NULL && i < csr_nnz(m); i++)
    m->val[i] *= m->weight[i];
  mem_free(m->weight); /* the transpose has it in its values */
  m->weight = NULL;
  double most[3] = {a->set.loss.explicit_loss ? 1 : 0, 0, -HUGE_VAL}; /* the third of -a: one reduction */
  double base = loss_base(&a->set.loss);
  for (off i = 0; !a->set.loss.explicit_loss && i < csr_nnz(m); i++) {
    double weight = fabs((double)m->val[i]) - base;
    most[0] = fmax(most[0], fabs(weight));
    most[2] = fmax(most[2], -weight);
    most[1] = fmax(most[1], (double)m->val[i]);
  }
  comm_max_f64(a->c, most, 3);
  a->max_weight = most[0];
  a->most_p = most[1];
  a->least_a = -most[2];
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

/* Counts the rows with interactions, and takes the weights that fit them. */
static void fit_loss(als *a) {
  const csr *m = &a->sides[USERS].m;
  for (lid r = 0; r < m->n_rows; r++)
    a->active[USERS] += m->ptr[r + 1] > m->ptr[r];
  comm_sum_i64(a->c, a->active, 2); /* our items' are counted: als_make_items() */
  if (a->set.unobserved_auto)
    a->set.loss.unobserved = loss_unobserved_for(a->pairs, a->active[USERS], a->active[ITEMS]);
  if (a->set.lambda_auto)
    a->set.loss.lambda = loss_lambda_for(a->pairs, a->active[USERS]);
}

/* Interactions of each row of a side, for the mean system. */
static status make_frequencies(als *a, side s) {
  lid n = own_count(a, s);
  status st = comm_agree(a->c, MEM_ALLOC(a->frequency[s], n, "frequencies"));
  if (st != OK)
    return st;
  double most = 0;
  for (lid r = 0; r < n; r++) {
    a->frequency[s][r] = (real)als_row_interactions(a, s, r);
    most = fmax(most, (double)a->frequency[s][r]);
  }
  comm_max_f64(a->c, &most, 1);
  a->most_frequent[s] = most;
  return OK;
}

bool als_wants_basis(const als *a, side s) {
  static const double LEAST_WEIGHT = 1e-9; /* we divide by its root */
  gid rows = a->sides[s].part.n, fixed = a->sides[s == USERS ? ITEMS : USERS].part.n;
  return solver_wants_basis(a->set.loss.explicit_loss, a->set.method, a->set.factors, rows, fixed) &&
         !a->set.nonnegative && a->least_a > LEAST_WEIGHT;
}

/* The default machine: 10 Gbit/s. */
static const machine ANY_MACHINE = {
    .threads = 1, .flops = 120e9, .half = 64, .link = 1.25e9, .local = 4e9, .latency = 2e-6};

/* Gram matrices, what the method needs, and the losses of our items. */
static status make_sums(als *a) {
  status st = OK;
  off area = (off)a->set.factors * a->set.factors;
  TRY(MEM_ZALLOC(a->gram[USERS], area, "Gram matrix"));
  TRY(MEM_ZALLOC(a->gram[ITEMS], area, "Gram matrix"));
  TRY(MEM_ZALLOC(a->row_loss, own_count(a, ITEMS), "row losses"));
  if (solver_wants_mean_system(a->set.method)) {
    TRY(MEM_ZALLOC(a->seen, area, "Gram matrix"));
    TRY(MEM_ZALLOC(a->seen_mean, a->set.factors, "Gram matrix"));
  }
  TRY(als_prior_create(a));
  if (als_wants_basis(a, USERS) || als_wants_basis(a, ITEMS)) {
    TRY(MEM_ALLOC(a->basis, area, "eigenvectors"));
    TRY(MEM_ALLOC(a->spectrum, a->set.factors, "eigenvalues"));
  }
done:
  return st;
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
    if (a->set.machine.link <= 0)
      a->set.machine = ANY_MACHINE;
    a->ld = factors_ld(settings->factors);
    a->sides[USERS].m = *train;
    *train = (csr){0};
    st = part_equal(&a->sides[USERS].part, users->n, c->size);
  }
  TRY(comm_agree(c, st));
  memcpy(a->sides[USERS].part.first, users->first, sizeof(gid) * ((size_t)c->size + 1));
  drop_zeros(a);
  TRY(measure_values(a));
  make_confidences(a);
  TRY(als_make_items(a, n_items, &mode, &heavy));
  fit_loss(a);
  TRY(als_make_plans(a, mode, &heavy));
  TRY(make_table(a, USERS));
  TRY(make_table(a, ITEMS));
  if (solver_wants_mean_system(settings->method)) {
    TRY(make_frequencies(a, USERS));
    TRY(make_frequencies(a, ITEMS));
  }
  TRY(comm_agree(c, make_sums(a)));
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
  mem_free(a->basis);
  mem_free(a->spectrum);
  mem_free(a->seen);
  mem_free(a->seen_mean);
  mem_free(a->prior);
  mem_free(a->unseen);
  mem_free(a->row_loss);
  heavy_reduce_free(a->heavy);
  mem_free(a->heavy_x);
  mem_free(a->heavy_bias);
  mem_free(a->heavy_loss);
  mem_free(a);
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
double als_mean(const als *a) {
  return a->mean;
}
int64_t als_zeros(const als *a) {
  return a->zeros;
}

int64_t als_dislikes(const als *a) {
  return a->dislikes;
}

const loss *als_loss(const als *a) {
  return &a->set.loss;
}
const double *als_prior(const als *a) {
  return a->prior;
}
const real *als_unseen(const als *a) {
  return a->unseen;
}
off als_active(const als *a, side s) {
  return a->active[s];
}
off als_pairs(const als *a) {
  return a->pairs;
}
int als_sweeps_done(const als *a) {
  return a->sweeps_done;
}
exchange_mode als_exchange(const als *a, side s) {
  return s == USERS && a->heavy != NULL ? EXCHANGE_REDUCE : exchange_chosen(a->sides[s].plan[0]);
}
int als_batches(const als *a, side s) {
  return a->sides[s].batches;
}
lid als_heavy_items(const als *a) {
  return a->heavy != NULL ? heavy_reduce_list(a->heavy)->n : 0;
}

double als_cost(const als *a) {
  double sum = 0;
  for (int s = 0; s < 2; s++) {
    const csr *m = &a->sides[s].m;
    for (lid r = 0; r < m->n_rows; r++)
      sum += (double)cost_of_row(m->ptr[r + 1] - m->ptr[r], a->set.factors);
  }
  if (a->heavy != NULL)
    sum += (double)heavy_reduce_pairs(a->heavy) * a->set.factors * a->set.factors;
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
