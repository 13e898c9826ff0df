#include "train/als/als.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "train/als/als_private.h"
#include "train/exchange/reduce.h"
#include "train/math/eigenbasis.h"
#include "train/math/gram.h"
#include "train/solve/solver.h"

#include <string.h>

/* The Gram matrix of a side. */
static status make_gram(als *a, side s, double *largest) {
  return reduce_gram(a->c, own_rows(a, s), own_count(a, s), a->sides[s].part.n, a->set.factors, a->ld, NULL, 1,
                     a->gram[s], largest);
}

/* Sends a side's biases, after its factors, and waits: they are few. */
static void share_biases(als *a, side s, int batch) {
  als_side *own = &a->sides[s];
  exchange_trip trip;
  if (own->bias == NULL)
    return;
  exchange_begin(a->c, own->plan[batch], own->bias, 1, 1, &trip);
  exchange_end(&trip);
}

/* Begins to send all rows, which are final, for one batch of the solvers; end_batch ends it. */
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

/* The problem of solving one side with the other fixed. */
static status make_problem(als *a, side fixed, half_problem *p) {
  als_side *from = &a->sides[fixed];
  const loss *l = &a->set.loss;
  double largest = 0, bias = 0;
  status st = make_gram(a, fixed, &largest); /* fails if the fixed side is not finite */
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
  bool turned = als_wants_basis(a, fixed == USERS ? ITEMS : USERS);
  if (turned) /* on each rank: the same library gives the same bits for the same Gram matrix */
    st = comm_agree(a->c, eigenbasis(a->gram[fixed], a->set.factors, a->spectrum, a->basis));
  if (st != OK)
    return st;
  bool pulled = fixed == ITEMS && a->prior != NULL;
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
                      .pair_weight = a->mean_weight,
                      .alpha0 = loss_alpha0(l),
                      .base = loss_base(l),
                      .n_fixed = from->part.n,
                      .gram = l->explicit_loss ? NULL : a->gram[fixed],
                      .prior = pulled ? a->prior : NULL,
                      .pull = pulled ? loss_pull(l, from->part.n) : 0,
                      .spectrum = turned ? a->spectrum : NULL,
                      .basis = turned ? a->basis : NULL,
                      .n_table = a->set.memory == 0 ? from->table_rows : 0,
                      .seen = a->seen,
                      .seen_mean = from->bias != NULL ? a->seen_mean : NULL,
                      .mean_a = a->mean_a,
                      .fixed_max = largest,
                      .max_weight = a->max_weight,
                      .max_target = l->explicit_loss ? most_rest : a->most_p};
  return OK;
}

/* Copies the rows of heavy items in first … end-1, solved by heavy_reduce_solve, to their places. */
static void place_spread(als *a, lid first, lid end) {
  lid own_first, own_n;
  heavy_reduce_own(a->heavy, &own_first, &own_n);
  gid item0 = a->sides[ITEMS].part.first[a->c->rank];
  for (lid h = 0; h < own_n; h++) {
    lid row = (lid)(heavy_reduce_list(a->heavy)->row[own_first + h] - item0);
    if (row < first || row >= end)
      continue;
    memcpy(own_rows(a, ITEMS) + row * a->ld, a->heavy_x + h * a->ld, sizeof(real) * (size_t)a->ld);
    if (a->heavy_bias != NULL)
      own_bias(a, ITEMS)[row] = a->heavy_bias[h];
  }
}

static status add_spread_loss(als *a, solver *solver) {
  lid own_first, own_n;
  status st = heavy_reduce_loss(a->c, a->heavy, solver, a->heavy_x, a->heavy_bias, a->ld, a->heavy_loss);
  heavy_reduce_own(a->heavy, &own_first, &own_n);
  for (lid h = own_first; st == OK && h < own_first + own_n; h++)
    a->row_loss[heavy_reduce_list(a->heavy)->row[h] - a->sides[ITEMS].part.first[a->c->rank]] = a->heavy_loss[h];
  return st;
}

/* Solves one batch of side s's rows, piece by piece; trips progress between pieces. `set_out` (may be NULL) sends s's
 * own finished rows, `next` (may be NULL) brings the next batch's rows of the fixed side. */
static status solve_batch(als *a, side s, solver *solver, lid first, lid end, exchange_trip *set_out,
                          exchange_trip *next, double *row_loss) {
  als_side *own = &a->sides[s];
  int pieces = a->c->size == 1 ? 1 : PIECES;
  status st = OK;
  for (int i = 1; i <= pieces && first < end && st == OK; i++) {
    lid stop = i == pieces ? end : als_share_end(&own->m, i, pieces);
    stop = stop > end ? end : stop;
    if (stop <= first)
      continue;
    st = solver_rows(solver, &own->m, &own->heavy, first, stop - first, own_rows(a, s), own_bias(a, s), row_loss);
    if (s == ITEMS && a->heavy != NULL)
      place_spread(a, first, stop);
    if (set_out != NULL)
      exchange_ready(set_out, stop);
    if (next != NULL)
      exchange_poll(next);
    first = stop;
  }
  return st;
}

/* Seconds of a half sweep. */
typedef struct spent {
  double waiting, exchanging, solving;
} spent;

