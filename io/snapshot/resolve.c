#include "io/snapshot/resolve.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool snapshot_is_id(const char *name) {
  static const char SHAPE[] = "ddddddddTddddddZ-xxxxxxxx";
  if (strlen(name) != sizeof SHAPE - 1)
    return false;
  for (size_t i = 0; i < sizeof SHAPE - 1; i++) {
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

static bool is_there(const char *dir, const char *name) {
  char path[SNAPSHOT_PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return access(path, F_OK) == 0;
}

/* Finds the snapshot that the link `folder/name` points to, which must be beside it. */
static status follow(const char *folder, const char *name, char *out) {
  char link[SNAPSHOT_PATH_MAX + 64], target[SNAPSHOT_PATH_MAX];
  snprintf(link, sizeof link, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
  ssize_t n = readlink(link, target, sizeof target - 1);
  if (n < 0)
    return status_fail(NO_INPUT, "cannot read the link %s: %s", link, strerror(errno));
  target[n] = '\0';
  if (!snapshot_is_id(target))
    return status_fail(BAD_DATA, "%s points to `%s`, which is not the name of a snapshot beside it", link, target);
  if ((size_t)snprintf(out, SNAPSHOT_PATH_MAX, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", target) >=
      SNAPSHOT_PATH_MAX)
    return status_fail(USAGE, "the path of the snapshot is too long");
  return OK;
}

status snapshot_resolve(const char *path, bool sealed, char *out) {
  char given[SNAPSHOT_PATH_MAX];
  size_t n = strlen(path);
  if (n == 0 || n >= SNAPSHOT_PATH_MAX - 64)
    return status_fail(USAGE, "the path of a snapshot must have 1 to %d bytes", SNAPSHOT_PATH_MAX - 64);
  memcpy(given, path, n + 1);
  while (n > 1 && given[n - 1] == '/')
    given[--n] = '\0';
  struct stat about;
  if (lstat(given, &about) != 0)
    return status_fail(NO_INPUT, "cannot find the snapshot %s: %s", path, strerror(errno));
  status st = OK;
  bool published = false; /* found by `latest`: then it must be sealed */
  strcpy(out, given);
  if (S_ISLNK(about.st_mode) && is_there(given, MODEL_FILE)) {
    /* A link may be anywhere; if it points beside itself, out becomes the snapshot's own path. */
    char folder[SNAPSHOT_PATH_MAX], resolved[SNAPSHOT_PATH_MAX];
    strcpy(folder, given);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
      *slash = '\0';
    if (slash != folder && follow(slash != NULL ? folder : "", snapshot_id(given), resolved) == OK)
      strcpy(out, resolved);
  } else if (!is_there(given, MODEL_FILE)) {
    if (stat(given, &about) == 0 && !S_ISDIR(about.st_mode))
      return status_fail(BAD_DATA, "%s is not a snapshot: it is not a folder", path);
    char latest[SNAPSHOT_PATH_MAX + 64];
    snprintf(latest, sizeof latest, "%s/latest", given);
    if (lstat(latest, &about) == 0) {
      st = follow(given, "latest", out);
      published = true;
    } else if (snapshot_is_id(snapshot_id(given)))
      st = status_fail(BAD_DATA, "%s has no model.h5: its training did not finish", path);
    else
      st = status_fail(NO_INPUT, "%s is neither a snapshot nor a folder with a published one (it has no `latest`)",
                       path);
  }
  if (st == OK && (sealed || published) && !is_there(out, "SHA256SUMS"))
    st = status_fail(BAD_DATA,
                     "the snapshot %s is not sealed (no SHA256SUMS); `palate publish %s` seals and publishes it", out,
                     out);
  return st;
}
