#include "io/hdf5/store.h"

#include "io/base/disk.h"
#include "io/base/mem.h"
#include "io/hdf5/h5_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct store {
  comm *c;
  char path[DISK_PATH_MAX], partial[DISK_PATH_MAX];
  int fd;             /* of this rank, on the partial file; -1 if it is not open */
  int n_columns;      /* the caller's; as many more hold their checksums, in the same order */
  h5_column *columns; /* [2 n_columns], with our own copies of the paths */
  int64_t *offsets;   /* [2 n_columns] */
  int64_t *rows_put;  /* [n_columns], by this rank */
  char *paths;        /* the paths, one after another */
};

static int64_t column_bytes(const h5_column *c) {
  return c->rows * (int64_t)h5_row_bytes(c);
}
static int64_t block_count(const h5_column *c) {
  return (column_bytes(c) + H5_BLOCK_BYTES - 1) / H5_BLOCK_BYTES;
}

static void free_store(store *s) {
  if (s == NULL)
    return;
  if (s->fd >= 0)
    close(s->fd);
  mem_free(s->columns);
  mem_free(s->offsets);
  mem_free(s->rows_put);
  mem_free(s->paths);
  mem_free(s);
}

/* Copies the caller's columns and adds a column of checksums for each. */
static status copy_columns(store *s, const h5_column *columns, int n) {
  status st = OK;
  size_t room = 0;
  for (int i = 0; i < n; i++) {
    int64_t bytes;
    if (columns[i].rows < 0 || __builtin_mul_overflow(columns[i].rows, (int64_t)h5_row_bytes(&columns[i]), &bytes) ||
        bytes > INT64_MAX / 2)
      return status_fail(INTERNAL, "%s cannot have %lld rows", columns[i].path, (long long)columns[i].rows);
    room += 2 * strlen(columns[i].path) + sizeof "/checksums" + 1;
  }
  s->n_columns = n;
  TRY(MEM_ZALLOC(s->columns, 2 * n, "columns"));
  TRY(MEM_ZALLOC(s->offsets, 2 * n, "columns"));
  TRY(MEM_ZALLOC(s->rows_put, n, "columns"));
  TRY(MEM_ZALLOC(s->paths, (off)room, "columns"));
  char *at = s->paths;
  for (int i = 0; i < n; i++) {
    s->columns[i] = columns[i];
    s->columns[i].path = strcpy(at, columns[i].path);
    at += strlen(at) + 1;
    s->columns[n + i] = (h5_column){.path = at, .type = H5_U64, .rows = block_count(&columns[i]), .columns = 1};
    at += sprintf(at, "/checksums%s", columns[i].path) + 1;
  }
done:
  return st;
}

