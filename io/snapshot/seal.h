/* The seal of a snapshot: SHA256SUMS with the digests of all its files, written last. `sha256sum -c SHA256SUMS` checks
 * it. The one exception is MEASURED_FILE (resolve.h) if the manifest has its digest, refit.measured_sha256.
 *
 * A sealed snapshot never changes. It has only plain files; anything else in it breaks the seal. Local. */
#ifndef PALATE_IO_SNAPSHOT_SEAL_H
#define PALATE_IO_SNAPSHOT_SEAL_H

#include "io/base/status.h"
#include "io/base/types.h"

/* Syncs every file of the snapshot, makes it read-only, and writes SHA256SUMS. Removes temporary files and checkpoints.
 * BAD_DATA if something in it is not a plain file, model.h5 is missing, or MEASURED_FILE is not the one of the
 * manifest; CANNOT_CREATE if it is already sealed; IO_FAILED. */
status seal_write(const char *dir);

bool seal_is_there(const char *dir);

/* `fault` is what is wrong with a file, NULL if nothing is. */
typedef void seal_visit(void *context, const char *name, const char *fault);

/* Checks every file named in the seal and every file in the folder (MEASURED_FILE may be gone); calls visit (may be
 * NULL) for each in order of name. IO_FAILED if a file is changed, missing or additional, or the seal is damaged; the
 * message names the first. BAD_DATA if there is no seal, NO_INPUT if there is no snapshot. */
status seal_verify(const char *dir, seal_visit *visit, void *context);

enum { SEAL_DIGEST_MAX = 65 };
/* SHA-256 of a file, in hexadecimal. out[SEAL_DIGEST_MAX]. NO_INPUT, IO_FAILED. */
status seal_digest(const char *path, char *out);

#endif