/* Solves all rows of side s with the other side fixed. */
static status half_sweep(als *a, side s, double *row_loss, spent *spent) {
  side fixed = s == USERS ? ITEMS : USERS;
  als_side *own = &a->sides[s], *from = &a->sides[fixed];
  bool reduced = s == ITEMS && a->heavy != NULL, set_out = own->batches == 1, batched = from->batches > 1;
  solver *solver = NULL;
  exchange_trip out, in[2];
  half_problem p;
  status st = s == USERS ? als_prior_make(a) : OK;
  if (st == OK)
    st = make_problem(a, fixed, &p);
  if (st != OK)
    return st;
  TRY(comm_agree(a->c, solver_create(&p, &solver)));
  if (reduced)
    TRY(heavy_reduce_solve(a->c, a->heavy, solver, a->ld, a->heavy_x, a->heavy_bias));
  double begun = seconds_now(), waited = 0;
  if (batched)
    begin_batch(a, fixed, 0, &in[0]);
  if (set_out)
    exchange_begin(a->c, own->plan[0], own->table, a->set.factors, a->ld, &out);
  for (int b = 0; b < from->batches; b++) { /* also after a failed row: other ranks wait for our messages */
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
  if (reduced && row_loss != NULL)
    TRY(add_spread_loss(a, solver));
done:
  solver_free(solver);
  return st;
}

/* Σ λ_r (|x_r|² + b_r²) over a side; of users with a prior, Σ (λ_r − pull) |x_r|² + pull |x_r − prior|². */
static status penalty(als *a, side s, double *out) {
  const csr *m = &a->sides[s].m;
  double *terms = NULL;
  status st = comm_agree(a->c, MEM_ALLOC(terms, m->n_rows, "row penalties"));
  if (st != OK)
    goto done;
  const real *x = own_rows(a, s), *bias = own_bias(a, s);
  gid n_fixed = a->sides[s == USERS ? ITEMS : USERS].part.n;
  const double *prior = s == USERS ? a->prior : NULL;
  double pull = prior != NULL ? loss_pull(&a->set.loss, n_fixed) : 0;
#pragma omp parallel for schedule(static)
  for (lid r = 0; r < m->n_rows; r++) {
    double square = bias != NULL ? (double)bias[r] * bias[r] : 0, away = 0;
    for (int j = 0; j < a->set.factors; j++) {
      double own = (double)x[r * a->ld + j], rest = prior != NULL ? own - prior[j] : 0;
      square += own * own;
      away += rest * rest;
    }
    off n = als_row_interactions(a, s, r);
    /* A row without interactions has no factors: its penalty is 0, though 0^0 is 1. */
    terms[r] = square > 0 ? square * (loss_row_lambda(&a->set.loss, (double)n * a->mean_weight, n_fixed) - pull) : 0;
    terms[r] += n > 0 ? pull * away : 0;
  }
  TRY(reduce_sum(a->c, terms, m->n_rows, a->sides[s].part.n, "the regularization", out));
done:
  mem_free(terms);
  return st;
}

/* The loss itself, from the items' data terms of the last half sweep, Gram matrices and penalties. */
static status objective(als *a, als_report *report) {
  status st = OK;
  double data, users, items, all_pairs = 0;
  TRY(als_prior_make(a));
  TRY(reduce_sum(a->c, a->row_loss, own_count(a, ITEMS), a->sides[ITEMS].part.n, "the objective", &data));
  TRY(penalty(a, USERS, &users));
  TRY(penalty(a, ITEMS, &items));
  if (!a->set.loss.explicit_loss) {
    TRY(make_gram(a, ITEMS, NULL)); /* the users' is still valid: they were fixed */
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

/* Times over all ranks. Not part of the sweep's bytes, which are counted before. */
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
  int64_t bytes[2] = {-a->c->bytes_sent, -a->c->bytes_between_hosts}, messages = -a->c->row_messages;
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
  messages += a->c->row_messages;
  comm_sum_i64(a->c, bytes, 2);
  report->bytes_sent = bytes[0];
  report->bytes_between_hosts = bytes[1];
  comm_max_i64(a->c, &messages, 1);
  report->messages_max = messages;
  share_times(a, &spent, report);
  a->sweeps_done++;
done:
  return st;
}

status als_run(als *a, als_observer *observer, void *context) {
  status st = OK;
  bool converged = false;
  if (a->sides[ITEMS].batches ==
      1) { /* the fixed side of the first half sweep; later ones are sent while they are solved */
    exchange_trip trip;
    begin_batch(a, ITEMS, 0, &trip);
    end_batch(a, ITEMS, 0, &trip);
  }
  als_prior_begin(a);
  while (a->sweeps_done < a->set.sweeps && !converged) {
    als_report report;
    TRY(sweep(a, a->sweeps_done + 1 == a->set.sweeps, &report));
    if (report.has_objective) {
      /* Comparisons with NaN are false: there is no convergence at the first objective. */
      converged =
          a->set.tolerance > 0 && a->last_objective - report.objective < a->set.tolerance * fabs(a->last_objective);
      a->last_objective = report.objective;
    }
    report.last = converged || a->sweeps_done == a->set.sweeps;
    if (observer != NULL)
      TRY(observer(context, a, &report));
  }
  if (a->prior != NULL) {
    half_problem p;
    TRY(als_prior_make(a));
    TRY(make_problem(a, ITEMS, &p));
    TRY(als_prior_serve(a, &p));
  }
done:
  return st;
}
