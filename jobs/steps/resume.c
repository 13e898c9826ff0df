#define _GNU_SOURCE
#include "jobs/steps/resume.h"

#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/base/version.h"
#include "io/snapshot/checkpoint.h"
#include "io/snapshot/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char FILE_NAME[] = "resume.json";

struct resume {
  int fd; /* of the directory, locked: rank 0 */
  bool old;
};

json_t *resume_key(const resume_settings *r, const char *digest, const char *warm) {
  return json_pack("{s:s, s:s, s:s, s:O}", "palate", PALATE_VERSION, "dataset_sha256", digest, "from", warm, "settings",
                   r->model);
}

/* Names the first difference of two keys. */
static void difference(const json_t *a, const json_t *b, char *out, size_t size) {
  const char *name;
  json_t *value;
  json_t *settings = json_object_get(a, "settings");
  snprintf(out, size, "its settings");
  json_object_foreach((json_t *)a, name, value) {
    if (strcmp(name, "settings") != 0 && !json_equal(value, json_object_get(b, name)))
      snprintf(out, size, "%s", strcmp(name, "dataset_sha256") == 0 ? "the data" : name);
  }
  json_object_foreach(settings, name, value) {
    if (!json_equal(value, json_object_get(json_object_get(b, "settings"), name))) {
      snprintf(out, size, "--%s", name);
      return;
    }
  }
}

bool resume_claim(const char *dir, int *fd) {
  *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (*fd < 0)
    return false;
  if (flock(*fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(*fd);
    *fd = -1;
    return false;
  }
  return true;
}

static int newest_first(const struct dirent **a, const struct dirent **b) {
  return strcmp((*b)->d_name, (*a)->d_name);
}
static int is_snapshot(const struct dirent *e) {
  return snapshot_is_id(e->d_name);
}

/* Claims the newest unsealed snapshot of the folder that has this key and that nobody works in; false if there is none.
 */
static bool find(const char *snapshots, const json_t *key, char *dir, int *fd) {
  struct dirent **list = NULL;
  int n = scandir(snapshots, &list, is_snapshot, newest_first);
  bool found = false;
  for (int i = 0; i < n; i++) {
    json_t *its = NULL;
    if (!found && (size_t)snprintf(dir, SNAPSHOT_PATH_MAX, "%s/%s", snapshots, list[i]->d_name) < SNAPSHOT_PATH_MAX &&
        !seal_is_there(dir) && snapshot_read_json(dir, FILE_NAME, &its) == OK && json_equal(its, key))
      found = resume_claim(dir, fd);
    json_decref(its);
    free(list[i]);
  }
  free(list);
  return found;
}

/* Claims the snapshot that --resume names. */
static status take_named(const char *path, const json_t *key, char *dir, int *fd) {
  json_t *its = NULL;
  char what[128];
  snprintf(dir, SNAPSHOT_PATH_MAX, "%.*s", SNAPSHOT_PATH_MAX - 64, path);
  for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/';)
    dir[--n] = '\0';
  if (seal_is_there(dir))
    return status_fail(BAD_DATA, "%s is sealed, so there is nothing to resume", dir);
  status st = snapshot_read_json(dir, FILE_NAME, &its);
  if (st != OK)
    return status_fail(st, "%s cannot be resumed: %s", dir, status_message());
  if (!json_equal(its, key)) {
    difference(key, its, what, sizeof what);
    st = status_fail(BAD_DATA, "%s was begun with another value of %s; resume it with the same data and options", dir,
                     what);
  } else if (!resume_claim(dir, fd))
    st = status_fail(CANNOT_CREATE, "another run is using %s", dir);
  json_decref(its);
  return st;
}

static status begin(const char *how, const char *snapshots, const json_t *key, char *dir, resume *r) {
  if (strcmp(how, "auto") != 0 && strcmp(how, "never") != 0) {
    r->old = true;
    return take_named(how, key, dir, &r->fd);
  }
  r->old = strcmp(how, "auto") == 0 && find(snapshots, key, dir, &r->fd);
  if (r->old)
    return OK;
  comm alone = comm_single();
  status st = snapshot_begin(&alone, snapshots, dir);
  if (st == OK && !resume_claim(dir, &r->fd))
    st = status_fail(CANNOT_CREATE, "cannot lock %s: %s", dir, strerror(errno));
  return st == OK ? snapshot_write_json(dir, FILE_NAME, key) : st;
}

status resume_begin(comm *c, const resume_settings *settings, const char *snapshots, const char *digest,
                    const char *warm, char *dir, resume **out) {
  resume *r = NULL;
  json_t *key = NULL;
  *out = NULL;
  status st = MEM_ZALLOC(r, 1, "resume");
  if (st == OK)
    r->fd = -1;
  if (st == OK && c->rank == 0) {
    key = resume_key(settings, digest, warm);
    st = key != NULL ? begin(settings->how, snapshots, key, dir, r)
                     : status_fail(NO_MEMORY, "no memory for the settings");
  }
  json_decref(key);
  st = comm_agree(c, st);
  if (st != OK) {
    resume_end(r);
    return st;
  }
  int64_t old = r->old;
  comm_broadcast(c, dir, SNAPSHOT_PATH_MAX, 0);
  comm_broadcast(c, &old, sizeof old, 0);
  r->old = old != 0;
  log_info("%s %s", r->old ? "resuming the snapshot" : "new snapshot:", dir);
  *out = r;
  return OK;
}

void resume_done(const char *dir) {
  char path[SNAPSHOT_PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", dir, FILE_NAME);
  unlink(path);
}

void resume_end(resume *r) {
  if (r == NULL)
    return;
  if (r->fd >= 0)
    close(r->fd);
  mem_free(r);
}
