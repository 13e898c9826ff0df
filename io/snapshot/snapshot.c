#define _GNU_SOURCE
#include "io/snapshot/snapshot.h"

#include "io/base/disk.h"
#include "io/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* "20260131T235959Z" */
enum { TIME_LENGTH = 16, ID_LENGTH = TIME_LENGTH + 1 + 8, JSON_BYTES_MAX = 1 << 26 };

/* --- making one --- */

status snapshot_make_folder(const char *path) {
  size_t n = strlen(path);
  if (n == 0 || n >= SNAPSHOT_PATH_MAX)
    return status_fail(USAGE, "the path of a snapshots folder must have 1 to %d bytes", SNAPSHOT_PATH_MAX - 1);
  return disk_make_folder(path);
}

/* Now, or one second after the newest snapshot if that is later. */
static time_t next_time(const char *snapshots) {
  time_t next = time(NULL);
  DIR *dir = opendir(snapshots);
  if (dir == NULL)
    return next;
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    struct tm utc = {0};
    if (!snapshot_is_id(e->d_name) || strptime(e->d_name, "%Y%m%dT%H%M%SZ", &utc) == NULL)
      continue;
    time_t made = timegm(&utc);
    if (made >= next)
      next = made + 1;
  }
  closedir(dir);
  return next;
}

static status begin(const char *snapshots, char *out) {
  size_t n = strlen(snapshots);
  if (n == 0 || n + ID_LENGTH + 100 > SNAPSHOT_PATH_MAX)
    return status_fail(USAGE, "the path of a snapshots folder must have 1 to %d bytes",
                       SNAPSHOT_PATH_MAX - ID_LENGTH - 100);
  char folder[SNAPSHOT_PATH_MAX];
  strcpy(folder, snapshots);
  while (n > 1 && folder[n - 1] == '/')
    folder[--n] = '\0';
  status st = snapshot_make_folder(folder);
  if (st != OK)
    return st;
  time_t when = next_time(folder);
  for (int attempt = 0;; attempt++) {
    struct tm utc;
    uint32_t tail;
    char name[TIME_LENGTH + 1];
    if (getrandom(&tail, sizeof tail, 0) != sizeof tail)
      tail = (uint32_t)getpid() ^ (uint32_t)when;
    gmtime_r(&when, &utc);
    strftime(name, sizeof name, "%Y%m%dT%H%M%SZ", &utc);
    snprintf(out, SNAPSHOT_PATH_MAX, "%.*s/%s-%08x", SNAPSHOT_PATH_MAX - ID_LENGTH - 2, folder, name, tail);
    if (mkdir(out, 0755) == 0)
      return disk_sync_folder(out);
    if (errno != EEXIST || attempt == 10)
      return status_fail(errno == ENOSPC || errno == EDQUOT || errno == EIO ? IO_FAILED : CANNOT_CREATE,
                         "cannot create the snapshot %s: %s", out, strerror(errno));
  }
}

status snapshot_begin(comm *c, const char *snapshots, char *out) {
  status st = comm_agree(c, c->rank == 0 ? begin(snapshots, out) : OK);
  if (st == OK)
    comm_broadcast(c, out, SNAPSHOT_PATH_MAX, 0);
  return st;
}

/* --- JSON files --- */

status snapshot_write_json(const char *dir, const char *name, const json_t *object) {
  char path[SNAPSHOT_PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  char *text = json_dumps(object, JSON_INDENT(2));
  if (text == NULL)
    return status_fail(INTERNAL, "cannot write %s as JSON (a value is not finite, or no memory)", name);
  size_t n = strlen(text);
  text[n] = '\n'; /* replaces the NUL */
  status st = disk_replace(path, text, (int64_t)n + 1);
  free(text);
  return st;
}

status snapshot_read_json(const char *dir, const char *name, json_t **out) {
  char path[SNAPSHOT_PATH_MAX + 64], *text;
  int64_t n;
  *out = NULL;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  status st = disk_slurp(path, JSON_BYTES_MAX, &text, &n);
  if (st != OK)
    return st;
  json_error_t error;
  *out = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, &error);
  mem_free(text);
  if (*out == NULL)
    return status_fail(BAD_DATA, "%s is not JSON: line %d: %s", path, error.line, error.text);
  return OK;
}
