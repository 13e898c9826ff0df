/* Factors of users a model was not trained on: one row each solved exactly against the items' factors, as the users'
 * half sweep of training would have done. */
#ifndef PALATE_EVAL_SCORE_FOLDIN_H
#define PALATE_EVAL_SCORE_FOLDIN_H

#include "io/ranks/comm.h"
#include "io/snapshot/snapshot.h"
#include "train/rows/csr.h"
#include "train/solve/loss.h"

/* The loss a model was trained with, from its attributes. BAD_DATA where they are missing or wrong. Local. */
status foldin_loss(model *m, loss *out);

typedef struct foldin foldin;

/* Reads the loss and, for an implicit model, makes the Gram matrix of all items, shared out over ranks. m must outlive
 * it. Collective; agreed status. Free with foldin_free. */
status foldin_create(comm *c, model *m, foldin **out);
void foldin_free(foldin *f);

/* Solves the n rows of `rows`, whose columns are the model's item rows, ascending, and whose values are those of a
 * dataset (in place, pairs of no like are taken out and values transformed as training does): x (n, ldx), of which the
 * first k columns are written, and bias[n] (NULL: not wanted; zero for a model without biases). OpenMP threads. Local.
 */
status foldin_rows(foldin *f, csr *rows, real *x, off ldx, real *bias);

#endif
