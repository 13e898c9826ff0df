#include "io/hdf5/h5_private.h"

#include "io/base/disk.h"
#include "io/base/mem.h"

#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

/* Bytes read by one HDF5 call at most. */
static const int64_t PIECE = 1 << 30;

uint64_t h5_checksum(const void *bytes, size_t n) {
  return XXH3_64bits(bytes, n);
}

static status check_block(h5_file *f, const h5_entry *e, int64_t block, const char *bytes, int64_t n, uint64_t sum) {
  if (h5_checksum(bytes, (size_t)n) == sum)
    return OK;
  return status_fail(IO_FAILED,
                     "%s: %s does not match its checksum in block %lld (bytes %lld to %lld of the file): the file was "
                     "damaged or changed; restore it or create it again",
                     f->path, e->path, (long long)block, (long long)(e->place + block * f->block),
                     (long long)(e->place + block * f->block + n - 1));
}

/* Reads and checks bytes first … first+count-1 of a dataset with checksums, block by block; whole blocks go straight to
 * `out`. */
static status read_summed(h5_file *f, const h5_entry *e, int64_t first, int64_t count, char *out) {
  enum { SUMS = 512 };
  uint64_t sums[SUMS];
  char *aside = NULL;
  status st = OK;
  int64_t total = e->column.rows * (int64_t)h5_row_bytes(&e->column), end = first + count, sums_from = 0, sums_to = 0;
  TRY(MEM_ALLOC(aside, f->block, "checksum block"));
  for (int64_t b = first / f->block; b * f->block < end; b++) {
    if (b >= sums_to) {
      int64_t blocks = (total - 1) / f->block + 1;
      sums_from = b;
      sums_to = blocks - b < SUMS ? blocks : b + SUMS;
      TRY(disk_read(f->fd, sums, (sums_to - sums_from) * 8, e->sums + b * 8, f->path));
    }
    int64_t from = b * f->block, n = total - from < f->block ? total - from : f->block;
    bool whole = from >= first && from + n <= end;
    char *to = whole ? out + (from - first) : aside;
    TRY(disk_read(f->fd, to, n, e->place + from, f->path));
    TRY(check_block(f, e, b, to, n, sums[b - sums_from]));
    if (!whole) {
      int64_t low = from > first ? from : first, high = from + n < end ? from + n : end;
      memcpy(out + (low - first), aside + (low - from), (size_t)(high - low));
    }
  }
done:
  mem_free(aside);
  return st;
}

/* HDF5 would replace a value that does not fit by the nearest one that does; this stops the conversion instead. */
static H5T_conv_ret_t refuse_overflow(H5T_conv_except_t what, hid_t from, hid_t to, void *in, void *out, void *flag) {
  (void)from, (void)to, (void)in, (void)out;
  if (what != H5T_CONV_EXCEPT_RANGE_HI && what != H5T_CONV_EXCEPT_RANGE_LOW && what != H5T_CONV_EXCEPT_NAN &&
      what != H5T_CONV_EXCEPT_PINF && what != H5T_CONV_EXCEPT_NINF)
    return H5T_CONV_UNHANDLED;
  *(bool *)flag = true;
  return H5T_CONV_ABORT;
}

/* Reads rows by HDF5: data that is chunked, packed or of another type. `memory` is the type in the buffer. */
static status read_converted(h5_file *f, const h5_entry *e, hid_t memory, size_t row_bytes, off first, off count,
                             char *out) {
  status st = OK;
  bool overflow = false;
  hid_t transfer = H5Pcreate(H5P_DATASET_XFER), space = H5Dget_space(e->dataset), slab = H5I_INVALID_HID;
  H5Pset_type_conv_cb(transfer, refuse_overflow, &overflow);
  size_t widest = row_bytes > h5_row_bytes(&e->column) ? row_bytes : h5_row_bytes(&e->column);
  off piece = PIECE / (int64_t)(widest > 0 ? widest : 1);
  if (piece < 1)
    piece = 1;
  for (off at = 0; at < count; at += piece) {
    off n = count - at < piece ? count - at : piece;
    hsize_t start[2] = {(hsize_t)(first + at), 0}, size[2] = {(hsize_t)n, (hsize_t)e->column.columns};
    slab = H5Screate_simple(e->column.matrix ? 2 : 1, size, NULL);
    if (space < 0 || slab < 0 || H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
        H5Dread(e->dataset, memory, slab, space, transfer, out + (size_t)at * row_bytes) < 0) {
      if (overflow)
        TRY(status_fail(BAD_DATA, "%s: %s has a value that is too large or not a number", f->path, e->path));
      TRY(status_fail(IO_FAILED, "%s: cannot read %s at rows %lld to %lld: the file is damaged or truncated", f->path,
                      e->path, (long long)(first + at), (long long)(first + at + n - 1)));
    }
    H5Sclose(slab);
    slab = H5I_INVALID_HID;
  }
done:
  if (slab >= 0)
    H5Sclose(slab);
  if (space >= 0)
    H5Sclose(space);
  H5Pclose(transfer);
  return st;
}

/* Checks the checksums of a slab whose values will be read by read_converted. */
static status verify_only(h5_file *f, const h5_entry *e, int64_t first, int64_t count) {
  char *aside;
  status st = MEM_ALLOC(aside, f->block, "checksum block");
  if (st != OK)
    return st;
  for (int64_t at = first; st == OK && at < first + count;) {
    int64_t next = (at / f->block + 1) * f->block, end = next < first + count ? next : first + count;
    st = read_summed(f, e, at, end - at, aside);
    at = end;
  }
  mem_free(aside);
  return st;
}

