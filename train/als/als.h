/* Alternating least squares over ranks: half sweeps, the exact objective, convergence.
 *
 * The factors, the objective and all other results have the same bits on any number of ranks and threads: a row's
 * system is summed in the row's own order, and what is summed over rows goes through train/math/exact.h. */
#ifndef PALATE_TRAIN_ALS_ALS_H
#define PALATE_TRAIN_ALS_ALS_H

#include "train/als/als_settings.h"
#include "train/exchange/exchange.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"

/* Figures of one sweep. */
typedef struct als_report {
  int sweep; /* from 1 */
  double seconds_users, seconds_items, seconds_objective;
  /* Within the half sweeps, maxima over ranks: */
  double seconds_waiting;  /* for rows and for other ranks, with nothing to solve */
  double seconds_exchange; /* from the first row sent to the last received; what is not waiting is hidden */
  double balance;          /* largest over mean time spent solving */
  bool last; /* als_run ends after this sweep: the number of sweeps is reached, or the objective has converged */
  bool has_objective;
  double objective;            /* the loss itself, constants included (train/solve/solver.h, summed over both sides) */
  double rmse;                 /* explicit: root mean squared error of the training pairs; else 0 */
  int64_t bytes_sent;          /* by all ranks in this sweep */
  int64_t bytes_between_hosts; /* of these, to ranks on other hosts */
  int64_t messages_max;        /* messages of factor rows, of the rank that sent most */
} als_report;

typedef struct als als;

/* Makes a trainer. Takes over this rank's training interactions (users' rows, global item rows as columns, values as
 * the dataset has them; *train is emptied; users cut on multiples of cost_granule()), makes the transpose, the item
 * partition and the exchange plans, and draws the initial factors: normal(0, 0.1 / sqrt(k)). Collective; agreed status.
 * With the implicit loss pairs of value 0 are left out: they are not likes; train->weight multiplies the confidences,
 * and where the ridge and unobserved_auto count pairs, each counts as the mean weight; NULL with the explicit loss.
 * BAD_DATA if there is nothing to train on.
 */
status als_create(comm *c, const als_settings *settings, const part *users, gid n_items, csr *train, als **out);
void als_free(als *a);

/* Called after each sweep on every rank. A status other than OK ends the run with that status; every rank must return
 * the same. */
typedef status als_observer(void *context, als *a, const als_report *report);

/* Sweeps until the settings end it. observer may be NULL. Collective; agreed status. INTERNAL if the factors
 * diverge. */
status als_run(als *a, als_observer *observer, void *context);

/* --- state; local --- */

const part *als_part(const als *a, side s);
off als_ld(const als *a);
/* Our own rows (part_count, als_ld) and their biases (NULL without biases). Writable, for a warm start or a checkpoint
 * before als_run. */
real *als_factors(als *a, side s);
real *als_bias(als *a, side s);

double als_mean_weight(const als *a); /* of the training pairs' weights by recency; 1 without */
double als_mean(const als *a);        /* mu of the explicit loss, 0 of the implicit one */
/* The loss that is minimised: as in the settings, with the numbers taken for what they leave open. */
const loss *als_loss(const als *a);
/* The mean user (k), the prior of all users; and, after als_run, the row of users without interactions (als_ld), which
 * stands in theirs. NULL without a prior. */
const double *als_prior(const als *a);
const real *als_unseen(const als *a);
off als_active(const als *a, side s);                  /* rows with training pairs, on all ranks */
off als_pairs(const als *a);                           /* training pairs on all ranks */
off als_row_interactions(const als *a, side s, lid r); /* training pairs of our row r, on all ranks */
/* Implicit loss, on all ranks: pairs of value 0, which were left out, and training pairs below 0. */
int64_t als_zeros(const als *a);
int64_t als_dislikes(const als *a);
void als_value_range(const als *a, double *low, double *high); /* of the training values, untransformed */
int als_sweeps_done(const als *a);
/* Predicted flops of one sweep on this rank (train/cost/cost.h). */
double als_cost(const als *a);
/* For resuming: als_run continues as if so many sweeps had been done here, the last with this objective. */
void als_set_progress(als *a, int sweeps_done, double last_objective);
/* How a side's rows reach the ranks that solve the other side. EXCHANGE_REDUCE: heavy items are solved where their
 * interactions are; for the others, users' rows travel by halo. */
exchange_mode als_exchange(const als *a, side s);
/* Batches in which a side's rows reach the ranks that solve the other side: 1 if all fit at once. */
int als_batches(const als *a, side s);
/* Items that are solved where their interactions are. */
lid als_heavy_items(const als *a);

#endif
