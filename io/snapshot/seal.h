/* The seal of a snapshot: SHA256SUMS over all its files, written last. `sha256sum -c SHA256SUMS` passes within it.
 *
 * A sealed snapshot never changes. A snapshot holds plain files alone, so anything else in it breaks the seal. Local.
 */
#ifndef PALATE_IO_SNAPSHOT_SEAL_H
#define PALATE_IO_SNAPSHOT_SEAL_H

#include "io/base/status.h"
#include "io/base/types.h"

/* Syncs every file of the snapshot, makes it read-only, and writes SHA256SUMS. Partial files of killed runs are
 * removed. BAD_DATA where something lies in it that is not a plain file, or model.h5 is missing; CANNOT_CREATE where it
 * is sealed already; IO_FAILED. */
status seal_write(const char *dir);

bool seal_is_there(const char *dir);

/* What is wrong with a file, NULL where nothing is. */
typedef void seal_visit(void *context, const char *name, const char *fault);

/* Looks at every file named in the seal and every file there; each is visited in order of name (visit may be NULL).
 * IO_FAILED names the first fault and counts them: a changed, missing or additional file. BAD_DATA where there is no
 * seal or it is not one. */
status seal_verify(const char *dir, seal_visit *visit, void *context);

enum { SEAL_DIGEST_MAX = 65 };
/* SHA-256 of a file, as hex. out[SEAL_DIGEST_MAX]. NO_INPUT, IO_FAILED. */
status seal_digest(const char *path, char *out);

#endif
