/* Factors of users that a model was not trained on: each user's row is solved exactly against the items' factors, as in
 * a half sweep of training. */
#ifndef PALATE_EVAL_SCORE_FOLDIN_H
#define PALATE_EVAL_SCORE_FOLDIN_H

#include "io/ranks/comm.h"
#include "io/schema/model.h"
#include "train/rows/csr.h"
#include "train/solve/row/loss.h"

/* The loss a model was trained with, from its attributes. Not --half-life: the rows to fold in have no times, so
 * that each of their pairs weighs as one of today. BAD_DATA if one is missing or wrong. Local. */
status foldin_loss(model *m, loss *out);

typedef struct foldin foldin;

/* Reads the loss and, for an implicit model, computes the Gram matrix of all items over ranks. m must outlive it.
 * Collective; agreed status. Free with foldin_free. */
status foldin_create(comm *c, model *m, foldin **out);
void foldin_free(foldin *f);

/* Solves the n rows of `rows` into the first k columns of x (n, ldx), and bias[n] (may be NULL; zero for a model
 * without biases). Columns of `rows` are the model's item rows, ascending; its values are a dataset's. Both are
 * overwritten; with the implicit loss pairs of value 0 are removed first. A row without items gets the model's factors
 * of users without events. OpenMP threads. NO_MEMORY, IO_FAILED. Local. */
status foldin_rows(foldin *f, csr *rows, real *x, off ldx, real *bias);

#endif
