/* Alternating least squares over ranks: half sweeps, the exact objective, convergence.
 *
 * The factors, the objective and everything else that comes out have the same bits on any number of ranks and threads:
 * a row's system is summed in the row's own order, and what is summed over rows goes through train/math/exact.h. */
#ifndef PALATE_TRAIN_ALS_ALS_H
#define PALATE_TRAIN_ALS_ALS_H

#include "train/exchange/exchange.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"
#include "train/solve/loss.h"
#include "train/solve/solver.h"

typedef struct als_settings {
  loss loss;
  int factors;         /* k, 1 … 512 */
  uint64_t seed;       /* of the initial factors */
  int sweeps;          /* most sweeps in all, those before a resume included */
  double tolerance;    /* stop when the objective falls by less than this share in a sweep; 0: never */
  int objective_every; /* sweeps between objectives; the last sweep always has one */
  solve_method method;
  bool nonnegative; /* factors may not be negative */
  exchange_mode exchange;
  int64_t memory; /* bytes a rank may hold (mem_held()) while it sweeps; 0: no bound. Rows of the fixed side that do not
                     fit are brought batch by batch */
  machine machine; /* what EXCHANGE_AUTO predicts times for; all 0: one of a usual kind */
  off heavy;       /* interactions from which a row is heavy; 0: train/cost/cost.h says. It enters the last bits */
} als_settings;

/* What one sweep did. */
typedef struct als_report {
  int sweep; /* from 1 */
  double seconds_users, seconds_items, seconds_objective;
  /* Within the half sweeps, of the rank that waited longest and over all ranks: */
  double seconds_waiting; /* for rows and for the other ranks, with nothing to solve */
  double
      seconds_exchange; /* from the first row that set out to the last that arrived; what was not waited was hidden */
  double balance;       /* largest over mean time in which ranks solved */
  bool last; /* als_run ends after this sweep: the settings' number is reached, or the objective has settled */
  bool has_objective;
  double objective;            /* the loss itself, constants included (train/solve/solver.h, summed over both sides) */
  double rmse;                 /* explicit: root of the mean squared error of the training pairs; else 0 */
  int64_t bytes_sent;          /* by all ranks in this sweep */
  int64_t bytes_between_hosts; /* those of them for ranks on other hosts */
  int64_t messages_max;        /* messages of factor rows of the rank that sent most of them */
} als_report;

/* Whether a method makes use of what all rows share: one more Gram matrix in each half sweep. */
bool als_wants_mean_system(solve_method method);

typedef struct als als;

/* Takes over this rank's training interactions (users' rows, global item rows as columns, values as the dataset has
 * them; *train is emptied; users cut on multiples of cost_granule()), makes the transpose, the item partition and the
 * exchange plans, and draws the initial factors: normal(0, 0.1 / sqrt(k)). With the implicit loss pairs of value 0 are
 * left out: they are no likes. Collective; agreed status. BAD_DATA where there is nothing to train on. */
status als_create(comm *c, const als_settings *settings, const part *users, gid n_items, csr *train, als **out);
void als_free(als *a);

/* Called after each sweep on every rank; a status other than OK ends the run with it (agreed by the caller's rules:
 * every rank must return the same). May be NULL. */
typedef status als_observer(void *context, als *a, const als_report *report);

/* Sweeps until the settings say stop. Collective; agreed status. INTERNAL where the factors diverge. */
status als_run(als *a, als_observer *observer, void *context);

/* --- what is inside; local --- */

const part *als_part(const als *a, side s);
off als_ld(const als *a);
/* Our own rows (part_count, als_ld); and their biases, NULL for a model without. Writable, so that a warm start or a
 * checkpoint can be put in before als_run. */
real *als_factors(als *a, side s);
real *als_bias(als *a, side s);

double als_mean(const als *a); /* mu of the explicit loss, 0 of the implicit one */
off als_pairs(const als *a);   /* training pairs on all ranks */
/* Implicit loss, on all ranks: pairs of value 0, which were left out, and training pairs below 0. */
int64_t als_zeros(const als *a);
int64_t als_dislikes(const als *a);
void als_value_range(const als *a, double *low, double *high); /* of the training values as given */
int als_sweeps_done(const als *a);
/* Predicted flops of one sweep on this rank (train/cost/cost.h). */
double als_cost(const als *a);
/* Continues after a resume as if so many sweeps had been done here, the last with this objective. */
void als_set_progress(als *a, int sweeps_done, double last_objective);
/* How a side's rows reach the ranks that solve the other side. EXCHANGE_REDUCE: heavy items are solved where their
 * interactions are, and users' rows travel by halo for the others. */
exchange_mode als_exchange(const als *a, side s);
/* Batches in which a side's rows come to the ranks that solve the other side: 1 where they all fit at once. */
int als_batches(const als *a, side s);
/* Items that are solved where their interactions are. */
lid als_spread_items(const als *a);

#endif
