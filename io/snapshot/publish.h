/* Publishing, rolling back and removing snapshots of a folder.
 *
 * SNAPSHOTS/latest is a symbolic link to the name of the published snapshot. It is replaced by rename, so a reader
 * always sees the old or the new one. Hold the lock of the folder to change it. Local: rank 0 calls these. */
#ifndef PALATE_IO_SNAPSHOT_PUBLISH_H
#define PALATE_IO_SNAPSHOT_PUBLISH_H

#include "io/snapshot/snapshot.h"

enum { SNAPSHOT_ID_MAX = 32 };

typedef struct publish_lock publish_lock;

/* Takes the lock of the folder, SNAPSHOTS/.lock, and writes our host and process into it; a thread touches the file
 * every minute until publish_unlock. If the holder is a process that no longer runs, or is on another host and has not
 * touched the file for 15 minutes, the lock is taken over with a warning. CANNOT_CREATE if another run holds it; the
 * message says who, since when, and what to do. Free with publish_unlock. */
status publish_lock_take(const char *snapshots, const char *what, publish_lock **out);
void publish_unlock(publish_lock *lock); /* NULL is accepted */

/* The name that `latest` points to; "" if nothing is published yet. BAD_DATA if it is not a link to a snapshot beside
 * it. id[SNAPSHOT_ID_MAX]. */
status publish_latest(const char *snapshots, char *id);

/* Publishes a snapshot of the folder: `latest` then points to it. BAD_DATA if it is not sealed. */
status publish_flip(const char *snapshots, const char *id);

/* The parent in a snapshot's manifest; "" if it has no parent or no manifest. parent[SNAPSHOT_ID_MAX]. */
status publish_parent(const char *snapshots, const char *id, char *parent);

/* Publishes the parent of `latest` after verifying its seal. from, to[SNAPSHOT_ID_MAX]: the snapshots published before
 * and after. BAD_DATA if there is no parent. */
status publish_rollback(const char *snapshots, char *from, char *to);

/* Removes a snapshot, its seal first: for readers it then no longer exists, even if the rest fails. The caller must
 * know that nothing needs it. IO_FAILED. */
status publish_remove(const char *dir);

/* Removes an unsealed snapshot that has neither a model nor a checkpoint. */
void publish_discard_empty(const char *dir);

/* Removes snapshots, oldest first, until `keep` sealed ones are left; never `latest` or its parent. Also removes
 * unsealed ones that have not changed for a day, and MEASURED_FILE of sealed ones older than `latest`, but for its
 * parent. `removed` (may be NULL) is called with each path within the folder. */
status publish_prune(const char *snapshots, int keep, void (*removed)(void *context, const char *path), void *context);

#endif
