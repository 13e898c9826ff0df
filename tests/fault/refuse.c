/* Preloaded into palate: makes the n-th call of a kind fail, as a full disk or a lack of memory would.
 *
 *   REFUSE_CALL   write | sync | rename | create | alloc | read
 *   REFUSE_NTH    which call fails, counted from 1 in each process
 *   REFUSE_FOREVER  where set, all calls after it fail too (a disk stays full)
 *   REFUSE_ERRNO  what it fails with, a number
 *   REFUSE_UNDER  only files whose path contains this count
 *   REFUSE_RANK   only in the process of this MPI rank
 *   REFUSE_HANG   where set, the call never comes back, as on a file system that no longer answers
 *   REFUSE_SHORT  reads and writes at a place move at most so many bytes a call, as the kernel does with 2^31 and more
 *   REFUSE_TOLD   this file is made when a call was refused
 *
 * Output that stdio writes does not come by here: its calls stay within the C library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic long calls;

static void tell(const char *what) {
  const char *told = getenv("REFUSE_TOLD");
  if (told == NULL)
    return;
  int (*real_open)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  int fd = real_open(told, O_CREAT | O_WRONLY | O_APPEND, 0644);
  ssize_t (*real_write)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  if (fd >= 0 && real_write(fd, what, strlen(what)) >= 0)
    close(fd);
}

static bool refused(const char *call, const char *path) {
  const char *wanted = getenv("REFUSE_CALL"), *nth = getenv("REFUSE_NTH"), *under = getenv("REFUSE_UNDER"),
             *rank = getenv("REFUSE_RANK"), *mine = getenv("OMPI_COMM_WORLD_RANK");
  if (wanted == NULL || nth == NULL || strcmp(wanted, call) != 0)
    return false;
  if (path != NULL && under != NULL && strstr(path, under) == NULL)
    return false;
  if (rank != NULL && mine != NULL && strcmp(rank, mine) != 0)
    return false;
  long n = atomic_fetch_add(&calls, 1) + 1;
  if (n != atol(nth) && (getenv("REFUSE_FOREVER") == NULL || n < atol(nth)))
    return false;
  tell(call);
  while (getenv("REFUSE_HANG") != NULL)
    pause();
  errno = getenv("REFUSE_ERRNO") != NULL ? atoi(getenv("REFUSE_ERRNO")) : EIO;
  return true;
}

static bool refused_fd(const char *call, int fd) {
  char link[64], path[4096];
  if (getenv("REFUSE_CALL") == NULL)
    return false;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0)
    return false;
  path[n] = '\0';
  return refused(call, path);
}

#define REAL(type, name, arguments) ((type(*) arguments)dlsym(RTLD_NEXT, #name))

static size_t moved(size_t n) {
  const char *most = getenv("REFUSE_SHORT");
  return most != NULL && (size_t)atol(most) < n ? (size_t)atol(most) : n;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
  n = moved(n);
  return refused_fd("write", fd) ? -1 : REAL(ssize_t, pwrite, (int, const void *, size_t, off_t))(fd, bytes, n, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
  n = moved(n);
  return refused_fd("write", fd) ? -1 : REAL(ssize_t, pwrite64, (int, const void *, size_t, off64_t))(fd, bytes, n, at);
}
ssize_t write(int fd, const void *bytes, size_t n) {
  return refused_fd("write", fd) ? -1 : REAL(ssize_t, write, (int, const void *, size_t))(fd, bytes, n);
}
int ftruncate(int fd, off_t n) {
  return refused_fd("write", fd) ? -1 : REAL(int, ftruncate, (int, off_t))(fd, n);
}
int ftruncate64(int fd, off64_t n) {
  return refused_fd("write", fd) ? -1 : REAL(int, ftruncate64, (int, off64_t))(fd, n);
}
int fallocate(int fd, int mode, off_t at, off_t n) {
  return refused_fd("write", fd) ? -1 : REAL(int, fallocate, (int, int, off_t, off_t))(fd, mode, at, n);
}
ssize_t pread(int fd, void *bytes, size_t n, off_t at) {
  n = moved(n);
  return refused_fd("read", fd) ? -1 : REAL(ssize_t, pread, (int, void *, size_t, off_t))(fd, bytes, n, at);
}
ssize_t pread64(int fd, void *bytes, size_t n, off64_t at) {
  n = moved(n);
  return refused_fd("read", fd) ? -1 : REAL(ssize_t, pread64, (int, void *, size_t, off64_t))(fd, bytes, n, at);
}
int fsync(int fd) {
  return refused_fd("sync", fd) ? -1 : REAL(int, fsync, (int))(fd);
}
int rename(const char *from, const char *to) {
  return refused("rename", to) ? -1 : REAL(int, rename, (const char *, const char *))(from, to);
}
int mkdir(const char *path, mode_t mode) {
  return refused("create", path) ? -1 : REAL(int, mkdir, (const char *, mode_t))(path, mode);
}
int symlink(const char *target, const char *path) {
  return refused("create", path) ? -1 : REAL(int, symlink, (const char *, const char *))(target, path);
}
int open(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
  va_end(args);
  if ((flags & O_CREAT) != 0 && refused("create", path))
    return -1;
  return REAL(int, open, (const char *, int, ...))(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
  va_end(args);
  if ((flags & O_CREAT) != 0 && refused("create", path))
    return -1;
  return REAL(int, open64, (const char *, int, ...))(path, flags, mode);
}
/* What io/base/mem.c allocates with. */
void *aligned_alloc(size_t alignment, size_t n) {
  return refused("alloc", NULL) ? NULL : REAL(void *, aligned_alloc, (size_t, size_t))(alignment, n);
}
