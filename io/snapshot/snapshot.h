/* A snapshot: one directory with a model, its groups, its metrics, and a seal (what the files hold: io/schema).
 *
 * While a job works on it, a snapshot lies at SNAPSHOTS/<UTC time>-<8 hex> without SHA256SUMS and does not exist for
 * readers of sealed snapshots; sealing writes SHA256SUMS last, publishing flips SNAPSHOTS/latest. */
#ifndef PALATE_IO_SNAPSHOT_SNAPSHOT_H
#define PALATE_IO_SNAPSHOT_SNAPSHOT_H

#include "io/ranks/comm.h"
#include "io/snapshot/resolve.h"

#include <jansson.h>

/* --- making one --- */

/* Creates the folder SNAPSHOTS and its parent folders if they are missing. Local. CANNOT_CREATE. */
status snapshot_make_folder(const char *snapshots);

/* Creates SNAPSHOTS/<UTC time>-<8 hex>/ (and SNAPSHOTS if it is missing); its path is in out[SNAPSHOT_PATH_MAX] on
 * every rank. Names ascend in the order of creation, even if the clock goes back. Collective; agreed status: USAGE,
 * CANNOT_CREATE, IO_FAILED. */
status snapshot_begin(comm *c, const char *snapshots, char *out);

/* Writes DIR/NAME from the object, through a temporary name; takes no ownership. Local. */
status snapshot_write_json(const char *dir, const char *name, const json_t *object);
/* Reads DIR/NAME; free with json_decref. NO_INPUT, BAD_DATA. Local. */
status snapshot_read_json(const char *dir, const char *name, json_t **out);

#endif
