/* A folder of snapshots: which one is published, and how that changes.
 *
 * SNAPSHOTS/latest is a symbolic link to the published snapshot's name, flipped by rename, so a reader sees the old or
 * the new one and never none. Whoever changes the folder holds its lock. Local: rank 0 calls these. */
#ifndef PALATE_IO_SNAPSHOT_PUBLISH_H
#define PALATE_IO_SNAPSHOT_PUBLISH_H

#include "io/snapshot/snapshot.h"

enum { SNAPSHOT_ID_MAX = 32 };

typedef struct publish_lock publish_lock;

/* Takes the lock of the folder, SNAPSHOTS/.lock, and writes our host and process into it. Where the process in it is
 * gone (it was killed), or is on another host and has not touched the file for 15 minutes, the lock is taken over, and
 * a warning says so. A thread touches it every minute until publish_unlock. CANNOT_CREATE where another run holds it:
 * the message says who, since when, and what to do. Free with publish_unlock. */
status publish_lock_take(const char *snapshots, const char *what, publish_lock **out);
void publish_unlock(publish_lock *lock); /* NULL is accepted */

/* The name `latest` points at; "" where nothing is published yet. BAD_DATA where it is no link to a snapshot beside it.
 * id[SNAPSHOT_ID_MAX]. */
status publish_latest(const char *snapshots, char *id);

/* Points `latest` at a snapshot of the folder. BAD_DATA where it is not sealed. */
status publish_flip(const char *snapshots, const char *id);

/* The parent a snapshot's manifest names; "" where it has none or no manifest. parent[SNAPSHOT_ID_MAX]. */
status publish_parent(const char *snapshots, const char *id, char *parent);

/* Points `latest` at its parent, whose seal is verified first. from, to[SNAPSHOT_ID_MAX]: where it pointed and points.
 * BAD_DATA where there is no parent to go back to. */
status publish_rollback(const char *snapshots, char *from, char *to);

/* Removes a snapshot, its seal first: from then on it does not exist for readers, however far the removal gets. It is
 * the caller's to know that nothing needs it. IO_FAILED. */
status publish_remove(const char *dir);

/* Removes an unsealed snapshot that holds neither a model nor a checkpoint: nothing is lost with it. */
void publish_discard_empty(const char *dir);

/* Removes snapshots, oldest first, until `keep` sealed ones are left; never `latest` nor its parent. Unsealed ones that
 * nothing has touched for a day go too. `removed` (may be NULL) is told each name. */
status publish_prune(const char *snapshots, int keep, void (*removed)(void *context, const char *id), void *context);

#endif
