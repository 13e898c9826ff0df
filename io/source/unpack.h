/* Unpacks gzip, bzip2, xz, zstd, and zip archives with one file, from the start to the end. Local; needs zlib and
 * libarchive. */
#ifndef PALATE_IO_SOURCE_UNPACK_H
#define PALATE_IO_SOURCE_UNPACK_H

#include "io/base/status.h"
#include "io/base/types.h"
#include "io/detect/recognise.h"

typedef struct unpacker unpacker;

/* Whether unpack_open() reads files of this kind. */
bool unpack_knows(file_kind kind);
/* "gzip", "bzip2", … for messages. */
const char *unpack_word(file_kind kind);

/* What a zip archive is, by the names of its files: KIND_XLSX, KIND_NPZ, …; KIND_ZIP: one file that unpack_open()
 * reads. BAD_DATA for an archive of several files or none; the message names them and what to type. NO_INPUT,
 * IO_FAILED. */
status unpack_zip_kind(const char *name, const char *file, file_kind *kind);

/* Opens `file`, of a kind that unpack_knows(), at its first unpacked byte; `name` is used in messages. BAD_DATA as
 * unpack_zip_kind(), NO_INPUT, IO_FAILED, NO_MEMORY. */
status unpack_open(const char *name, const char *file, file_kind kind, unpacker **out);
/* The next `room` bytes, fewer only at the end. IO_FAILED if the file is damaged, cut short, or has anything but NULs
 * behind its end. */
status unpack_read(unpacker *u, char *to, size_t room, size_t *got);
void unpack_close(unpacker *u);

#endif
