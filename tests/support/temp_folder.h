/* A folder for the files of one test, made by rank 0 and known to all ranks. */
#ifndef PALATE_TESTS_SUPPORT_TEMP_FOLDER_H
#define PALATE_TESTS_SUPPORT_TEMP_FOLDER_H

#include "io/ranks/comm.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEMP_FOLDER_MAX = 256 };

static inline void temp_folder_make(comm *c, char *folder) {
  if (c->rank == 0) {
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, TEMP_FOLDER_MAX, "%.200s/palate-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL) {
      fprintf(stderr, "cannot make %s\n", folder);
      folder[0] = '\0';
    }
  }
  comm_broadcast(c, folder, TEMP_FOLDER_MAX, 0);
}

static inline int temp_folder_unlink(const char *path, const struct stat *about, int kind, struct FTW *where) {
  (void)about, (void)kind, (void)where;
  return remove(path);
}

static inline void temp_folder_remove(comm *c, const char *folder) {
  comm_barrier(c);
  if (c->rank == 0 && folder[0] != '\0')
    nftw(folder, temp_folder_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