/* Rank 0 creates the file and reserves its space. */
static status lay_out(store *s, const char *path, const h5_attribute *attributes, int n_attributes) {
  int n = 2 * s->n_columns, fd = -1;
  int64_t need = 1 << 20, block = H5_BLOCK_BYTES;
  h5_attribute *all = NULL;
  status st = OK;
  strcpy(s->path, path);
  for (int i = 0; i < n; i++)
    need += column_bytes(&s->columns[i]) + 8192;
  TRY(disk_room(s->path, need));
  TRY(MEM_ALLOC(all, n_attributes + 2, "attributes"));
  if (n_attributes > 0)
    memcpy(all, attributes, sizeof *all * (size_t)n_attributes);
  all[n_attributes] = (h5_attribute){"/checksums", "algorithm", H5_TEXT, 0, "XXH3-64"};
  all[n_attributes + 1] = (h5_attribute){"/checksums", "block_bytes", H5_I64, 0, &block};
  TRY(h5_layout(s->partial, s->columns, n, all, n_attributes + 2, s->offsets));
  fd = open(s->partial, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  int64_t size = fd >= 0 ? (int64_t)lseek(fd, 0, SEEK_END) : -1;
  if (size < 0)
    TRY(status_fail(IO_FAILED, "cannot reopen %s: %s", s->partial, strerror(errno)));
  TRY(disk_reserve(fd, size, s->path));
  s->fd = fd;
done:
  if (st != OK) {
    if (fd >= 0)
      close(fd);
    unlink(s->partial); /* harmless if it was never created: the name is ours alone */
  }
  mem_free(all);
  return st;
}

static status new_store(comm *c, const h5_column *columns, int n_columns, store **out) {
  store *s = NULL;
  status st = OK;
  TRY(MEM_ZALLOC(s, 1, "store"));
  s->fd = -1;
  s->c = c;
  TRY(copy_columns(s, columns, n_columns));
done:
  *out = s;
  return st;
}

status store_create(comm *c, const char *path, const h5_column *columns, int n_columns, const h5_attribute *attributes,
                    int n_attributes, store **out) {
  store *s = NULL;
  status st = OK;
  *out = NULL;
  THEN(new_store(c, columns, n_columns, &s));
  if (c->rank == 0) {
    THEN(disk_make_parents(path));
    THEN(disk_partial(path, s->partial));
    THEN(lay_out(s, path, attributes, n_attributes));
  }
  TRY(comm_agree(c, st));
  comm_broadcast(c, s->path, sizeof s->path, 0);
  comm_broadcast(c, s->partial, sizeof s->partial, 0);
  comm_broadcast(c, s->offsets, (off)sizeof *s->offsets * 2 * n_columns, 0);
  if (s->fd < 0) {
    s->fd = open(s->partial, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (s->fd < 0)
      st = status_fail(IO_FAILED, "rank %d cannot open %s: %s; all ranks need the same file system", c->rank,
                       s->partial, strerror(errno));
  }
  TRY(comm_agree(c, st));
  *out = s;
done:
  if (st != OK) {
    if (c->rank == 0 && s != NULL && s->fd >= 0)
      unlink(s->partial);
    free_store(s);
  }
  return st;
}

status store_put(store *s, int column, off first, off count, const void *rows) {
  if (column < 0 || column >= s->n_columns || first < 0 || count < 0 || first > s->columns[column].rows - count)
    return status_fail(INTERNAL, "rows %lld to %lld do not exist in column %d of %s", (long long)first,
                       (long long)(first + count - 1), column, s->path);
  s->rows_put[column] += count;
  int64_t row = (int64_t)h5_row_bytes(&s->columns[column]);
  if (count == 0 || row == 0)
    return OK;
  return disk_write(s->fd, rows, count * row, s->offsets[column] + first * row, s->path);
}

status store_put_texts(store *s, int column, off first, const strings *texts, int width) {
  enum { BATCH = 1 << 14 };
  char *rows;
  status st = MEM_ALLOC(rows, (off)BATCH * width, "texts");
  for (off at = 0; st == OK && at < texts->n; at += BATCH) {
    off n = texts->n - at < BATCH ? texts->n - at : BATCH;
    memset(rows, 0, (size_t)n * (size_t)width);
    for (off i = 0; i < n; i++) {
      const char *text = texts->bytes + (at + i) * texts->width;
      memcpy(rows + i * width, text, strnlen(text, (size_t)texts->width));
    }
    st = store_put(s, column, first + at, n, rows);
  }
  mem_free(rows);
  return st;
}

int store_text_width(comm *c, const strings *texts) {
  int64_t longest = 1;
  for (off i = 0; i < texts->n; i++) {
    size_t n = strnlen(texts->bytes + i * texts->width, (size_t)texts->width);
    longest = (int64_t)n > longest ? (int64_t)n : longest;
  }
  comm_max_i64(c, &longest, 1);
  return (int)longest;
}

void store_created(char *out) {
  time_t now = time(NULL);
  const char *fixed = getenv("SOURCE_DATE_EPOCH");
  if (fixed != NULL && *fixed != '\0')
    now = (time_t)strtoll(fixed, NULL, 10);
  struct tm utc;
  if (gmtime_r(&now, &utc) == NULL || strftime(out, STORE_CREATED_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
    strcpy(out, "1970-01-01T00:00:00Z");
}

/* Checks that as many rows were written as there are. */
static status check_complete(store *s) {
  comm_sum_i64(s->c, s->rows_put, s->n_columns);
  for (int i = 0; i < s->n_columns; i++)
    if (s->rows_put[i] != s->columns[i].rows)
      return status_fail(INTERNAL, "%s: only %lld of %lld rows of %s were written", s->path, (long long)s->rows_put[i],
                         (long long)s->columns[i].rows, s->columns[i].path);
  return OK;
}

/* Reads back this rank's share of every column and writes the checksums of its blocks. */
static status write_checksums(store *s) {
  enum { BATCH = 512 };
  char *block = NULL;
  uint64_t sums[BATCH];
  status st = OK;
  int n = s->n_columns, rank = s->c->rank, size = s->c->size;
  TRY(MEM_ALLOC(block, H5_BLOCK_BYTES, "checksum block"));
  for (int i = 0; i < n; i++) {
    int64_t total = column_bytes(&s->columns[i]), blocks = block_count(&s->columns[i]);
    /* blocks * rank could overflow only beyond 2^63 / ranks blocks of 256 KiB */
    int64_t from = blocks * rank / size, to = blocks * (rank + 1) / size;
    for (int64_t b = from; b < to;) {
      int64_t first = b;
      for (; b < to && b - first < BATCH; b++) {
        int64_t at = b * H5_BLOCK_BYTES, bytes = total - at < H5_BLOCK_BYTES ? total - at : H5_BLOCK_BYTES;
        TRY(disk_read(s->fd, block, bytes, s->offsets[i] + at, s->partial));
        sums[b - first] = h5_checksum(block, (size_t)bytes);
      }
      TRY(disk_write(s->fd, sums, (b - first) * 8, s->offsets[n + i] + first * 8, s->path));
    }
  }
done:
  mem_free(block);
  return st;
}

/* Opens the file as a reader would and checks that every column is as laid out. */
static status verify(store *s) {
  h5_file *f = NULL;
  status st = OK;
  TRY(h5_open(s->partial, &f));
  for (int i = 0; i < 2 * s->n_columns; i++) {
    const h5_column *want = &s->columns[i];
    h5_column found;
    TRY(h5_find(f, want->path, &found));
    if (found.type != want->type || found.rows != want->rows || found.matrix != want->matrix ||
        (want->matrix && found.columns != want->columns) || (want->type == H5_TEXT && found.width != want->width))
      TRY(status_fail(IO_FAILED, "%s: %s differs from what was written", s->partial, want->path));
    uint64_t *sums = NULL;
    off n_sums = 0;
    if (i < s->n_columns)
      TRY(h5_read_checksums(f, want->path, &sums, &n_sums));
    mem_free(sums);
    if (i < s->n_columns && n_sums != block_count(want))
      TRY(status_fail(IO_FAILED, "%s: the checksums of %s differ from what was written", s->partial, want->path));
  }
done:
  h5_close(f);
  return st;
}

/* Syncs and closes the file. Opening it again makes what other nodes wrote visible on file systems that only guarantee
 * that much. Collective; agreed status. */
static status sync_and_reopen(store *s, bool reopen) {
  int fd = s->fd;
  s->fd = -1;
  status st = comm_agree(s->c, disk_sync_close(fd, s->path));
  if (st != OK || !reopen)
    return st;
  s->fd = open(s->partial, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (s->fd < 0)
    st = status_fail(IO_FAILED, "cannot reopen %s: %s", s->partial, strerror(errno));
  return comm_agree(s->c, st);
}

status store_commit(store *s, status mine) {
  comm *c = s->c;
  status st = OK;
  TRY(comm_agree(c, mine));
  TRY(check_complete(s));
  TRY(sync_and_reopen(s, true));
  TRY(comm_agree(c, write_checksums(s)));
  TRY(sync_and_reopen(s, false));
  if (c->rank == 0) {
    THEN(verify(s));
    THEN(disk_rename(s->partial, s->path));
  }
  TRY(comm_agree(c, st));
done:
  if (st != OK && c->rank == 0)
    unlink(s->partial);
  free_store(s);
  return st;
}
