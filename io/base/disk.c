#define _GNU_SOURCE
#include "io/base/disk.h"

#include "io/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Linux moves at most 2^31 - 4096 bytes in one call. */
static const int64_t TRANSFER_MAX = 1 << 30;

static const char PARTIAL[] = ".part-";

status disk_read(int fd, void *bytes, int64_t n, int64_t at, const char *path) {
  char *to = bytes;
  while (n > 0) {
    ssize_t got = pread(fd, to, (size_t)(n < TRANSFER_MAX ? n : TRANSFER_MAX), at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return status_fail(IO_FAILED, "cannot read %s: %s", path, strerror(errno));
    if (got == 0)
      return status_fail(IO_FAILED, "%s is truncated: it ends at byte %lld; restore it or create it again", path,
                         (long long)at);
    to += got;
    at += got;
    n -= got;
  }
  return OK;
}

status disk_write(int fd, const void *bytes, int64_t n, int64_t at, const char *path) {
  const char *from = bytes;
  while (n > 0) {
    ssize_t put = pwrite(fd, from, (size_t)(n < TRANSFER_MAX ? n : TRANSFER_MAX), at);
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return status_fail(IO_FAILED, "cannot write %s: %s", path, strerror(put < 0 ? errno : ENOSPC));
    from += put;
    at += put;
    n -= put;
  }
  return OK;
}

void disk_host(char *out) {
  char name[64] = "";
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
    strcpy(name, "localhost");
  size_t i = 0;
  for (; name[i] != '\0'; i++) {
    char ch = name[i];
    bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-';
    out[i] = ch;
    if (!plain)
      out[i] = '_';
  }
  out[i] = '\0';
}

bool disk_is_partial(const char *name) {
  return strstr(name, PARTIAL) != NULL;
}

/* Splits a path into its folder, folder[DISK_PATH_MAX], and the name within it, which points into the path. */
static status split(const char *path, char *folder, const char **name) {
  size_t n = strlen(path);
  const char *slash = strrchr(path, '/');
  *name = slash != NULL ? slash + 1 : path;
  if (n >= DISK_PATH_MAX - 100)
    return status_fail(USAGE, "the path is longer than %d bytes: %.100s…", DISK_PATH_MAX - 100, path);
  if (**name == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
    return status_fail(USAGE, "`%s` is not the name of a file", path);
  size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
  memcpy(folder, path, length);
  folder[length] = '\0';
  if (length == 0)
    strcpy(folder, ".");
  return OK;
}

/* Removes temporary files of the target that killed runs of this host left. */
static void remove_leftovers(const char *folder, const char *name, const char *host) {
  char prefix[DISK_PATH_MAX];
  int length = snprintf(prefix, sizeof prefix, "%s%s%s-", name, PARTIAL, host);
  DIR *dir = opendir(folder);
  if (dir == NULL || length < 0)
    return;
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    if (strncmp(e->d_name, prefix, (size_t)length) != 0)
      continue;
    char *end;
    long pid = strtol(e->d_name + length, &end, 10);
    if (end != e->d_name + length && *end == '\0' && pid > 1 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
      unlinkat(dirfd(dir), e->d_name, 0);
  }
  closedir(dir);
}

status disk_make_folder(const char *path) {
  char part[DISK_PATH_MAX];
  size_t n = strlen(path);
  if (n == 0 || n >= sizeof part)
    return status_fail(USAGE, "a folder needs a name of 1 to %d bytes", DISK_PATH_MAX - 1);
  for (size_t i = 1; i <= n; i++) { /* each folder on the way */
    if (path[i] != '/' && path[i] != '\0')
      continue;
    memcpy(part, path, i);
    part[i] = '\0';
    struct stat about;
    if (mkdir(part, 0755) == 0)
      continue;
    int why = errno;
    if (stat(part, &about) != 0 || !S_ISDIR(about.st_mode))
      return status_fail(why == ENOSPC || why == EDQUOT || why == EIO ? IO_FAILED : CANNOT_CREATE,
                         "cannot make the folder %s: %s", part,
                         why == EEXIST ? "a file of that name is in the way" : strerror(why));
  }
  return OK;
}

status disk_make_parents(const char *path) {
  char folder[DISK_PATH_MAX];
  const char *name;
  status st = split(path, folder, &name);
  return st != OK || access(folder, F_OK) == 0 ? st : disk_make_folder(folder);
}

status disk_partial(const char *path, char *out) {
  char folder[DISK_PATH_MAX], host[64];
  const char *name;
  status st = split(path, folder, &name);
  if (st != OK)
    return st;
  disk_host(host);
  remove_leftovers(folder, name, host);
  snprintf(out, DISK_PATH_MAX, "%s%s%s-%ld", path, PARTIAL, host, (long)getpid());
  return OK;
}

status disk_create(const char *path, int *fd) {
  do
    *fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  while (*fd < 0 && errno == EINTR);
  if (*fd < 0)
    return status_fail(errno == ENOSPC || errno == EDQUOT || errno == EIO ? IO_FAILED : CANNOT_CREATE,
                       "cannot create %s: %s", path, strerror(errno));
  return OK;
}

status disk_room(const char *path, int64_t bytes) {
  char folder[DISK_PATH_MAX];
  const char *name;
  status st = split(path, folder, &name);
  if (st != OK)
    return st;
  struct statvfs fs;
  if (access(folder, W_OK | X_OK) != 0 || statvfs(folder, &fs) != 0)
    return status_fail(CANNOT_CREATE, "cannot create %s: the folder %s: %s", path, folder, strerror(errno));
  double left = (double)fs.f_bavail * (double)fs.f_frsize;
  if (fs.f_blocks > 0 && left < (double)bytes)
    return status_fail(IO_FAILED, "%s needs %.1f MB, but the disk has %.1f MB free; free space or write elsewhere",
                       path, (double)bytes / 1e6, left / 1e6);
  return OK;
}

status disk_reserve(int fd, int64_t bytes, const char *path) {
  int failed;
  do
    failed = bytes > 0 ? fallocate(fd, 0, 0, bytes) : 0;
  while (failed != 0 && errno == EINTR);
  if (failed != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO))
    return status_fail(IO_FAILED, "no space for the %.1f MB of %s: %s; free space or write elsewhere",
                       (double)bytes / 1e6, path, strerror(errno));
  return OK; /* other errors mean that the file system cannot reserve; disk_write reports a full disk */
}

status disk_sync_close(int fd, const char *path) {
  status st = OK;
  int failed;
  do
    failed = fsync(fd);
  while (failed != 0 && errno == EINTR);
  if (failed != 0)
    st = status_fail(IO_FAILED, "cannot sync %s to disk: %s", path, strerror(errno));
  if (close(fd) != 0 && errno != EINTR && st == OK)
    st = status_fail(IO_FAILED, "cannot close %s: %s", path, strerror(errno));
  return st;
}

status disk_sync_folder(const char *path) {
  char folder[DISK_PATH_MAX];
  const char *name;
  status st = split(path, folder, &name);
  if (st != OK)
    return st;
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return status_fail(IO_FAILED, "cannot open the folder %s: %s", folder, strerror(errno));
  /* Some network file systems cannot sync a folder, and need not; fsync then fails with EINVAL. */
  if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
    st = status_fail(IO_FAILED, "cannot sync the folder %s: %s", folder, strerror(errno));
  close(fd);
  return st;
}

status disk_rename(const char *from, const char *to) {
  if (rename(from, to) != 0)
    return status_fail(errno == ENOSPC || errno == EIO || errno == EDQUOT ? IO_FAILED : CANNOT_CREATE,
                       "cannot rename %s to %s: %s", from, to, strerror(errno));
  return disk_sync_folder(to);
}

status disk_replace(const char *path, const void *bytes, int64_t n) {
  char partial[DISK_PATH_MAX];
  int fd;
  status st = disk_partial(path, partial);
  if (st == OK)
    st = disk_create(partial, &fd);
  if (st != OK)
    return st;
  st = disk_write(fd, bytes, n, 0, path);
  if (st != OK)
    close(fd);
  else
    st = disk_sync_close(fd, path);
  if (st == OK)
    st = disk_rename(partial, path);
  if (st != OK)
    unlink(partial);
  return st;
}

status disk_slurp(const char *path, int64_t most, char **out, int64_t *n) {
  *out = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) != 0) {
    status st = status_fail(NO_INPUT, "cannot read %s: %s", path, strerror(errno));
    if (fd >= 0)
      close(fd);
    return st;
  }
  status st = OK;
  if (!S_ISREG(about.st_mode))
    st = status_fail(BAD_DATA, "%s is not a regular file", path);
  else if (about.st_size > most)
    st = status_fail(BAD_DATA, "%s has %lld bytes; at most %lld are allowed", path, (long long)about.st_size,
                     (long long)most);
  if (st == OK)
    st = MEM_ALLOC(*out, about.st_size + 1, path);
  if (st == OK)
    st = disk_read(fd, *out, about.st_size, 0, path);
  if (st == OK) {
    (*out)[about.st_size] = '\0';
    *n = about.st_size;
  } else {
    mem_free(*out);
    *out = NULL;
  }
  close(fd);
  return st;
}
