/* Finds the datasets of a file, checks them, and keeps them open. */
#include "io/hdf5/h5_private.h"

#include "io/base/mem.h"

#include <stdio.h>
#include <string.h>

/* Finds shape and type, and checks that the file can hold so many values. */
static status check_shape(h5_file *f, const char *path, hid_t dataset, h5_column *out) {
  hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
  hsize_t dims[2] = {0, 1};
  status st = OK;
  int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
  if (space < 0 || type < 0 || rank < 0)
    TRY(h5_damaged(f, path));
  if (rank != 1 && rank != 2)
    TRY(status_fail(BAD_DATA, "%s: %s has %d dimensions; palate reads vectors and matrices", f->path, path, rank));
  H5Sget_simple_extent_dims(space, dims, NULL);
  *out = (h5_column){.matrix = rank == 2};
  out->type = h5_type_of(type, &out->width);
  if (out->type == H5_NONE)
    TRY(status_fail(BAD_DATA, "%s: %s has a type that palate does not read", f->path, path));
  if (dims[0] > INT64_MAX || dims[1] > INT32_MAX)
    TRY(status_fail(BAD_DATA, "%s: %s declares %llu by %llu values, which is too many", f->path, path,
                    (unsigned long long)dims[0], (unsigned long long)dims[1]));
  out->rows = (off)dims[0];
  out->columns = (off)dims[1];
  int64_t bytes;
  if (__builtin_mul_overflow(out->rows, (int64_t)H5Tget_size(type) * out->columns, &bytes))
    TRY(status_fail(BAD_DATA, "%s: %s declares %lld by %lld values, which is too many", f->path, path,
                    (long long)out->rows, (long long)out->columns));
  /* Deflate shrinks data 1032 times at most; more for the whole file is a bomb or a broken header. */
  if (bytes / 4096 > f->size)
    TRY(status_fail(BAD_DATA, "%s: %s declares %lld bytes, but the whole file has %lld", f->path, path,
                    (long long)bytes, (long long)f->size));
done:
  if (space >= 0)
    H5Sclose(space);
  if (type >= 0)
    H5Tclose(type);
  return st;
}

/* Finds where the values are stored; refuses datasets whose values are outside the file or need a plugin. */
static status check_storage(h5_file *f, h5_entry *e) {
  status st = OK;
  hid_t plist = H5Dget_create_plist(e->dataset), stored = H5Dget_type(e->dataset), plain = H5I_INVALID_HID;
  e->place = -1;
  if (plist < 0 || stored < 0)
    TRY(h5_damaged(f, e->path));
  H5D_layout_t layout = H5Pget_layout(plist);
  if (H5Pget_external_count(plist) != 0)
    TRY(status_fail(BAD_DATA, "%s: %s has its values in another file, which palate does not open", f->path, e->path));
  if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT)
    TRY(status_fail(BAD_DATA, "%s: %s is a virtual dataset, which palate does not read", f->path, e->path));
  int filters = layout == H5D_CHUNKED ? H5Pget_nfilters(plist) : 0;
  for (int i = 0; i < filters; i++) {
    unsigned flags;
    size_t n_values = 0;
    char name[64] = "";
    H5Z_filter_t id = H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, NULL, sizeof name, name, NULL);
    if (id < 0 || H5Zfilter_avail(id) <= 0)
      TRY(status_fail(BAD_DATA, "%s: %s is packed with filter %d (%s), which is not built in; repack it with gzip",
                      f->path, e->path, (int)id, name));
  }
  if (layout != H5D_CONTIGUOUS || e->column.rows == 0 || e->column.columns == 0)
    goto done;
  haddr_t at = H5Dget_offset(e->dataset);
  plain = h5_file_type(e->column.type, e->column.width);
  int64_t bytes = e->column.rows * (int64_t)h5_row_bytes(&e->column);
  if (at != HADDR_UNDEF) {
    /* The offset counts from the superblock. If a user block comes before it, HDF5 must do the reading. */
    if (at > (haddr_t)f->size || bytes > f->size - (int64_t)at)
      TRY(status_fail(IO_FAILED, "%s is truncated: %s reaches past its end; restore it or create it again", f->path,
                      e->path));
    hsize_t user_block = 0;
    hid_t creation = H5Fget_create_plist(f->id);
    if (creation >= 0) {
      H5Pget_userblock(creation, &user_block);
      H5Pclose(creation);
    }
    bool text = e->column.type == H5_TEXT;
    bool same = text ? e->column.width > 0 && H5Tget_strpad(stored) == H5T_STR_NULLPAD : H5Tequal(stored, plain) > 0;
    if (same && user_block == 0)
      e->place = (int64_t)at;
  }
