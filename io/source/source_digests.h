/* SHA-256 of the source files, computed by a thread of each rank while the rest of ingest runs. */
#ifndef PALATE_IO_SOURCE_SOURCE_DIGESTS_H
#define PALATE_IO_SOURCE_SOURCE_DIGESTS_H

#include "io/ranks/comm.h"

#include <pthread.h>

enum { DIGEST_BYTES = 32, DIGEST_TEXT = 2 * DIGEST_BYTES + 1 };

typedef struct source_digests {
  const char *const *paths, *const *files; /* names of the sources, and where they lie */
  int n;
  unsigned char (*digest)[DIGEST_BYTES]; /* [n]; complete after source_digests_finish */
  /* This rank hashes files first, first + step, … */
  int first, step;
  pthread_t thread;
  bool running;
  status st; /* of the thread, with its message */
  char message[STATUS_MESSAGE_MAX];
} source_digests;

/* Starts hashing this rank's share of the files; `paths` and `files` must outlive d. Local. NO_MEMORY. Free with
 * source_digests_free, also after a failure. */
status source_digests_start(const comm *c, source_digests *d, const char *const *paths, const char *const *files,
                            int n);

/* Waits for the threads; afterwards every rank has all digests. Collective; agreed status: NO_INPUT, IO_FAILED. */
status source_digests_finish(comm *c, source_digests *d);

/* Waits for this rank's thread and frees. Local. */
void source_digests_free(source_digests *d);

/* Writes digest i in hexadecimal to out (DIGEST_TEXT bytes). Local. */
void source_digests_text(const source_digests *d, int i, char *out);

#endif
