#define _GNU_SOURCE
#include "io/hdf5/h5_private.h"

#include "io/base/disk.h"
#include "io/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A property list without times: they would make files of equal content differ. */
static hid_t timeless(hid_t class) {
  hid_t plist = H5Pcreate(class);
  H5Pset_obj_track_times(plist, false);
  return plist;
}

/* Creates the groups that lead to a path. */
static status make_groups(hid_t file, const char *path, const char *where) {
  char part[512];
  size_t n = strlen(path);
  if (n >= sizeof part || path[0] != '/')
    return status_fail(INTERNAL, "`%.100s` is not a path within a file", path);
  hid_t creation = timeless(H5P_GROUP_CREATE);
  status st = OK;
  for (size_t i = 1; st == OK && i < n; i++) {
    if (path[i] != '/')
      continue;
    memcpy(part, path, i);
    part[i] = '\0';
    if (H5Lexists(file, part, H5P_DEFAULT) > 0)
      continue;
    hid_t group = H5Gcreate2(file, part, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (group < 0 || H5Gclose(group) < 0)
      st = status_fail(IO_FAILED, "cannot write %s: cannot create the group %s", where, part);
  }
  H5Pclose(creation);
  return st;
}

static status make_dataset(hid_t file, const h5_column *c, const char *where, int64_t *place) {
  status st = make_groups(file, c->path, where);
  if (st != OK)
    return st;
  int64_t bytes;
  hsize_t dims[2] = {(hsize_t)c->rows, (hsize_t)c->columns};
  if (c->rows < 0 || (c->matrix && c->columns < 0) || (c->type == H5_TEXT && c->width < 1) ||
      __builtin_mul_overflow(c->rows, (int64_t)h5_row_bytes(c), &bytes))
    return status_fail(INTERNAL, "%s: %s cannot have %lld rows", where, c->path, (long long)c->rows);
  hid_t space = H5Screate_simple(c->matrix ? 2 : 1, dims, NULL), type = h5_file_type(c->type, c->width);
  hid_t creation = timeless(H5P_DATASET_CREATE), dataset = H5I_INVALID_HID;
  H5Pset_layout(creation, H5D_CONTIGUOUS);
  H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
  if (space >= 0 && type >= 0)
    dataset = H5Dcreate2(file, c->path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  haddr_t at = dataset >= 0 && bytes > 0 ? H5Dget_offset(dataset) : HADDR_UNDEF;
  if (dataset < 0 || (bytes > 0 && at == HADDR_UNDEF))
    st = status_fail(IO_FAILED, "cannot write %s: no room for %s", where, c->path);
  *place = at == HADDR_UNDEF ? -1 : (int64_t)at;
  if (dataset >= 0 && H5Dclose(dataset) < 0 && st == OK)
    st = status_fail(IO_FAILED, "cannot write %s: no room for %s", where, c->path);
  if (space >= 0)
    H5Sclose(space);
  if (type >= 0)
    H5Tclose(type);
  H5Pclose(creation);
  return st;
}

/* Copies the texts of an attribute into a table of the width of the longest. */
static status pack_texts(const h5_attribute *a, strings *out) {
  const char *const *many = a->value, *one = a->value;
  off n = a->count > 0 ? a->count : 1;
  size_t longest = 1;
  for (off i = 0; i < n; i++) {
    size_t length = strlen(a->count > 0 ? many[i] : one);
    longest = length > longest ? length : longest;
  }
  if (longest > 1 << 24)
    return status_fail(INTERNAL, "the attribute %s is too long", a->name);
  status st = strings_alloc(out, n, (int)longest, a->name);
  for (off i = 0; st == OK && i < n; i++) {
    const char *text = a->count > 0 ? many[i] : one;
    memcpy(out->bytes + i * out->width, text, strlen(text));
  }
  return st;
}

static status make_attribute(hid_t file, const h5_attribute *a, const char *where) {
  strings texts = {0};
  status st = a->type == H5_TEXT ? pack_texts(a, &texts) : OK;
  if (st != OK)
    return st;
  hsize_t count = (hsize_t)a->count;
  hid_t space = a->count > 0 ? H5Screate_simple(1, &count, NULL) : H5Screate(H5S_SCALAR);
  hid_t memory = h5_memory_type(a->type, texts.width), stored = h5_file_type(a->type, texts.width);
  hid_t object = H5Oopen(file, a->path, H5P_DEFAULT), attribute = H5I_INVALID_HID;
  if (object >= 0 && space >= 0 && memory >= 0)
    attribute = H5Acreate2(object, a->name, stored, space, H5P_DEFAULT, H5P_DEFAULT);
  const void *from = a->type == H5_TEXT ? texts.bytes : a->value;
  if (attribute < 0 || H5Awrite(attribute, memory, from) < 0)
    st = status_fail(IO_FAILED, "cannot write %s: no room for the attribute `%s` of %s", where, a->name, a->path);
  if (attribute >= 0)
    H5Aclose(attribute);
  if (object >= 0)
    H5Oclose(object);
  if (space >= 0)
    H5Sclose(space);
  if (memory >= 0)
    H5Tclose(memory);
  if (stored >= 0)
    H5Tclose(stored);
  strings_free(&texts);
  return st;
}

/* Copies the written parts of one file into another; the holes between them stay holes. */
static status copy_written(int from, int to, const char *path) {
  enum { PIECE = 1 << 20 };
  char *buffer = NULL;
  status st = OK;
  int64_t size = (int64_t)lseek(from, 0, SEEK_END);
  if (size < 0 || ftruncate(to, size) != 0)
    return status_fail(IO_FAILED, "cannot write %s: %s", path, strerror(errno));
  TRY(MEM_ALLOC(buffer, PIECE, "layout"));
  for (int64_t at = 0; (at = (int64_t)lseek(from, at, SEEK_DATA)) >= 0;) {
    int64_t end = (int64_t)lseek(from, at, SEEK_HOLE);
    for (; at < end; at += PIECE) {
      int64_t n = end - at < PIECE ? end - at : PIECE;
      TRY(disk_read(from, buffer, n, at, path));
      TRY(disk_write(to, buffer, n, at, path));
    }
    at = end;
  }
done:
  mem_free(buffer);
  return st;
}

/* HDF5 1.10.8 crashes the process at its exit if it could not write. So it writes to a file in memory, with holes where
 * the arrays will be, and copy_written puts what it wrote on the disk and reports errors. */
static status lay_out(const char *name, const char *where, const h5_column *columns, int n_columns,
                      const h5_attribute *attributes, int n_attributes, int64_t *offsets) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = timeless(H5P_FILE_CREATE);
  status st = OK;
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_file_locking(access, false, true);
  H5Pset_alignment(access, 4096, 4096);
  H5Pset_fapl_stdio(access); /* the default driver follows the link in /proc to a name, and there is none */
  hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access);
  if (file < 0)
    TRY(status_fail(NO_MEMORY, "no memory to lay out %s", where));
  for (int i = 0; i < n_columns; i++)
    TRY(make_dataset(file, &columns[i], where, &offsets[i]));
  for (int i = 0; i < n_attributes; i++)
    TRY(make_attribute(file, &attributes[i], where));
done:
  if (file >= 0 && H5Fclose(file) < 0 && st == OK)
    st = status_fail(NO_MEMORY, "no memory to lay out %s", where);
  H5Pclose(access);
  H5Pclose(creation);
  return st;
}

status h5_layout(const char *path, const h5_column *columns, int n_columns, const h5_attribute *attributes,
                 int n_attributes, int64_t *offsets) {
  char name[64];
  h5_prepare();
  status st = OK;
  int fd, memory = memfd_create("palate", MFD_CLOEXEC);
  if (memory < 0)
    return status_fail(NO_MEMORY, "no memory to lay out %s: %s", path, strerror(errno));
  snprintf(name, sizeof name, "/proc/self/fd/%d", memory);
  TRY(lay_out(name, path, columns, n_columns, attributes, n_attributes, offsets));
  TRY(disk_create(path, &fd));
  st = copy_written(memory, fd, path);
  close(fd);
  if (st != OK)
    unlink(path);
done:
  close(memory);
  return st;
}