done:
  if (plist >= 0)
    H5Pclose(plist);
  if (stored >= 0)
    H5Tclose(stored);
  if (plain >= 0)
    H5Tclose(plain);
  return st;
}

/* Finds the checksums of a dataset, if the file has them. */
static status find_checksums(h5_file *f, h5_entry *e) {
  char path[H5_PATH_MAX];
  e->sums = -1;
  if (f->block == 0 || e->place < 0 || strncmp(e->path, "/checksums/", 11) == 0)
    return OK;
  if ((size_t)snprintf(path, sizeof path, "/checksums%s", e->path) >= sizeof path)
    return OK;
  bool there;
  status st = h5_walk(f, path, &there);
  if (st != OK || !there)
    return st;
  int64_t bytes = e->column.rows * (int64_t)h5_row_bytes(&e->column);
  h5_entry *sums;
  st = h5_entry_find(f, path, &sums);
  if (st != OK)
    return st;
  if (sums->column.type != H5_U64 || sums->place < 0 || sums->column.rows != (bytes - 1) / f->block + 1)
    return status_fail(BAD_DATA, "%s: %s does not match %s", f->path, path, e->path);
  e->sums = sums->place;
  return OK;
}

status h5_entry_find(h5_file *f, const char *path, h5_entry **out) {
  for (int i = 0; i < f->n_entries; i++)
    if (strcmp(f->entries[i].path, path) == 0) {
      *out = &f->entries[i];
      return OK;
    }
  h5_entry e = {.dataset = H5I_INVALID_HID, .sums = -1};
  status st = OK;
  bool there;
  TRY(h5_walk(f, path, &there));
  if (!there)
    TRY(status_fail(BAD_DATA, "%s has no %s", f->path, path));
  TRY(MEM_ALLOC(e.path, (off)strlen(path) + 1, "path"));
  strcpy(e.path, path);
  H5O_info_t info;
  if (H5Oget_info_by_name(f->id, path, &info, H5P_DEFAULT) < 0)
    TRY(h5_damaged(f, path));
  if (info.type != H5O_TYPE_DATASET)
    TRY(status_fail(BAD_DATA, "%s: %s is not a dataset", f->path, path));
  e.dataset = H5Dopen2(f->id, path, H5P_DEFAULT);
  if (e.dataset < 0)
    TRY(h5_damaged(f, path));
  TRY(check_shape(f, path, e.dataset, &e.column));
  e.column.path = e.path;
  TRY(check_storage(f, &e));
  TRY(find_checksums(f, &e));
  if (f->n_entries == f->room) {
    TRY(MEM_REALLOC(f->entries, f->room * 2 + 16, "datasets"));
    f->room = f->room * 2 + 16;
  }
  f->entries[f->n_entries] = e;
  *out = &f->entries[f->n_entries++];
done:
  if (st != OK) {
    if (e.dataset >= 0)
      H5Dclose(e.dataset);
    mem_free(e.path);
  }
  return st;
}

status h5_find(h5_file *f, const char *path, h5_column *out) {
  h5_entry *e;
  status st = h5_entry_find(f, path, &e);
  if (st == OK)
    *out = e->column;
  return st;
}
