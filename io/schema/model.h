/* model.h5 of a snapshot: factors, biases, ids, titles, tags, pairs. Reading; io/schema/model_write.h writes. */
#ifndef PALATE_IO_SCHEMA_MODEL_H
#define PALATE_IO_SCHEMA_MODEL_H

#include "io/base/strings.h"
#include "io/base/types.h"
#include "io/hdf5/h5.h"
#include "io/snapshot/resolve.h"

typedef struct model model;

/* Opens DIR/model.h5 and checks types, shapes and attributes. Local: reading commands need no MPI. */
status model_open(const char *dir, model **out);
/* The same of another file of the snapshot. */
status model_open_file(const char *dir, const char *name, model **out);
void model_close(model *m); /* NULL is accepted */

gid model_rows(const model *m, side s);
int model_factors(const model *m);
bool model_has_bias(const model *m);
bool model_is_explicit(const model *m);
double model_mean(const model *m); /* mu of the explicit model, 0 of the implicit one */
h5_file *model_file(model *m);

/* The mean user, to which users' factors are pulled (k), and the factors of users without training events (k); NULL for
 * a model without a prior (--prior-mean 0). Valid until close. */
const real *model_prior(const model *m);
const real *model_unseen(const model *m);
/* Whether a user's factors x (k) come from no event: bitwise those of model_unseen, or all zero. */
bool model_is_unseen(const model *m, const real *x);

/* Factor rows first … first+count-1 into out (count, ld), the places from k to ld set to 0. Local. */
status model_read_factors(model *m, side s, gid first, gid count, real *out, off ld);
/* Biases; zeros where the model has none. Local. */
status model_read_bias(model *m, side s, gid first, gid count, real *out);
/* Whether the model says how many training pairs each item has; older ones do not. */
bool model_has_pairs(const model *m);
/* Training pairs of the items first … first+count-1. Only if model_has_pairs. BAD_DATA if one is negative. Local. */
status model_read_pairs(model *m, gid first, gid count, int64_t *out);
/* The whole factor matrix (n, k) in place where the file can be mapped, else NULL: then read. Valid until close. */
status model_map_factors(model *m, side s, const real **out);

status model_read_ids(model *m, side s, gid first, gid count, strings *out);
status model_read_titles(model *m, gid first, gid count, strings *out); /* n = 0 where there are none */
status model_read_tags(model *m, gid first, gid count, strings *out);
/* The row of an id, or -1 in *row where there is none. Uses the dense order (numeric or bytewise) where the ids keep
 * it, else a scan. Local. */
status model_find_id(model *m, side s, const char *id, gid *row);

#endif