static status check_range(const h5_file *f, const h5_entry *e, off first, off count) {
  if (first < 0 || count < 0 || first > e->column.rows - count)
    return status_fail(INTERNAL, "%s: rows %lld to %lld do not exist in %s, which has %lld", f->path, (long long)first,
                       (long long)(first + count - 1), e->path, (long long)e->column.rows);
  return OK;
}

status h5_read(h5_file *f, const char *path, h5_type type, off first, off count, void *buffer) {
  h5_entry *e;
  status st = h5_entry_find(f, path, &e);
  if (st == OK)
    st = check_range(f, e, first, count);
  if (st != OK || count == 0 || e->column.columns == 0)
    return st;
  if ((type == H5_TEXT) != (e->column.type == H5_TEXT) || (type == H5_TEXT && e->column.width == 0))
    return status_fail(BAD_DATA, "%s: %s does not have the expected type of values", f->path, path);
  int64_t row = (int64_t)h5_row_bytes(&e->column);
  bool same = e->place >= 0 && type == e->column.type;
  if (same && e->sums >= 0)
    return read_summed(f, e, first * row, count * row, buffer);
  if (same)
    return disk_read(f->fd, buffer, count * row, e->place + first * row, f->path);
  if (e->sums >= 0)
    st = verify_only(f, e, first * row, count * row);
  if (st != OK)
    return st;
  h5_column as = e->column;
  as.type = type;
  hid_t stored = H5Dget_type(e->dataset), memory = h5_memory_type_for(stored, type, e->column.width);
  H5Tclose(stored);
  st = read_converted(f, e, memory, h5_row_bytes(&as), first, count, buffer);
  H5Tclose(memory);
  return st;
}

/* Reads texts of variable length in batches, as HDF5 allocates each. Fills s unless it is NULL; raises *longest to the
 * length of the longest. */
static status read_variable(h5_file *f, const h5_entry *e, off first, off count, strings *s, off *longest) {
  enum { BATCH = 4096 };
  char **texts;
  status st = MEM_ZALLOC(texts, BATCH, "texts");
  if (st != OK)
    return st;
  hid_t stored = H5Dget_type(e->dataset), memory = h5_memory_type_for(stored, H5_TEXT, 0);
  H5Tclose(stored);
  for (off at = 0; st == OK && at < count; at += BATCH) {
    off n = count - at < BATCH ? count - at : BATCH;
    memset(texts, 0, sizeof *texts * BATCH);
    st = read_converted(f, e, memory, sizeof *texts, first + at, n, (char *)texts);
    for (off i = 0; i < n; i++) {
      size_t length = texts[i] != NULL ? strlen(texts[i]) : 0;
      if ((off)length > *longest)
        *longest = (off)length;
      if (s != NULL && st == OK && (off)length <= s->width && length > 0)
        memcpy(s->bytes + (at + i) * s->width, texts[i], length);
      H5free_memory(texts[i]);
    }
  }
  H5Tclose(memory);
  mem_free(texts);
  return st;
}

status h5_read_strings(h5_file *f, const char *path, off first, off count, strings *s) {
  *s = (strings){0};
  h5_entry *e;
  status st = OK;
  off longest = 1;
  TRY(h5_entry_find(f, path, &e));
  TRY(check_range(f, e, first, count));
  if (e->column.type != H5_TEXT || e->column.columns != 1)
    TRY(status_fail(BAD_DATA, "%s: %s is not a vector of texts", f->path, path));
  if (e->column.width > 0) {
    TRY(strings_alloc(s, count, e->column.width, path));
    TRY(h5_read(f, path, H5_TEXT, first, count, s->bytes));
    goto done;
  }
  TRY(read_variable(f, e, first, count, NULL, &longest));
  if (longest > H5_TEXT_MAX)
    TRY(status_fail(BAD_DATA, "%s: %s has a text of %lld bytes; at most %d are read", f->path, path, (long long)longest,
                    H5_TEXT_MAX));
  TRY(strings_alloc(s, count, (int)longest, path));
  TRY(read_variable(f, e, first, count, s, &longest));
done:
  if (st != OK)
    strings_free(s);
  return st;
}

status h5_read_checksums(h5_file *f, const char *path, uint64_t **sums, off *n) {
  h5_entry *e;
  *sums = NULL;
  *n = 0;
  status st = h5_entry_find(f, path, &e);
  if (st != OK || e->sums < 0)
    return st;
  off blocks = (e->column.rows * (int64_t)h5_row_bytes(&e->column) - 1) / f->block + 1;
  int64_t at = e->sums;
  st = MEM_ALLOC(*sums, blocks, "checksums");
  if (st == OK)
    st = disk_read(f->fd, *sums, blocks * 8, at, f->path);
  if (st != OK) {
    mem_free(*sums);
    *sums = NULL;
    return st;
  }
  *n = blocks;
  return OK;
}

status h5_map(h5_file *f, const char *path, h5_type type, const void **out) {
  *out = NULL;
  h5_entry *e;
  status st = h5_entry_find(f, path, &e);
  if (st != OK || e->place < 0 || e->column.type != type)
    return st;
  h5_column one = {.type = type, .width = 1};
  if (e->place % (int64_t)h5_row_bytes(&one) != 0)
    return OK;
  if (f->map == NULL) {
    void *map = mmap(NULL, (size_t)f->size, PROT_READ, MAP_SHARED, f->fd, 0);
    if (map == MAP_FAILED)
      return OK;
    f->map = map;
  }
  *out = f->map + e->place;
  return OK;
}
