/* The items that a model's members already have, read from a dataset a few members at a time. */
#ifndef PALATE_EVAL_SCORE_SEEN_H
#define PALATE_EVAL_SCORE_SEEN_H

#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "io/schema/model.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"

/* Returns true if the model was trained on this very dataset, so that their rows are the same. Local. */
bool seen_same_rows(model *m, const dataset *d);

typedef struct seen seen;

/* For this rank's members of the model (`users` is a partition of the model's members). If the model was trained on
 * another dataset, members and items are matched by id. d and m must outlive it. Collective; agreed status. Free with
 * seen_free. */
status seen_create(comm *c, dataset *d, model *m, const part *users, seen **out);
void seen_free(seen *s);

/* Returns true if items have other rows in the model: then seen_rows is collective, and all ranks must call it equally
 * often. False for NULL. Local; the same on all ranks. */
bool seen_is_collective(const seen *s);

/* out: a row for each of the model's members first … first+count-1, which must be ours (count may be 0), with the
 * model's item rows of all their events, unsorted and with repeats. Replaces *out; values are not set. Free with
 * csr_free. Collective with agreed status if seen_is_collective; else local. NO_MEMORY, IO_FAILED. */
status seen_rows(comm *c, seen *s, gid first, lid count, csr *out);

#endif
