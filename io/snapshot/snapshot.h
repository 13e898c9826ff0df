/* A snapshot: one directory with a model, its groups, its metrics, and a seal (schema in formats: model.h5, …).
 *
 * While a job works on it, a snapshot lies at SNAPSHOTS/<UTC time>-<8 hex> without SHA256SUMS and does not exist for
 * readers of sealed snapshots; sealing writes SHA256SUMS last, publishing flips SNAPSHOTS/latest. */
#ifndef PALATE_IO_SNAPSHOT_SNAPSHOT_H
#define PALATE_IO_SNAPSHOT_SNAPSHOT_H

#include "io/base/strings.h"
#include "io/hdf5/h5.h"
#include "io/ranks/comm.h"

#include <jansson.h>

enum { SNAPSHOT_PATH_MAX = 4096 };

/* Returns true if a name is one that snapshot_begin gives, "20260131T235959Z-0123abcd"; it cannot leave the folder. */
bool snapshot_is_id(const char *name);

/* The last component of a snapshot's path. Points into it. */
const char *snapshot_id(const char *dir);

/* --- making one --- */

/* Creates the folder SNAPSHOTS and its parent folders if they are missing. Local. CANNOT_CREATE. */
status snapshot_make_folder(const char *snapshots);

/* Creates SNAPSHOTS/<UTC time>-<8 hex>/ (and SNAPSHOTS if it is missing); its path is in out[SNAPSHOT_PATH_MAX] on
 * every rank. Names ascend in the order of creation, even if the clock goes back. Collective; agreed status: USAGE,
 * CANNOT_CREATE, IO_FAILED. */
status snapshot_begin(comm *c, const char *snapshots, char *out);

/* What model.h5 holds, this rank's part. Rows are contiguous ranges in rank order. Titles and tags may have n = 0. */
typedef struct model_part {
  gid n_users, n_items;
  int factors;
  gid first_user, user_count, first_item, item_count;
  off ld;                            /* distance between factor rows in memory, >= factors */
  const real *user_factors;          /* (user_count, ld) */
  const real *item_factors;          /* (item_count, ld) */
  const real *user_bias, *item_bias; /* NULL on all ranks: a model without biases */
  strings user_ids, item_ids, titles, tags;
  const h5_attribute *attributes; /* on "/": loss, hyper-parameters, mean, hold-out rule, seed, sweeps, objective, … */
  int n_attributes;               /* every rank passes the same */
} model_part;

/* Writes DIR/model.h5 whole or not at all. Collective; agreed status. */
status model_write(comm *c, const char *dir, const model_part *part);

/* Writes DIR/NAME from the object, through a temporary name; takes no ownership. Local. */
status snapshot_write_json(const char *dir, const char *name, const json_t *object);
/* Reads DIR/NAME; free with json_decref. NO_INPUT, BAD_DATA. Local. */
status snapshot_read_json(const char *dir, const char *name, json_t **out);

/* --- reading one --- */

/* The directory meant by a user: a snapshot directory itself, a link to one beside it (`latest`), or a SNAPSHOTS folder
 * (then its `latest`, which must be sealed). With `sealed` a snapshot without SHA256SUMS is refused in any case
 * (BAD_DATA, and says what to type). Local. out[SNAPSHOT_PATH_MAX]. */
status snapshot_resolve(const char *path, bool sealed, char *out);

typedef struct model model;

/* Opens DIR/model.h5 and checks types, shapes and attributes. Local: reading commands need no MPI. */
status model_open(const char *dir, model **out);
void model_close(model *m); /* NULL is accepted */

gid model_rows(const model *m, side s);
int model_factors(const model *m);
bool model_has_bias(const model *m);
bool model_is_explicit(const model *m);
double model_mean(const model *m); /* mu of the explicit model, 0 of the implicit one */
h5_file *model_file(model *m);

/* Factor rows first … first+count-1 into out (count, ld), the places from k to ld set to 0. Local. */
status model_read_factors(model *m, side s, gid first, gid count, real *out, off ld);
/* Biases; zeros where the model has none. Local. */
status model_read_bias(model *m, side s, gid first, gid count, real *out);
/* The whole factor matrix (n, k) in place where the file can be mapped, else NULL: then read. Valid until close. */
status model_map_factors(model *m, side s, const real **out);

status model_read_ids(model *m, side s, gid first, gid count, strings *out);
status model_read_titles(model *m, gid first, gid count, strings *out); /* n = 0 where there are none */
status model_read_tags(model *m, gid first, gid count, strings *out);
/* The row of an id, or -1 in *row where there is none. Uses the dense order (numeric or bytewise) where the ids keep
 * it, else a scan. Local. */
status model_find_id(model *m, side s, const char *id, gid *row);

#endif
