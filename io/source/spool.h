/* Sources that can be read only once, such as pipes: rank 0 copies them to files beside the output, which all ranks
 * then read at any place. */
#ifndef PALATE_IO_SOURCE_SPOOL_H
#define PALATE_IO_SOURCE_SPOOL_H

#include "io/base/disk.h"
#include "io/ranks/comm.h"

/* The name of standard input as a source. */
extern const char SPOOL_STANDARD_INPUT[];

typedef struct spool_file {
  int source; /* its number among the sources */
  char file[DISK_PATH_MAX];
} spool_file;

typedef struct spool {
  spool_file *made;
  int n;
} spool;

/* Copies those of the n sources that are pipes; the copies lie beside `output` and take its name. files[i] becomes
 * where source i lies: paths[i] itself, or a copy, which is valid until spool_remove(). Collective; agreed status:
 * USAGE if a pipe is named twice, NO_INPUT, CANNOT_CREATE, IO_FAILED (disk full), NO_MEMORY. */
status spool_pipes(comm *c, const char *const *paths, int n, const char *output, const char **files, spool *out);

/* Removes the copies. Local; for all ranks, when none of them reads any more. */
void spool_remove(const comm *c, spool *s);

#endif
