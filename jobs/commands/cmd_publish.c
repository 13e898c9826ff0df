/* palate publish, rollback, prune: which snapshot of a folder is the one that readers get. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/publish.h"
#include "io/snapshot/seal.h"
#include "jobs/commands/commands.h"
#include "jobs/steps/manifest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder a snapshot lies in. */
static status folder_of(const char *dir, char *out) {
  size_t n = (size_t)(snapshot_id(dir) - dir);
  if (!snapshot_is_id(snapshot_id(dir)))
    return status_fail(BAD_DATA, "%s is not named like a snapshot", dir);
  memcpy(out, dir, n);
  out[n] = '\0';
  if (n == 0)
    strcpy(out, ".");
  while (n > 1 && out[n - 1] == '/')
    out[--n] = '\0';
  return OK;
}

/* Writes the missing parts of a snapshot made by hand: its manifest, then its seal. */
static status finish_snapshot(comm *c, const char *dir, const char *latest) {
  char path[SNAPSHOT_PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/manifest.json", dir);
  if (access(path, F_OK) != 0) {
    json_t *gate = json_pack("{s:s}", "verdict", "published by hand");
    status st = manifest_write(c, dir, NULL, gate, latest);
    json_decref(gate);
    if (st != OK)
      return st;
  }
  return seal_write(dir);
}

static status publish(comm *c, const options *o) {
  char dir[SNAPSHOT_PATH_MAX], folder[SNAPSHOT_PATH_MAX], latest[SNAPSHOT_ID_MAX];
  publish_lock *lock = NULL;
  status st = OK;
  TRY(snapshot_resolve(options_argument(o, 0), false, dir));
  TRY(folder_of(dir, folder));
  TRY(publish_lock_take(folder, "palate publish", &lock));
  TRY(publish_latest(folder, latest));
  if (!seal_is_there(dir))
    TRY(finish_snapshot(c, dir, latest));
  TRY(seal_verify(dir, NULL, NULL));
  TRY(publish_flip(folder, snapshot_id(dir)));
  log_info("published %s%s%s", snapshot_id(dir), latest[0] != '\0' ? " in place of " : "", latest);
  printf("%s\n", dir);
done:
  publish_unlock(lock);
  return st;
}

static status rollback(comm *c, const options *o) {
  (void)c;
  char from[SNAPSHOT_ID_MAX], to[SNAPSHOT_ID_MAX];
  const char *folder = options_argument(o, 0);
  publish_lock *lock = NULL;
  status st = OK;
  TRY(publish_lock_take(folder, "palate rollback", &lock));
  TRY(publish_rollback(folder, from, to));
  log_info("rolled back from %s", from);
  printf("%s/%s\n", folder, to);
done:
  publish_unlock(lock);
  return st;
}

static void say_removed(void *context, const char *path) {
  printf("%s/%s\n", (const char *)context, path);
}

static status prune(comm *c, const options *o) {
  (void)c;
  const char *folder = options_argument(o, 0);
  publish_lock *lock = NULL;
  int64_t keep;
  status st = OK;
  TRY(option_count(o, "keep", 0, 1000000, &keep));
  TRY(publish_lock_take(folder, "palate prune", &lock));
  TRY(publish_prune(folder, (int)keep, say_removed, (void *)folder));
done:
  publish_unlock(lock);
  return st;
}

static const option_use NONE[] = {{0}};
static const option_use KEEP[] = {{.name = "keep"}, {0}};

const command CMD_PUBLISH = {
    .name = "publish",
    .arguments = "SNAPSHOT",
    .summary = "seal a snapshot and point `latest` at it",
    .details = "A snapshot that is sealed already is verified first. `latest` changes by a rename, so "
               "readers see the old or the new snapshot.\n\n"
               "  palate publish snapshots/20260131T020000Z-0a1b2c3d",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = false,
    .takes = NONE,
    .run = publish};

const command CMD_ROLLBACK = {.name = "rollback",
                              .arguments = "SNAPSHOTS",
                              .summary = "point `latest` back at the snapshot published before",
                              .details =
                                  "That is the parent: the snapshot that was published when this one was made. Its "
                                  "seal is verified first.\n\n"
                                  "  palate rollback snapshots",
                              .min_arguments = 1,
                              .max_arguments = 1,
                              .mpi = false,
                              .takes = NONE,
                              .run = rollback};

const command CMD_PRUNE = {.name = "prune",
                           .arguments = "SNAPSHOTS",
                           .summary = "remove old snapshots",
                           .details =
                               "Keeps the newest N sealed snapshots, and always `latest` and its parent. Of those "
                               "older than `latest` it removes measured.h5, which only the next refresh needs. "
                               "Removes unsealed ones that nothing has touched for a day, too. Prints what is "
                               "removed.\n\n"
                               "  palate prune snapshots --keep 7",
                           .min_arguments = 1,
                           .max_arguments = 1,
                           .mpi = false,
                           .takes = KEEP,
                           .run = prune};
