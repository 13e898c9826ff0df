/* What the fuzzers of files share: a folder in memory, and what ends a run. */
#ifndef PALATE_TESTS_FUZZ_FUZZ_FOLDER_H
#define PALATE_TESTS_FUZZ_FUZZ_FOLDER_H

#include "io/base/status.h"
#include "io/base/types.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FUZZ_PATH_MAX = 128 };

static inline int fuzz_remove(const char *path, const struct stat *about, int kind, struct FTW *where) {
  (void)about, (void)kind, (void)where;
  return remove(path);
}

static inline void fuzz_clear(void) {
  char folder[FUZZ_PATH_MAX];
  snprintf(folder, FUZZ_PATH_MAX, "/dev/shm/palate-fuzz-%ld", (long)getpid());
  nftw(folder, fuzz_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a file in this process's own folder under /dev/shm, which is made where it is missing and goes when the
 * process ends. */
static inline void fuzz_path(const char *name, char *out) {
  snprintf(out, FUZZ_PATH_MAX, "/dev/shm/palate-fuzz-%ld", (long)getpid());
  if (mkdir(out, 0700) == 0 && getenv("FUZZ_KEEP") == NULL)
    atexit(fuzz_clear);
  snprintf(out, FUZZ_PATH_MAX, "/dev/shm/palate-fuzz-%ld/%s", (long)getpid(), name);
}

static inline void fuzz_must(bool good, const char *what) {
  if (good)
    return;
  fprintf(stderr, "%s: %s\n", what, status_message());
  abort();
}

/* Touches every byte that was read, so that the sanitizer sees those which are not there. */
static inline void fuzz_take(const void *bytes, off n) {
  static volatile unsigned char last;
  for (off i = 0; i < n; i++)
    last = (unsigned char)(last ^ ((const unsigned char *)bytes)[i]);
}

#endif
