/* Heavy rows of one side, solved where their interactions already are (`--exchange reduce`).
 *
 * A row with 10^7 interactions needs 10^7 factor rows of the other side at its owner. But every rank can add up the
 * normal equations of its own part: then k(k+1)/2 + k numbers of 5 bytes (SOLVER_SUM_BITS) travel instead, in a
 * reduce-scatter to the owners, in bounded batches. If ranks share hosts (io/ranks/comm.h), their parts are added up on
 * the host first, and one sum a host crosses the network. The sums are integers, so the bits equal those of a row that
 * lies at its owner as a whole. */
#ifndef PALATE_TRAIN_ALS_HEAVY_REDUCE_H
#define PALATE_TRAIN_ALS_HEAVY_REDUCE_H

#include "train/exchange/heavy_list.h"
#include "train/solve/heavy_rows.h"

typedef struct heavy_reduce heavy_reduce;

/* Extracts our part of the heavy items from our users' rows (global item columns). owners: the items' partition;
 * own_at: where our users begin in the table that solvers see; granule and first_user: where segments end
 * (train/rows/heavy_find.h; our users must begin and end on a granule). Takes over the list (*list is emptied).
 * Collective; agreed status. */
status heavy_reduce_create(comm *c, const csr *users, const part *owners, gid first_user, lid own_at, gid granule,
                           heavy_list *list, heavy_reduce **out);
void heavy_reduce_free(heavy_reduce *s);

/* The heavy rows that we own: list rows *first … *first + *n - 1. */
void heavy_reduce_own(const heavy_reduce *s, lid *first, lid *n);
const heavy_list *heavy_reduce_list(const heavy_reduce *s);
/* Interactions of heavy rows on this rank. */
off heavy_reduce_pairs(const heavy_reduce *s);

/* Solves every heavy row: x (own heavy rows, ld) and bias (or NULL) on the owners. Collective; agreed status. */
status heavy_reduce_solve(comm *c, const heavy_reduce *s, solver *solver, off ld, real *x, real *bias);

/* Adds up the data terms of the heavy rows, with the solutions x, bias of heavy_reduce_solve: loss[h] for every heavy
 * row, on all ranks. Collective; agreed status. */
status heavy_reduce_loss(comm *c, const heavy_reduce *s, solver *solver, const real *x, const real *bias, off ld,
                         double *loss);

/* Bytes that heavy_reduce_solve allocates on a rank of a host with so many ranks, if no rank owns more than `owned`
 * heavy rows. */
int64_t heavy_reduce_solve_memory(lid owned, int ranks, int ranks_on_host, int hosts, off sums_size);

/* Bytes that all ranks together send in one heavy_reduce_solve: each rank sends its part of every row of another owner
 * once, to the owner, to a rank on its host, or within the host's sum. */
int64_t heavy_reduce_solve_bytes(lid n_heavy, int ranks, off sums_size);

#endif
