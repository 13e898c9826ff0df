#include "io/hdf5/h5_private.h"

#include "io/base/disk.h"
#include "io/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { PATH_MAX_H5 = 512 };

void h5_prepare(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
}

const char *h5_version(void) {
  return &H5_VERS_INFO[sizeof "HDF5 library version: " - 1];
}

uint64_t h5_checksum(const void *bytes, size_t n) {
  return XXH3_64bits(bytes, n);
}

status h5_damaged(const h5_file *f, const char *object) {
  return status_fail(IO_FAILED, "%s: %s cannot be read: the file is damaged or not laid out as palate writes it",
                     f->path, object);
}

size_t h5_row_bytes(const h5_column *c) {
  static const size_t SIZES[] = {0, 1, 4, 8, 8, 4, 8, 0};
  size_t one = c->type == H5_TEXT ? (c->width > 0 ? (size_t)c->width : sizeof(char *)) : SIZES[c->type];
  return one * (size_t)(c->matrix ? c->columns : 1);
}

hid_t h5_memory_type(h5_type type, int width) {
  switch (type) {
  case H5_U8:
    return H5Tcopy(H5T_NATIVE_UINT8);
  case H5_I32:
    return H5Tcopy(H5T_NATIVE_INT32);
  case H5_I64:
    return H5Tcopy(H5T_NATIVE_INT64);
  case H5_U64:
    return H5Tcopy(H5T_NATIVE_UINT64);
  case H5_F32:
    return H5Tcopy(H5T_NATIVE_FLOAT);
  case H5_F64:
    return H5Tcopy(H5T_NATIVE_DOUBLE);
  case H5_TEXT: {
    hid_t t = H5Tcopy(H5T_C_S1);
    H5Tset_size(t, width > 0 ? (size_t)width : H5T_VARIABLE);
    H5Tset_strpad(t, width > 0 ? H5T_STR_NULLPAD : H5T_STR_NULLTERM);
    H5Tset_cset(t, H5T_CSET_UTF8);
    return t;
  }
  case H5_NONE:
    break;
  }
  return H5I_INVALID_HID;
}

hid_t h5_file_type(h5_type type, int width) {
  hid_t t = h5_memory_type(type, width);
  if (t >= 0 && type != H5_TEXT && type != H5_U8)
    H5Tset_order(t, H5T_ORDER_LE);
  return t;
}

hid_t h5_memory_type_for(hid_t stored, h5_type type, int width) {
  hid_t t = h5_memory_type(type, width);
  if (t >= 0 && type == H5_TEXT)
    H5Tset_cset(t, H5Tget_cset(stored)); /* HDF5 does not convert between ASCII and UTF-8, which contains it */
  return t;
}

h5_type h5_type_of(hid_t type, int *width) {
  *width = 0;
  size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
  case H5T_INTEGER:
    if (size == 8)
      return H5Tget_sign(type) == H5T_SGN_NONE ? H5_U64 : H5_I64;
    if (size == 4)
      return H5Tget_sign(type) == H5T_SGN_NONE ? H5_I64 : H5_I32;
    if (size == 1 && H5Tget_sign(type) == H5T_SGN_NONE)
      return H5_U8;
    return size < 4 ? H5_I32 : H5_NONE;
  case H5T_FLOAT:
    return size <= 4 ? H5_F32 : size == 8 ? H5_F64 : H5_NONE;
  case H5T_STRING:
    if (H5Tis_variable_str(type) > 0)
      return H5_TEXT;
    *width = size <= H5_TEXT_MAX ? (int)size : 0;
    return *width > 0 ? H5_TEXT : H5_NONE;
  default:
    return H5_NONE;
  }
}

