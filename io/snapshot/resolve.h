/* Which directory is meant by a snapshot's path. */
#ifndef PALATE_IO_SNAPSHOT_RESOLVE_H
#define PALATE_IO_SNAPSHOT_RESOLVE_H

#include "io/base/status.h"

#include <stdbool.h>

enum { SNAPSHOT_PATH_MAX = 4096 };

/* The model that readers get. If it was refit on all events, the model that the hold-out was measured on is kept beside
 * it for the next night's comparison. That one may be removed while the snapshot stays (publish_prune), so it is not in
 * SHA256SUMS: its digest stands in manifest.json, which is. */
#define MODEL_FILE "model.h5"
#define MEASURED_FILE "measured.h5"

/* Returns true if a name is one that snapshot_begin gives, "20260131T235959Z-0123abcd"; it cannot leave the folder. */
bool snapshot_is_id(const char *name);

/* The last component of a snapshot's path. Points into it. */
const char *snapshot_id(const char *dir);

/* The directory meant by a user: a snapshot directory itself, a link to one beside it (`latest`), or a SNAPSHOTS folder
 * (then its `latest`, which must be sealed). With `sealed` a snapshot without SHA256SUMS is refused in any case
 * (BAD_DATA, and says what to type). Local. out[SNAPSHOT_PATH_MAX]. */
status snapshot_resolve(const char *path, bool sealed, char *out);

#endif
