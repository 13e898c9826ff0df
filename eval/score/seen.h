/* What a model's members already have, read from a dataset a few members at a time. */
#ifndef PALATE_EVAL_SCORE_SEEN_H
#define PALATE_EVAL_SCORE_SEEN_H

#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "io/schema/model.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"

/* Whether the model was trained on this very dataset, so that their rows are the same. Local. */
bool seen_same_rows(model *m, const dataset *d);

typedef struct seen seen;

/* For this rank's members of the model (`users` cuts the model's members). Where the model was trained on other data,
 * members and items are matched by id. d and m must outlive it. Collective; agreed status. Free with seen_free. */
status seen_create(comm *c, dataset *d, model *m, const part *users, seen **out);
void seen_free(seen *s);

/* Whether the items have other rows in the model, so that ranks must ask one another: all of them then have to call
 * seen_rows as often as any other. False for NULL. Local; the same on all ranks. */
bool seen_together(const seen *s);

/* Rows first … first+count-1 of the model's members, which must be ours (count may be 0): the model's item rows of all
 * their events, in no order, and as often as they occur. Replaces *out; values are not set. Free with csr_free.
 * Collective where seen_together, with agreed status; else local. */
status seen_rows(comm *c, seen *s, gid first, lid count, csr *out);

#endif
