#define _GNU_SOURCE
#include "io/source/spool.h"

#include "io/base/log.h"
#include "io/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char SPOOL_STANDARD_INPUT[] = "standard input";

/* Names of files that exist for one process alone; /dev/fd/63 is what a shell gives for <(command). */
static bool is_own(const char *path) {
  static const char *const OWN[] = {"/dev/fd/", "/proc/self/fd/", "/dev/stdin"};
  for (int i = 0; i < 3; i++)
    if (strncmp(path, OWN[i], strlen(OWN[i])) == 0)
      return true;
  return false;
}

/* Whether only rank 0 can read the source, and only once. */
static bool is_stream(const char *path) {
  struct stat about;
  return strcmp(path, SPOOL_STANDARD_INPUT) == 0 || is_own(path) ||
         (stat(path, &about) == 0 && S_ISFIFO(about.st_mode));
}

/* Waits for bytes in short turns: a rank that sleeps for long is taken for one that hangs (pulse.h). */
static void wait_for_bytes(int fd) {
  enum { TURN_MS = 2 };
  struct pollfd wanted = {.fd = fd, .events = POLLIN};
  while (poll(&wanted, 1, TURN_MS) == 0) {
  }
}

static status copy(int from, int to, const char *path, const char *file) {
  enum { PIECE = 1 << 20 };
  char *buffer;
  int64_t at = 0;
  status st = MEM_ALLOC(buffer, PIECE, "bytes of a pipe");
  while (st == OK) {
    wait_for_bytes(from);
    ssize_t n = read(from, buffer, PIECE);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (n < 0)
      st = status_fail(IO_FAILED, "%s cannot be read: %s", path, strerror(errno));
    if (n <= 0)
      break;
    st = disk_write(to, buffer, n, at, file);
    at += n;
  }
  if (st == OK)
    log_info("%s: %.1f MB read", path, (double)at / 1e6);
  mem_free(buffer);
  return st;
}

/* Copies one pipe. On rank 0. */
static status spool_one(const char *path, const char *output, spool_file *out) {
  status st = OK;
  char name[DISK_PATH_MAX];
  bool standard = strcmp(path, SPOOL_STANDARD_INPUT) == 0;
  int to = -1, from = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (standard && !comm_input_is_whole())
    TRY(status_fail(USAGE,
                    "this mpirun may repeat or lose parts of standard input; use a named pipe: mkfifo p; COMMAND "
                    ">p & mpirun … palate ingest p …"));
  if (from < 0)
    TRY(status_fail(NO_INPUT, "cannot read %s: %s%s", path, strerror(errno),
                    is_own(path) ? "; mpirun hands on only standard input: use `mpirun … palate ingest - < <(command)`"
                                 : ""));
  if (snprintf(name, sizeof name, "%s.source%d", output, out->source + 1) >= (int)sizeof name)
    TRY(status_fail(USAGE, "the path %s is too long", output));
  TRY(disk_make_parents(name));
  TRY(disk_partial(name, out->file));
  TRY(disk_create(out->file, &to));
  log_info("reading %s into %s", path, out->file);
  TRY(copy(from, to, path, out->file));
done:
  if (from >= 0 && !standard)
    close(from);
  if (to >= 0)
    close(to);
  return st;
}

static status spool_all(const char *const *paths, int n, const char *output, spool *out) {
  status st = OK;
  int streams = 0;
  for (int i = 0; i < n; i++)
    streams += is_stream(paths[i]);
  TRY(MEM_ZALLOC(out->made, streams, "pipes"));
  for (int i = 0; i < n && streams > 0; i++) {
    if (!is_stream(paths[i]))
      continue;
    for (int k = 0; k < out->n; k++)
      if (strcmp(paths[out->made[k].source], paths[i]) == 0)
        TRY(status_fail(USAGE, "%s can be read only once, but is named twice", paths[i]));
    out->made[out->n].source = i;
    TRY(spool_one(paths[i], output, &out->made[out->n++]));
  }
done:
  return st;
}

status spool_pipes(comm *c, const char *const *paths, int n, const char *output, const char **files, spool *out) {
  status st = OK;
  *out = (spool){0};
  memcpy(files, paths, (size_t)n * sizeof *files);
  TRY(comm_agree(c, c->rank == 0 ? spool_all(paths, n, output, out) : OK));
  comm_broadcast(c, &out->n, sizeof out->n, 0);
  if (c->rank != 0)
    st = MEM_ZALLOC(out->made, out->n, "pipes");
  TRY(comm_agree(c, st));
  comm_broadcast(c, out->made, (off)out->n * (off)sizeof *out->made, 0);
  for (int k = 0; k < out->n; k++)
    files[out->made[k].source] = out->made[k].file;
done:
  return st;
}

void spool_remove(const comm *c, spool *s) {
  for (int k = 0; c->rank == 0 && k < s->n; k++)
    if (s->made[k].file[0] != '\0')
      unlink(s->made[k].file);
  mem_free(s->made);
  *s = (spool){0};
}