status h5_walk(h5_file *f, const char *path, bool *there) {
  char part[PATH_MAX_H5];
  size_t n = strlen(path);
  *there = false;
  if (n >= sizeof part || path[0] != '/')
    return status_fail(INTERNAL, "`%.100s` is no path within a file", path);
  for (size_t i = 2; i <= n; i++) {
    if (path[i] != '/' && path[i] != '\0')
      continue;
    memcpy(part, path, i);
    part[i] = '\0';
    htri_t exists = H5Lexists(f->id, part, H5P_DEFAULT);
    if (exists < 0)
      return h5_damaged(f, part);
    if (exists == 0)
      return OK;
    H5L_info_t info;
    if (H5Lget_info(f->id, part, &info, H5P_DEFAULT) < 0)
      return h5_damaged(f, part);
    if (info.type != H5L_TYPE_HARD)
      return status_fail(
          BAD_DATA, "%s: %s is a soft or external link, which palate does not follow; copy what it means into the file",
          f->path, part);
  }
  *there = true;
  return OK;
}

/* --- listing --- */

enum { MEMBERS_MAX = 1000, MEMBER_NAME_MAX = 255 };

static herr_t note_member(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  strings *s = context;
  (void)group;
  if (info->type == H5L_TYPE_HARD && s->n < MEMBERS_MAX && strlen(name) <= MEMBER_NAME_MAX)
    memcpy(s->bytes + s->n++ * s->width, name, strlen(name));
  return 0;
}

status h5_members(h5_file *f, const char *group, strings *out) {
  status st = strings_alloc(out, MEMBERS_MAX, MEMBER_NAME_MAX, "names in a file");
  if (st != OK)
    return st;
  out->n = 0;
  hsize_t next = 0;
  if (H5Literate_by_name(f->id, group, H5_INDEX_NAME, H5_ITER_INC, &next, note_member, out, H5P_DEFAULT) < 0) {
    strings_free(out);
    return h5_damaged(f, group);
  }
  return OK;
}

/* --- opening --- */

status h5_open(const char *path, h5_file **out) {
  status st = OK;
  h5_file *f = NULL;
  hid_t access = H5I_INVALID_HID;
  *out = NULL;
  h5_prepare();
  TRY(MEM_ZALLOC(f, 1, "file"));
  f->id = H5I_INVALID_HID;
  f->fd = -1;
  TRY(MEM_ALLOC(f->path, (off)strlen(path) + 1, "path"));
  strcpy(f->path, path);
  /* Not to hang on a pipe that someone named instead of a file. */
  f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat about;
  if (f->fd < 0 || fstat(f->fd, &about) != 0)
    TRY(status_fail(NO_INPUT, "cannot open %s: %s", path, strerror(errno)));
  if (!S_ISREG(about.st_mode))
    TRY(status_fail(NO_INPUT, "%s is not a regular file", path));
  f->size = about.st_size;
  access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_file_locking(access, false, true); /* what is read is never written again, and not every disk has locks */
  htri_t is_hdf5 = H5Fis_hdf5(path);
  if (is_hdf5 < 0)
    TRY(status_fail(IO_FAILED, "cannot read %s", path));
  if (is_hdf5 == 0)
    TRY(status_fail(BAD_DATA, "%s is not an HDF5 file", path));
  f->id = H5Fopen(path, H5F_ACC_RDONLY, access);
  if (f->id < 0)
    TRY(status_fail(IO_FAILED, "%s is damaged or cut short; restore it or make it anew", path));
  bool summed;
  TRY(h5_walk(f, "/checksums", &summed));
  if (summed) {
    TRY(h5_attr_i64(f, "/checksums", "block_bytes", &f->block));
    if (f->block < 1 || f->block > 1 << 30)
      TRY(status_fail(BAD_DATA, "%s: /checksums has blocks of %lld bytes", path, (long long)f->block));
  }
done:
  if (access >= 0)
    H5Pclose(access);
  if (st != OK) {
    h5_close(f);
    f = NULL;
  }
  *out = f;
  return st;
}

