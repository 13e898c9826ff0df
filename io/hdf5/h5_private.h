/* Shared by the .c files of this folder. No other file may include this header or hdf5.h. */
#ifndef PALATE_IO_HDF5_H5_PRIVATE_H
#define PALATE_IO_HDF5_H5_PRIVATE_H

#include "io/hdf5/h5.h"

#include <hdf5.h>

/* A dataset that was found and accepted, kept open until the file is closed. */
typedef struct h5_entry {
  char *path;
  hid_t dataset;
  h5_column column;
  int64_t place; /* where its bytes begin in the file, if stored contiguously as exactly column.type; else -1 */
  int64_t sums;  /* where the checksums of its blocks begin in the file, or -1 */
} h5_entry;

struct h5_file {
  char *path;
  hid_t id;
  int fd;
  int64_t size;
  int64_t block; /* bytes of a block with one checksum; 0 if the file has none */
  const char *map;
  h5_entry *entries;
  int n_entries, room;
};

/* Call before anything else: turns off HDF5's own error messages and the loading of plugins. */
void h5_prepare(void);

/* Bytes of the longest text and the longest path that are read. */
enum { H5_TEXT_MAX = 1 << 16, H5_PATH_MAX = 512 };

/* Finds the entry of a dataset; opens and checks it on first use. Valid until the next call. BAD_DATA, IO_FAILED. */
status h5_entry_find(h5_file *f, const char *path, h5_entry **out);

/* Sets *there to whether every part of the path exists. BAD_DATA if one is a soft or external link. */
status h5_walk(h5_file *f, const char *path, bool *there);

/* HDF5's type for values in memory, for values read from a dataset of type `stored` (texts must have its character
 * set), and for values in a file (little-endian). Close with H5Tclose. */
hid_t h5_memory_type(h5_type type, int width);
hid_t h5_memory_type_for(hid_t stored, h5_type type, int width);
hid_t h5_file_type(h5_type type, int width);

/* The h5_type for stored values; H5_NONE if palate does not read them. *width is 0 for text of variable length. */
h5_type h5_type_of(hid_t type, int *width);

/* Returns IO_FAILED: the object cannot be read, so the file is damaged. */
status h5_damaged(const h5_file *f, const char *object);

/* The checksum of a block. */
uint64_t h5_checksum(const void *bytes, size_t n);

#endif
