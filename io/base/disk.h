/* Files written so that a full disk, a signal or a kill never leaves half a file under a good name.
 *
 * Plain POSIX with clean errors: short transfers and EINTR are handled, a failure names the file and the cause.
 * Everything here is local. */
#ifndef PALATE_IO_BASE_DISK_H
#define PALATE_IO_BASE_DISK_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { DISK_PATH_MAX = 4096 };

/* All n bytes at offset `at`. Reading past the end is IO_FAILED ("cut short"). */
status disk_read(int fd, void *bytes, int64_t n, int64_t at, const char *path);
status disk_write(int fd, const void *bytes, int64_t n, int64_t at, const char *path);

/* Makes a folder and those it lies in, as `mkdir -p` does; no error if it is there. USAGE, CANNOT_CREATE, IO_FAILED
 * (disk full). */
status disk_make_folder(const char *path);
/* The same for the folder that `path` lies in. */
status disk_make_parents(const char *path);

/* The name under which `path` is written before it is renamed: in the same folder, with our host and process in it
 * (PATH.part-HOST-PID). Leftovers of dead processes of this host are removed. out[DISK_PATH_MAX]. USAGE where the path
 * is too long or names no file. */
status disk_partial(const char *path, char *out);
/* Whether a file name is that of a partial file. */
bool disk_is_partial(const char *name);

/* Opens a new file for reading and writing (O_EXCL, mode 0644 less the umask). CANNOT_CREATE. */
status disk_create(const char *path, int *fd);

/* CANNOT_CREATE where the folder of `path` is missing or may not be written, IO_FAILED where its file system has less
 * than `bytes` left. */
status disk_room(const char *path, int64_t bytes);

/* Reserves `bytes` from the start of the file where the file system can; IO_FAILED where there is no room. */
status disk_reserve(int fd, int64_t bytes, const char *path);

/* Syncs `fd` and closes it in every case. */
status disk_sync_close(int fd, const char *path);

/* Renames a synced file over `to`, and syncs the folder. */
status disk_rename(const char *from, const char *to);
/* Syncs the folder that `path` lies in. */
status disk_sync_folder(const char *path);

/* A small file whole or not at all: partial name, write, sync, rename. */
status disk_replace(const char *path, const void *bytes, int64_t n);

/* The whole of a small file, NUL-terminated; BAD_DATA where it is larger than `most`. Free with mem_free. */
status disk_slurp(const char *path, int64_t most, char **out, int64_t *n);

/* This machine's name as it stands in partial names and lock files: letters, digits, '-' and '_'. out[64]. */
void disk_host(char *out);

#endif
