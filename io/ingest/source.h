/* Reading source files: plain ones from any place, gzip ones from the start. Local; needs zlib and OpenSSL. */
#ifndef PALATE_IO_INGEST_SOURCE_H
#define PALATE_IO_INGEST_SOURCE_H

#include "io/base/log.h"
#include "io/base/status.h"
#include "io/base/types.h"

typedef struct source {
  const char *path; /* not owned */
  void *gz;         /* gzFile, NULL for a plain file */
  int fd;
  off at;          /* plain: where the next read begins */
  progress *shown; /* the progress line to update; may be NULL */
  off shown_before;
} source;

typedef struct source_facts {
  off bytes; /* on disk */
  bool gzip;
} source_facts;

/* Finds the facts of a file and reads up to `room` of its first bytes (unpacked) to `head`; *n becomes their number.
 * NO_INPUT if it is missing, not a regular file, or not readable; IO_FAILED. */
status source_head(const char *path, source_facts *facts, char *head, size_t room, size_t *n);

/* Finds the length of a file. NO_INPUT as source_head. */
status source_look(const char *path, off *bytes);

/* Opens at byte `from` of the contents (of a gzip file, what is before is unpacked and dropped). NO_INPUT, IO_FAILED,
 * NO_MEMORY. */
status source_open(const char *path, bool gzip, off from, source *out);
void source_close(source *s);

/* A text_read: reads the next `room` bytes, fewer only at the end. IO_FAILED if the disk or the gzip stream is broken.
 */
status source_read(void *source, char *to, size_t room, size_t *got);

/* SHA-256 of the file as it lies on disk. */
status source_sha256(const char *path, unsigned char sum[32]);

#endif
