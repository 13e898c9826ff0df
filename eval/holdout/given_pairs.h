/* Test pairs from another dataset, such as a published split: the --test of train and evaluate. */
#ifndef PALATE_EVAL_HOLDOUT_GIVEN_PAIRS_H
#define PALATE_EVAL_HOLDOUT_GIVEN_PAIRS_H

#include "io/schema/dataset.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"
#include "train/rows/mark.h"
#include "train/rows/row_sort.h"

/* This rank's test pairs, in the rows of the training dataset. */
typedef struct given_pairs {
  gid first; /* our first user */
  csr rows;  /* of our users; item rows ascending, merged */
} given_pairs;

/* Reads the dataset at `path`, matches its users and items to d by id, and sends each pair to the rank that owns its
 * user. Pairs of users or items that d does not have are left out with a warning. Collective; agreed status. Free with
 * given_free. */
status given_load(comm *c, dataset *d, const char *path, const part *users, duplicates merge, given_pairs *out);
void given_free(given_pairs *g);

/* The mark_events that drops the test pairs from training; the rule is a const given_pairs *. Local. */
mark_events given_mark;

#endif
