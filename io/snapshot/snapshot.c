#define _GNU_SOURCE
#include "io/snapshot/snapshot.h"

#include "io/base/disk.h"
#include "io/base/mem.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* "20260131T235959Z" */
enum { TIME_LENGTH = 16, ID_LENGTH = TIME_LENGTH + 1 + 8, JSON_BYTES_MAX = 1 << 26 };

bool snapshot_is_id(const char *name) {
  static const char SHAPE[] = "ddddddddTddddddZ-xxxxxxxx";
  if (strlen(name) != ID_LENGTH)
    return false;
  for (int i = 0; i < ID_LENGTH; i++) {
    unsigned char ch = (unsigned char)name[i];
    bool fits = SHAPE[i] == 'd'   ? isdigit(ch)
                : SHAPE[i] == 'x' ? isdigit(ch) || (ch >= 'a' && ch <= 'f')
                                  : ch == (unsigned char)SHAPE[i];
    if (!fits)
      return false;
  }
  return true;
}

const char *snapshot_id(const char *dir) {
  const char *slash = strrchr(dir, '/');
  return slash != NULL ? slash + 1 : dir;
}

/* --- making one --- */

status snapshot_make_folder(const char *path) {
  size_t n = strlen(path);
  if (n == 0 || n >= SNAPSHOT_PATH_MAX)
    return status_fail(USAGE, "the folder for snapshots needs a name of 1 to %d bytes", SNAPSHOT_PATH_MAX - 1);
  return disk_make_folder(path);
}

/* The later of now and one second after the newest snapshot that is there. */
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
    return status_fail(USAGE, "the folder for snapshots needs a name of 1 to %d bytes",
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
                         "cannot make the snapshot %s: %s", out, strerror(errno));
  }
}

status snapshot_begin(comm *c, const char *snapshots, char *out) {
  status st = comm_agree(c, c->rank == 0 ? begin(snapshots, out) : OK);
  if (st == OK)
    comm_broadcast(c, out, SNAPSHOT_PATH_MAX, 0);
  return st;
}

/* --- finding one --- */

static bool is_there(const char *dir, const char *name) {
  char path[SNAPSHOT_PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return access(path, F_OK) == 0;
}

/* The snapshot that the link `folder/name` points at, which must lie beside it. */
static status follow(const char *folder, const char *name, char *out) {
  char link[SNAPSHOT_PATH_MAX + 64], target[SNAPSHOT_PATH_MAX];
  snprintf(link, sizeof link, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
  ssize_t n = readlink(link, target, sizeof target - 1);
  if (n < 0)
    return status_fail(NO_INPUT, "cannot read the link %s: %s", link, strerror(errno));
  target[n] = '\0';
  if (!snapshot_is_id(target))
    return status_fail(BAD_DATA, "%s points at `%s`, which is not the name of a snapshot beside it", link, target);
  if ((size_t)snprintf(out, SNAPSHOT_PATH_MAX, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", target) >=
      SNAPSHOT_PATH_MAX)
    return status_fail(USAGE, "the path of the snapshot is too long");
  return OK;
}

status snapshot_resolve(const char *path, bool sealed, char *out) {
  char given[SNAPSHOT_PATH_MAX];
  size_t n = strlen(path);
  if (n == 0 || n >= SNAPSHOT_PATH_MAX - 64)
    return status_fail(USAGE, "a snapshot's path has 1 to %d bytes", SNAPSHOT_PATH_MAX - 64);
  memcpy(given, path, n + 1);
  while (n > 1 && given[n - 1] == '/')
    given[--n] = '\0';
  struct stat about;
  if (lstat(given, &about) != 0)
    return status_fail(NO_INPUT, "cannot find the snapshot %s: %s", path, strerror(errno));
  status st = OK;
  bool published = false; /* what `latest` points to must have a seal: without one it does not exist */
  strcpy(out, given);
  if (S_ISLNK(about.st_mode) && is_there(given, "model.h5")) {
    /* The link itself may sit anywhere; only one that points beside itself has a name we can give on. */
    char folder[SNAPSHOT_PATH_MAX], resolved[SNAPSHOT_PATH_MAX];
    strcpy(folder, given);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
      *slash = '\0';
    if (slash != folder && follow(slash != NULL ? folder : "", snapshot_id(given), resolved) == OK)
      strcpy(out, resolved);
  } else if (!is_there(given, "model.h5")) {
    if (stat(given, &about) == 0 && !S_ISDIR(about.st_mode))
      return status_fail(BAD_DATA, "%s is not a snapshot, which is a folder", path);
    char latest[SNAPSHOT_PATH_MAX + 64];
    snprintf(latest, sizeof latest, "%s/latest", given);
    if (lstat(latest, &about) == 0) {
      st = follow(given, "latest", out);
      published = true;
    } else if (snapshot_is_id(snapshot_id(given)))
      st = status_fail(BAD_DATA, "%s has no model.h5: its training did not come to an end", path);
    else
      st =
          status_fail(NO_INPUT, "%s is neither a snapshot nor a folder with a published one (no `latest` in it)", path);
  }
  if (st == OK && (sealed || published) && !is_there(out, "SHA256SUMS"))
    st = status_fail(BAD_DATA,
                     "the snapshot %s is not sealed (no SHA256SUMS); `palate publish %s` seals and publishes it", out,
                     out);
  return st;
}

/* --- JSON files --- */

status snapshot_write_json(const char *dir, const char *name, const json_t *object) {
  char path[SNAPSHOT_PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  char *text = json_dumps(object, JSON_INDENT(2));
  if (text == NULL)
    return status_fail(INTERNAL, "cannot put %s into JSON (a value that is not finite, or no memory)", name);
  size_t n = strlen(text);
  text[n] = '\n'; /* in the place of the terminator */
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
