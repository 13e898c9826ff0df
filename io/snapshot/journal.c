#define _GNU_SOURCE
#include "io/snapshot/journal.h"

#include "io/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct journal {
  FILE *file;
  char path[1024];
};

void time_iso8601(char *out) {
  time_t now = time(NULL);
  struct tm tm;
  gmtime_r(&now, &tm);
  strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

status journal_open(const char *path, journal **out) {
  *out = NULL;
  journal *j;
  status st = MEM_ZALLOC(j, 1, "journal");
  if (st != OK)
    return st;
  snprintf(j->path, sizeof j->path, "%s", path);
  /* Only the owner may write it, whatever the umask. */
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  j->file = fd >= 0 ? fdopen(fd, "a") : NULL;
  if (j->file == NULL) {
    if (fd >= 0)
      close(fd);
    mem_free(j);
    return status_fail(CANNOT_CREATE, "cannot open the journal %s: %s", path, strerror(errno));
  }
  *out = j;
  return OK;
}

status journal_write(journal *j, json_t *object) {
  status st = OK;
  if (j != NULL) {
    char now[24];
    time_iso8601(now);
    json_object_set_new(object, "time", json_string(now));
    if (json_dumpf(object, j->file, JSON_COMPACT | JSON_REAL_PRECISION(17)) != 0 || fputc('\n', j->file) == EOF ||
        fflush(j->file) != 0)
      st = status_fail(IO_FAILED, "cannot write to the journal %s: %s", j->path, strerror(errno));
  }
  json_decref(object);
  return st;
}

void journal_close(journal *j) {
  if (j == NULL)
    return;
  fclose(j->file);
  mem_free(j);
}
