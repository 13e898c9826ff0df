/* What the members of a model consumed, to name and to judge its groups by. */
#ifndef PALATE_JOBS_GROUPS_GROUP_PAIRS_H
#define PALATE_JOBS_GROUPS_GROUP_PAIRS_H

#include "io/ranks/comm.h"
#include "io/schema/model.h"
#include "train/rows/csr.h"

/* This rank's equal share of the users: the pairs the model m was trained on, and those its hold-out rule held out
 * (test may be NULL). Collective; agreed status: BAD_DATA if the dataset at `path` does not have the model's users and
 * items. Free with csr_free. */
status group_pairs_load(comm *c, model *m, const char *path, csr *train, csr *test);

/* Whether the dataset at `path` has as many users and items as the model; a file that is not there or not a dataset
 * does not fit. Collective; agreed status: NO_MEMORY. */
status group_pairs_fit(comm *c, model *m, const char *path, bool *fit);

/* Keeps what each member loved: ratings at or above the member's mean, counts above 0. In place. Local. */
void group_pairs_keep_loved(csr *pairs, bool explicit_loss);

#endif
