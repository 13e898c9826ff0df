/* Files to be ingested: plain ones read at any place, gzip ones from the start. Local; needs zlib and OpenSSL. */
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
  progress *shown; /* NULL, or told of the bytes read */
  off shown_before;
} source;

/* What is to be known before a file is read. NO_INPUT where it is missing, no regular file, or may not be read. */
typedef struct source_facts {
  off bytes; /* on disk */
  bool gzip;
} source_facts;
status source_look(const char *path, source_facts *out);

/* Opens at byte `from` (of the contents, for gzip too: what is before is unpacked and dropped). */
status source_open(const char *path, bool gzip, off from, source *out);
void source_close(source *s);

/* A text_read: the next `room` bytes, fewer only at the end. IO_FAILED where the disk or the gzip stream is broken. */
status source_read(void *source, char *to, size_t room, size_t *got);

/* SHA-256 of the file as it lies on disk. */
status source_sha256(const char *path, unsigned char sum[32]);

#endif
