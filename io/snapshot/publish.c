#define _GNU_SOURCE
#include "io/snapshot/publish.h"

#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/journal.h"
#include "io/snapshot/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_ROOM = SNAPSHOT_PATH_MAX + 300 };

/* --- the lock --- */

/* Seconds: the holder touches the lock every BEAT; a holder on another host that has not for SILENCE counts as dead. */
enum { BEAT = 60, SILENCE = 900 };

struct publish_lock {
  int fd;
  pthread_t thread; /* touches the file until wake[1] is closed; wake[0] < 0: not running */
  int wake[2];
};

/* When a process was started, in ticks since boot, which tells it from a later process with the same number. 0:
 * unknown; -1: no such process. */
static long long start_of(long pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return kill((pid_t)pid, 0) == 0 || errno == EPERM ? 0 : -1;
  size_t n = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[n] = '\0';
  const char *at = strrchr(text, ')'); /* the name of the program before it may have any characters */
  long long start = 0;
  for (int field = 2; at != NULL && field < 22; field++) {
    at = strchr(at + 1, ' ');
    if (field == 21 && at != NULL)
      start = strtoll(at + 1, NULL, 10);
  }
  return start;
}

/* The content of the lock file. */
typedef struct holder {
  char host[64], since[32], what[64];
  long pid;
  long long start;
  int beat; /* seconds between its touches of the file; 0: it does not touch it */
} holder;

static bool read_holder(int fd, holder *out) {
  char text[512];
  ssize_t n = pread(fd, text, sizeof text - 1, 0);
  *out = (holder){0};
  if (n <= 0)
    return false;
  text[n] = '\0';
  return sscanf(text, "host %63[^\n]\npid %ld\nstart %lld\nsince %31[^\n]\nwhat %63[^\n]\nbeat %d\n", out->host,
                &out->pid, &out->start, out->since, out->what, &out->beat) >= 5;
}

static status write_holder(int fd, const char *what, const char *path) {
  char text[512], host[64], now[32];
  disk_host(host);
  time_iso8601(now);
  int n = snprintf(text, sizeof text, "host %s\npid %ld\nstart %lld\nsince %s\nwhat %.63s\nbeat %d\n", host,
                   (long)getpid(), start_of((long)getpid()), now, what, BEAT);
  if (ftruncate(fd, 0) != 0)
    return status_fail(IO_FAILED, "cannot write the lock %s: %s", path, strerror(errno));
  return disk_write(fd, text, n, 0, path);
}

/* Seconds since the lock was touched, by the clock of the file system, which the time of a new file shows; 0 if
 * unknown.
 */
static int64_t silence_of(const char *path, int fd) {
  char probe[DISK_PATH_MAX];
  struct stat then, now;
  int made = -1;
  bool known = disk_partial(path, probe) == OK && disk_create(probe, &made) == OK && fstat(made, &now) == 0 &&
               fstat(fd, &then) == 0;
  if (made >= 0) {
    close(made);
    unlink(probe);
  }
  return known ? (int64_t)(now.st_mtime - then.st_mtime) : 0;
}

/* Returns true if the holder may still be running. A process on another host is judged by its touches of the file. */
static bool is_alive(const char *path, int fd, const holder *h, bool *elsewhere) {
  char host[64];
  disk_host(host);
  *elsewhere = strcmp(host, h->host) != 0;
  if (*elsewhere)
    return h->beat < 1 || h->beat > BEAT || silence_of(path, fd) < SILENCE;
  long long start = start_of(h->pid);
  return start == 0 || (start > 0 && (h->start == 0 || start == h->start));
}

static status refuse(const char *path, const holder *h, bool elsewhere) {
  return status_fail(CANNOT_CREATE, "another run holds the lock %s: %s, process %ld on %s, since %s; wait for it%s",
                     path, h->what, h->pid, h->host, h->since,
                     elsewhere ? ", or remove the lock if that machine no longer runs it (the lock is taken over after "
                                 "15 minutes without a sign of life)"
                               : "");
}

