#include "io/schema/user_rows.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/hdf5/store.h"

#include <string.h>

static void buffers_free(void **buffers, int n) {
  for (int i = 0; buffers != NULL && i < n; i++)
    mem_free(buffers[i]);
  mem_free(buffers);
}

static status buffers_create(const user_rows_file *file, lid most, void ***out) {
  status st = OK;
  void **buffers = NULL;
  TRY(MEM_ZALLOC(buffers, file->n_columns, "columns of users"));
  for (int i = 0; i < file->n_columns; i++) {
    unsigned char *bytes;
    TRY(MEM_ALLOC(bytes, (off)h5_row_bytes(&file->columns[i]) * most, "rows of users"));
    buffers[i] = bytes;
  }
done:
  if (st != OK) {
    buffers_free(buffers, file->n_columns);
    buffers = NULL;
  }
  *out = buffers;
  return st;
}

static status write_batch(const user_rows_file *file, gid first, lid n, user_rows_fill *fill, void *context,
                          void **buffers, store *s) {
  status st = OK;
  for (int i = 0; i < file->n_columns && n > 0; i++)
    memset(buffers[i], 0, h5_row_bytes(&file->columns[i]) * (size_t)n);
  TRY(fill(context, first, n, buffers));
  for (int i = 0; i < file->n_columns && n > 0; i++)
    TRY(store_put(s, i, first, n, buffers[i]));
done:
  return st;
}

static status write_rows(comm *c, const user_rows_file *file, user_rows_fill *fill, void *context, store *s) {
  progress bar;
  void **buffers = NULL;
  lid most = file->count < file->batch ? (lid)file->count : file->batch;
  int64_t rounds = most > 0 ? (file->count + most - 1) / most : 0;
  if (file->together)
    comm_max_i64(c, &rounds, 1);
  status st = buffers_create(file, most, &buffers);
  progress_begin(&bar, file->progress, file->count);
  for (gid u = 0; rounds > 0; rounds--) { /* a failure of the last batch is agreed on by store_commit */
    lid n = file->count - u < most ? (lid)(file->count - u) : most;
    if (file->together)
      st = comm_agree(c, st);
    if (st != OK)
      break;
    st = write_batch(file, file->first + u, n, fill, context, buffers, s);
    u += n;
    progress_step(&bar, u, "%lld users", (long long)u);
  }
  progress_end(&bar);
  buffers_free(buffers, file->n_columns);
  return st;
}

status user_rows_write(comm *c, const user_rows_file *file, user_rows_fill *fill, void *context) {
  store *s = NULL;
  status st = store_create(c, file->path, file->columns, file->n_columns, file->attributes, file->n_attributes, &s);
  return st == OK ? store_commit(s, write_rows(c, file, fill, context, s)) : st;
}
