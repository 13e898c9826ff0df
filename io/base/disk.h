/* Reads and writes files. A file is written under a temporary name, so that a full disk, a signal or a kill never
 * leaves an incomplete file under its final name.
 *
 * Plain POSIX: short transfers and EINTR are handled, and an error names the file and the cause. Local. */
#ifndef PALATE_IO_BASE_DISK_H
#define PALATE_IO_BASE_DISK_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { DISK_PATH_MAX = 4096 };

/* Reads or writes all n bytes at offset `at`. IO_FAILED, also when reading past the end ("truncated"). */
status disk_read(int fd, void *bytes, int64_t n, int64_t at, const char *path);
status disk_write(int fd, const void *bytes, int64_t n, int64_t at, const char *path);

/* Makes a folder and those it lies in, as `mkdir -p` does; no error if it is there. USAGE, CANNOT_CREATE, IO_FAILED
 * (disk full). */
status disk_make_folder(const char *path);
/* The same for the folder that `path` lies in. */
status disk_make_parents(const char *path);

/* The temporary name for writing `path`: in the same folder, with our host and process (PATH.part-HOST-PID). Files left
 * there by dead processes of this host are removed. out[DISK_PATH_MAX]. USAGE if the path is too long or does not name
 * a file. */
status disk_partial(const char *path, char *out);
/* Returns true if a file name is a temporary one. */
bool disk_is_partial(const char *name);

/* Opens a new file for reading and writing (O_EXCL, mode 0644 less the umask). CANNOT_CREATE. */
status disk_create(const char *path, int *fd);

/* Checks that `path` can be written. CANNOT_CREATE if its folder is missing or not writable, IO_FAILED if its file
 * system has less than `bytes` free. */
status disk_room(const char *path, int64_t bytes);

/* Reserves `bytes` from the start of the file, if the file system supports that; IO_FAILED if the disk is full. */
status disk_reserve(int fd, int64_t bytes, const char *path);

/* Syncs `fd` and closes it, also if the sync fails. */
status disk_sync_close(int fd, const char *path);

/* Renames a synced file over `to`, and syncs the folder. */
status disk_rename(const char *from, const char *to);
/* Syncs the folder of `path`. */
status disk_sync_folder(const char *path);

/* Writes a small file completely or not at all: temporary name, write, sync, rename. */
status disk_replace(const char *path, const void *bytes, int64_t n);

/* Reads a small file and adds a NUL; BAD_DATA if it is larger than `most`. Free with mem_free. */
status disk_slurp(const char *path, int64_t most, char **out, int64_t *n);

/* This machine's name for temporary names and lock files: letters, digits, '-' and '_'. out[64]. */
void disk_host(char *out);

#endif
