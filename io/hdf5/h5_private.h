/* What the h5*.c files share; nothing else includes this header, and nothing else includes hdf5.h. */
#ifndef PALATE_IO_HDF5_H5_PRIVATE_H
#define PALATE_IO_HDF5_H5_PRIVATE_H

#include "io/hdf5/h5.h"

#include <hdf5.h>

/* A dataset that was found and accepted, kept open until the file is closed. */
typedef struct h5_entry {
  char *path;
  hid_t dataset;
  h5_column column;
  int64_t place; /* where the bytes lie in the file if it stores exactly column.type contiguously, else -1 */
  int64_t sums;  /* where the checksums of its blocks lie in the file, or -1 */
} h5_entry;

struct h5_file {
  char *path;
  hid_t id;
  int fd;
  int64_t size;
  int64_t block; /* bytes under one checksum; 0 where the file carries none */
  const char *map;
  h5_entry *entries;
  int n_entries, room;
};

/* Once before anything else: errors are ours to report, plugins are not loaded. */
void h5_prepare(void);

/* Longest text that is read. */
enum { H5_TEXT_MAX = 1 << 16 };

/* The entry of a dataset, opened and checked on first use; valid until the next call. */
status h5_entry_find(h5_file *f, const char *path, h5_entry **out);

/* Whether every component of the path is there and a hard link: a soft or external link is BAD_DATA. */
status h5_walk(h5_file *f, const char *path, bool *there);

/* The memory type of an h5_type (little-endian in files, where it must be asked for); close with H5Tclose. */
hid_t h5_memory_type(h5_type type, int width);
/* The memory type that goes with a stored type, which for text must have the same character set. */
hid_t h5_memory_type_for(hid_t stored, h5_type type, int width);
hid_t h5_file_type(h5_type type, int width);

/* How the type of stored values maps to ours; H5_NONE where palate has no use for it. width: 0 for variable length. */
h5_type h5_type_of(hid_t type, int *width);

status h5_damaged(const h5_file *f, const char *object);

/* The checksum of a block. */
uint64_t h5_checksum(const void *bytes, size_t n);

#endif