void h5_close(h5_file *f) {
  if (f == NULL)
    return;
  for (int i = 0; i < f->n_entries; i++) {
    H5Dclose(f->entries[i].dataset);
    mem_free(f->entries[i].path);
  }
  mem_free(f->entries);
  if (f->id >= 0)
    H5Fclose(f->id);
  if (f->map != NULL)
    munmap((void *)f->map, (size_t)f->size);
  if (f->fd >= 0)
    close(f->fd);
  mem_free(f->path);
  mem_free(f);
}

const char *h5_path(const h5_file *f) {
  return f->path;
}

bool h5_has(h5_file *f, const char *path) {
  bool there;
  return h5_walk(f, path, &there) == OK && there;
}

/* --- datasets --- */

/* Shape and type, and that the declared size is one the file can hold. */
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
    TRY(status_fail(BAD_DATA, "%s: %s holds values of a type that palate does not read", f->path, path));
  if (dims[0] > INT64_MAX || dims[1] > INT32_MAX)
    TRY(status_fail(BAD_DATA, "%s: %s declares %llu by %llu values, which is too much", f->path, path,
                    (unsigned long long)dims[0], (unsigned long long)dims[1]));
  out->rows = (off)dims[0];
  out->columns = (off)dims[1];
  int64_t bytes;
  if (__builtin_mul_overflow(out->rows, (int64_t)H5Tget_size(type) * out->columns, &bytes))
    TRY(status_fail(BAD_DATA, "%s: %s declares %lld by %lld values, which is too much", f->path, path,
                    (long long)out->rows, (long long)out->columns));
  /* Deflate shrinks a thousandfold at best; more than that on the whole file is a bomb or a broken header. */
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

/* Where and how the values are stored; refuses what lets a file reach out of itself. */
static status check_storage(h5_file *f, h5_entry *e) {
  status st = OK;
  hid_t plist = H5Dget_create_plist(e->dataset), stored = H5Dget_type(e->dataset), plain = H5I_INVALID_HID;
  e->place = -1;
  if (plist < 0 || stored < 0)
    TRY(h5_damaged(f, e->path));
  H5D_layout_t layout = H5Pget_layout(plist);
  if (H5Pget_external_count(plist) != 0)
    TRY(status_fail(BAD_DATA, "%s: %s keeps its values in another file, which palate does not follow", f->path,
                    e->path));
  if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT)
    TRY(status_fail(BAD_DATA, "%s: %s is a virtual dataset, which palate does not follow", f->path, e->path));
  int filters = layout == H5D_CHUNKED ? H5Pget_nfilters(plist) : 0;
  for (int i = 0; i < filters; i++) {
    unsigned flags;
    size_t n_values = 0;
    char name[64] = "";
    H5Z_filter_t id = H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, NULL, sizeof name, name, NULL);
    if (id < 0 || H5Zfilter_avail(id) <= 0)
      TRY(status_fail(BAD_DATA, "%s: %s is packed with the filter %d (%s), which is not built in; repack it with gzip",
                      f->path, e->path, (int)id, name));
  }
  if (layout != H5D_CONTIGUOUS || e->column.rows == 0 || e->column.columns == 0)
    goto done;
  haddr_t at = H5Dget_offset(e->dataset);
  plain = h5_file_type(e->column.type, e->column.width);
  int64_t bytes = e->column.rows * (int64_t)h5_row_bytes(&e->column);
  if (at != HADDR_UNDEF) {
    /* An offset counts from the superblock, which a user block may push down; such files go the slow way. */
    if (at > (haddr_t)f->size || bytes > f->size - (int64_t)at)
      TRY(status_fail(IO_FAILED, "%s is cut short: %s reaches past its end; restore it or make it anew", f->path,
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

/* Finds the checksums that go with a dataset of ours. */
static status find_checksums(h5_file *f, h5_entry *e) {
  char path[PATH_MAX_H5];
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
    return status_fail(BAD_DATA, "%s: %s does not fit %s", f->path, path, e->path);
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
