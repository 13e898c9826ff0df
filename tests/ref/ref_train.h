/* The slow, obviously right ALS: double precision, dense matrices, every pair visited. */
#ifndef PALATE_TESTS_REF_REF_TRAIN_H
#define PALATE_TESTS_REF_REF_TRAIN_H

#include "train/rows/csr.h"
#include "train/solve/row/loss.h"

/* Trains on the whole matrix (users' rows, item columns, values as a dataset has them, weights or none) from the
 * product's own initial factors and gives the objective after each sweep. For tests: ends the process where memory is
 * lacking. */
void ref_train(const loss *l, const csr *users, gid n_items, int k, uint64_t seed, int sweeps, double *objective);

#endif
