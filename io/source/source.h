/* Reading source files: plain ones from any place, packed ones from the start. Local; needs OpenSSL.
 *
 * A source has a name, for messages, and a file, which is another where the source is a pipe: see spool.h. */
#ifndef PALATE_IO_SOURCE_SOURCE_H
#define PALATE_IO_SOURCE_SOURCE_H

#include "io/base/log.h"
#include "io/base/status.h"
#include "io/base/types.h"
#include "io/source/unpack.h"

typedef struct source {
  const char *name; /* not owned */
  unpacker *packed; /* NULL for a plain file */
  int fd;
  off at;          /* plain: where the next read begins */
  progress *shown; /* the progress line to update; may be NULL */
  off shown_before;
} source;

typedef struct source_facts {
  off bytes;        /* on disk */
  file_kind packed; /* one that unpack_knows(), or KIND_TEXT: the file is plain */
  file_kind kind;   /* of the contents, unpacked */
} source_facts;

/* Finds the facts of a file and reads up to `room` of its first bytes (unpacked) to `head`; *n becomes their number, 0
 * for kinds of zip archives. NO_INPUT if it is missing, not a regular file, or not readable; BAD_DATA for a zip archive
 * of several files; IO_FAILED. */
status source_head(const char *name, const char *file, source_facts *facts, char *head, size_t room, size_t *n);

/* BAD_DATA if the contents are neither text nor (where that is allowed) HDF5; the message says what they are and how to
 * convert them. */
status source_refuse(const char *name, const source_facts *facts, bool hdf5);

/* Opens at byte `from` of the contents (of a packed file, what is before is unpacked and dropped). NO_INPUT, IO_FAILED,
 * NO_MEMORY. */
status source_open(const char *name, const char *file, file_kind packed, off from, source *out);
void source_close(source *s);

/* A text_read: reads the next `room` bytes, fewer only at the end. IO_FAILED if the disk or the packed file is broken.
 */
status source_read(void *source, char *to, size_t room, size_t *got);

/* SHA-256 of the file as it lies on disk. */
status source_sha256(const char *name, const char *file, unsigned char sum[32]);

#endif