static void *beat(void *of) {
  publish_lock *lock = of;
  struct pollfd wake = {.fd = lock->wake[0], .events = POLLIN};
  while (poll(&wake, 1, 1000 * BEAT) == 0)
    futimens(lock->fd, NULL); /* sets the time of the file server's clock */
  return NULL;
}

/* Starts the thread that touches the file; without it the lock is held too. The thread blocks all signals. */
static void start_beat(publish_lock *lock) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pipe2(lock->wake, O_CLOEXEC) != 0)
    lock->wake[0] = -1;
  else if (pthread_create(&lock->thread, NULL, beat, lock) != 0) {
    close(lock->wake[0]);
    close(lock->wake[1]);
    lock->wake[0] = -1;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_beat(publish_lock *lock) {
  if (lock->wake[0] < 0)
    return;
  close(lock->wake[1]);
  pthread_join(lock->thread, NULL);
  close(lock->wake[0]);
}

/* The kernel's lock on the file excludes other processes and is released when its holder dies. The text in the file
 * says who the holder is; on file systems where the kernel's lock does not reach other hosts, it is the lock. */
status publish_lock_take(const char *snapshots, const char *what, publish_lock **out) {
  char path[PATH_ROOM];
  publish_lock *lock = NULL;
  *out = NULL;
  snprintf(path, sizeof path, "%s/.lock", snapshots);
  status st = MEM_ALLOC(lock, 1, "lock");
  if (st != OK)
    return st;
  lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (lock->fd < 0)
    TRY(status_fail(errno == ENOENT || errno == ENOTDIR ? NO_INPUT : CANNOT_CREATE, "cannot lock the folder %s: %s",
                    snapshots, strerror(errno)));
  holder h;
  bool elsewhere, locked = flock(lock->fd, LOCK_EX | LOCK_NB) == 0;
  if (!locked && errno == EWOULDBLOCK) {
    bool known = read_holder(lock->fd, &h);
    if (!known) /* the holder has locked the file and not yet written its text */
      strcpy(h.host, "this machine"), strcpy(h.since, "just now"), strcpy(h.what, "a run");
    TRY(refuse(path, &h, false));
  }
  if (read_holder(lock->fd, &h)) {
    if (is_alive(path, lock->fd, &h, &elsewhere))
      TRY(refuse(path, &h, elsewhere));
    log_warn("taking over the lock of `%s` (process %ld on %s, since %s), which %s", h.what, h.pid, h.host, h.since,
             elsewhere ? "has shown no sign of life for 15 minutes" : "is no longer running");
  }
  TRY(write_holder(lock->fd, what, path));
  start_beat(lock);
  *out = lock;
  return OK;
done:
  if (lock->fd >= 0)
    close(lock->fd);
  mem_free(lock);
  return st;
}

void publish_unlock(publish_lock *lock) {
  if (lock == NULL)
    return;
  stop_beat(lock);
  /* Emptied, not removed: otherwise two processes could lock two different files of this name. */
  if (ftruncate(lock->fd, 0) != 0)
    log_warn("cannot clear the lock: %s", strerror(errno));
  close(lock->fd);
  mem_free(lock);
}

/* --- latest --- */

status publish_latest(const char *snapshots, char *id) {
  char path[PATH_ROOM], target[PATH_ROOM];
  id[0] = '\0';
  snprintf(path, sizeof path, "%s/latest", snapshots);
  ssize_t n = readlink(path, target, sizeof target - 1);
  if (n < 0 && errno == ENOENT)
    return OK;
  if (n < 0)
    return status_fail(BAD_DATA, "%s is not a symbolic link: %s", path, strerror(errno));
  target[n] = '\0';
  if (!snapshot_is_id(target))
    return status_fail(BAD_DATA, "%s points to `%s`, which is not the name of a snapshot beside it", path, target);
  strcpy(id, target);
  return OK;
}

status publish_flip(const char *snapshots, const char *id) {
  char dir[PATH_ROOM], latest[PATH_ROOM], partial[DISK_PATH_MAX];
  if (!snapshot_is_id(id))
    return status_fail(BAD_DATA, "`%s` is not the name of a snapshot", id);
  snprintf(dir, sizeof dir, "%s/%s", snapshots, id);
  if (!seal_is_there(dir))
    return status_fail(BAD_DATA, "%s is not sealed, so it cannot be published", dir);
  snprintf(latest, sizeof latest, "%s/latest", snapshots);
  status st = disk_partial(latest, partial);
  if (st != OK)
    return st;
  unlink(partial); /* of an earlier attempt of ours */
  if (symlink(id, partial) != 0)
    return status_fail(errno == ENOSPC || errno == EDQUOT || errno == EIO ? IO_FAILED : CANNOT_CREATE,
                       "cannot create a link in %s: %s", snapshots, strerror(errno));
  st = disk_rename(partial, latest);
  if (st != OK)
    unlink(partial);
  return st;
}

status publish_parent(const char *snapshots, const char *id, char *parent) {
  char dir[PATH_ROOM];
  json_t *manifest = NULL;
  parent[0] = '\0';
  snprintf(dir, sizeof dir, "%s/%s", snapshots, id);
  status st = snapshot_read_json(dir, "manifest.json", &manifest);
  if (st == NO_INPUT)
    return OK;
  if (st != OK)
    return st;
  const char *name = json_string_value(json_object_get(manifest, "parent"));
  if (name != NULL && !snapshot_is_id(name))
    st = status_fail(BAD_DATA, "%s/manifest.json: the parent is not the name of a snapshot", dir);
  else if (name != NULL)
    strcpy(parent, name);
  json_decref(manifest);
  return st;
}

status publish_rollback(const char *snapshots, char *from, char *to) {
  char dir[PATH_ROOM];
  status st = OK;
  to[0] = '\0';
  TRY(publish_latest(snapshots, from));
  if (from[0] == '\0')
    TRY(status_fail(NO_INPUT, "nothing is published in %s", snapshots));
  TRY(publish_parent(snapshots, from, to));
  if (to[0] == '\0')
    TRY(status_fail(BAD_DATA, "%s has no parent to roll back to; publish another with `palate publish SNAPSHOT`",
                    from));
  snprintf(dir, sizeof dir, "%s/%s", snapshots, to);
  if (access(dir, F_OK) != 0)
    TRY(status_fail(BAD_DATA, "%s, the parent of %s, no longer exists; publish another with `palate publish SNAPSHOT`",
                    to, from));
  TRY(seal_verify(dir, NULL, NULL));
  TRY(publish_flip(snapshots, to));
done:
  return st;
}

/* --- prune --- */

static int by_id(const void *a, const void *b) {
  return strcmp(a, b);
}

/* The last time anything in the snapshot changed. */
static time_t touched(const char *dir) {
  struct stat about;
  time_t last = stat(dir, &about) == 0 ? about.st_mtime : time(NULL);
  DIR *d = opendir(dir);
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
    if (strcmp(e->d_name, "..") != 0 && fstatat(dirfd(d), e->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
        about.st_mtime > last)
      last = about.st_mtime;
  if (d != NULL)
    closedir(d);
  return last;
}

status publish_remove(const char *dir) {
  DIR *d = opendir(dir);
  if (d == NULL)
    return status_fail(IO_FAILED, "cannot remove %s: %s", dir, strerror(errno));
  status st = OK;
  if (unlinkat(dirfd(d), "SHA256SUMS", 0) != 0 && errno != ENOENT)
    st = status_fail(IO_FAILED, "cannot remove the seal of %s: %s", dir, strerror(errno));
  for (struct dirent *e; st == OK && (e = readdir(d)) != NULL;) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
      continue;
    if (unlinkat(dirfd(d), e->d_name, 0) != 0 && errno != ENOENT)
      st = status_fail(IO_FAILED, "cannot remove %s/%s: %s", dir, e->d_name, strerror(errno));
  }
  closedir(d);
  if (st == OK && rmdir(dir) != 0)
    st = status_fail(IO_FAILED, "cannot remove %s: %s", dir, strerror(errno));
  return st;
}

void publish_discard_empty(const char *dir) {
  char path[PATH_ROOM];
  DIR *d = opendir(dir);
  bool empty = d != NULL && snapshot_is_id(snapshot_id(dir));
  for (struct dirent *e; empty && (e = readdir(d)) != NULL;)
    empty = e->d_name[0] == '.' || strcmp(e->d_name, "train.jsonl") == 0 || strcmp(e->d_name, "resume.json") == 0;
  if (d != NULL)
    closedir(d);
  if (!empty)
    return;
  snprintf(path, sizeof path, "%s/train.jsonl", dir);
  unlink(path);
  snprintf(path, sizeof path, "%s/resume.json", dir);
  unlink(path);
  rmdir(dir);
}

/* All snapshots of a folder, sealed or not, oldest first. Free with mem_free. */
static status list_snapshots(const char *snapshots, char (**out)[SNAPSHOT_ID_MAX], int *n) {
  *out = NULL;
  *n = 0;
  int room = 0;
  DIR *d = opendir(snapshots);
  if (d == NULL)
    return status_fail(NO_INPUT, "cannot read the folder %s: %s", snapshots, strerror(errno));
  status st = OK;
  for (struct dirent *e; st == OK && (e = readdir(d)) != NULL;) {
    if (!snapshot_is_id(e->d_name))
      continue;
    if (*n == room) {
      st = MEM_REALLOC(*out, room * 2 + 64, "snapshots");
      room = room * 2 + 64;
    }
    if (st == OK)
      strcpy((*out)[(*n)++], e->d_name);
  }
  closedir(d);
  if (*n > 0)
    qsort(*out, (size_t)*n, sizeof **out, by_id);
  return st;
}

/* Removes the measured model of a snapshot that no later one will be compared with. */
static status drop_measured(const char *snapshots, const char *id, void (*removed)(void *, const char *),
                            void *context) {
  char path[PATH_ROOM], within[SNAPSHOT_ID_MAX + sizeof MEASURED_FILE];
  snprintf(within, sizeof within, "%s/%s", id, MEASURED_FILE);
  snprintf(path, sizeof path, "%s/%s", snapshots, within);
  if (unlink(path) == 0) {
    if (removed != NULL)
      removed(context, within);
  } else if (errno != ENOENT)
    return status_fail(IO_FAILED, "cannot remove %s: %s", path, strerror(errno));
  return OK;
}

status publish_prune(const char *snapshots, int keep, void (*removed)(void *context, const char *path), void *context) {
  enum { DAY = 86400 };
  char latest[SNAPSHOT_ID_MAX], parent[SNAPSHOT_ID_MAX] = "", dir[PATH_ROOM];
  char(*ids)[SNAPSHOT_ID_MAX] = NULL;
  int n = 0, sealed = 0;
  status st = OK;
  TRY(publish_latest(snapshots, latest));
  if (latest[0] != '\0')
    TRY(publish_parent(snapshots, latest, parent));
  TRY(list_snapshots(snapshots, &ids, &n));
  for (int i = 0; i < n; i++) {
    snprintf(dir, sizeof dir, "%s/%s", snapshots, ids[i]);
    sealed += seal_is_there(dir);
  }
  for (int i = 0; i < n; i++) {
    snprintf(dir, sizeof dir, "%s/%s", snapshots, ids[i]);
    if (strcmp(ids[i], latest) == 0 || strcmp(ids[i], parent) == 0)
      continue;
    if (seal_is_there(dir)) {
      if (sealed <= keep) {
        /* What is newer than `latest` may be published yet. */
        if (strcmp(ids[i], latest) < 0)
          TRY(drop_measured(snapshots, ids[i], removed, context));
        continue;
      }
      sealed--;
    } else if (time(NULL) - touched(dir) < DAY)
      continue;
    TRY(publish_remove(dir));
    if (removed != NULL)
      removed(context, ids[i]);
  }
done:
  mem_free(ids);
  return st;
}
