#include "io/base/disk.h"
#include "io/base/mem.h"
#include "io/text/id.h"
#include "jobs/show/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 4096 };

/* A file that is written aside and then renamed. */
typedef struct output {
  char path[DISK_PATH_MAX], partial[DISK_PATH_MAX];
  FILE *file;
} output;

static status output_open(output *f, const char *dir, const char *name) {
  f->file = NULL;
  if (snprintf(f->path, sizeof f->path, "%s/%s", dir, name) >= (int)sizeof f->path)
    return status_fail(USAGE, "the path %.200s… is too long", dir);
  status st = disk_partial(f->path, f->partial);
  if (st != OK)
    return st;
  int fd = -1;
  st = disk_create(f->partial, &fd);
  if (st != OK)
    return st;
  f->file = fdopen(fd, "wb");
  if (f->file == NULL) {
    close(fd);
    unlink(f->partial);
    return status_fail(CANNOT_CREATE, "cannot create %s: %s", f->partial, strerror(errno));
  }
  setvbuf(f->file, NULL, _IOFBF, 1 << 18);
  return OK;
}

/* `st` is the status of writing so far: the file gets its name only if all is well. */
static status output_close(output *f, status st) {
  if (f->file == NULL)
    return st;
  if (st == OK && (fflush(f->file) != 0 || ferror(f->file) != 0 || fsync(fileno(f->file)) != 0))
    st = status_fail(IO_FAILED, "cannot write %s: %s", f->partial, strerror(errno));
  if (fclose(f->file) != 0 && st == OK)
    st = status_fail(IO_FAILED, "cannot write %s: %s", f->partial, strerror(errno));
  f->file = NULL;
  if (st == OK)
    st = disk_rename(f->partial, f->path);
  else
    remove(f->partial);
  return st;
}

/* --- .npy --- */

/* The header of version 1.0 of the format, padded so that the data begin at a multiple of 64. */
static void npy_header(FILE *file, const char *type, gid rows, off columns) {
  char text[192], shape[64];
  if (columns > 0)
    snprintf(shape, sizeof shape, "(%lld, %lld)", (long long)rows, (long long)columns);
  else
    snprintf(shape, sizeof shape, "(%lld,)", (long long)rows);
  int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
  int total = (10 + n + 1 + 63) / 64 * 64;
  fwrite("\x93NUMPY\x01\x00", 1, 8, file);
  fputc((total - 10) & 0xff, file);
  fputc((total - 10) >> 8, file);
  fwrite(text, 1, (size_t)n, file);
  for (int i = 10 + n; i < total - 1; i++)
    fputc(' ', file);
  fputc('\n', file);
}

static status npy_factors(model *m, side s, const char *dir, const char *name) {
  status st = OK;
  output f;
  real *rows = NULL;
  gid n = model_rows(m, s);
  int k = model_factors(m);
  TRY(output_open(&f, dir, name));
  st = MEM_ALLOC(rows, (off)BATCH * k, "factors to export");
  npy_header(f.file, "<f4", n, k);
  for (gid i = 0; st == OK && i < n; i += BATCH) {
    off count = n - i < BATCH ? n - i : BATCH;
    st = model_read_factors(m, s, i, count, rows, k);
    if (st == OK)
      fwrite(rows, sizeof *rows, (size_t)(count * k), f.file);
  }
  st = output_close(&f, st);
done:
  mem_free(rows);
  return st;
}

static status npy_bias(model *m, side s, const char *dir, const char *name) {
  status st = OK;
  output f;
  real *rows = NULL;
  gid n = model_rows(m, s);
  TRY(output_open(&f, dir, name));
  st = MEM_ALLOC(rows, BATCH, "biases to export");
  npy_header(f.file, "<f4", n, 0);
  for (gid i = 0; st == OK && i < n; i += BATCH) {
    off count = n - i < BATCH ? n - i : BATCH;
    st = model_read_bias(m, s, i, count, rows);
    if (st == OK)
      fwrite(rows, sizeof *rows, (size_t)count, f.file);
  }
  st = output_close(&f, st);
done:
  mem_free(rows);
  return st;
}

typedef status read_text(model *m, side s, gid first, gid count, strings *out);

static status read_title(model *m, side s, gid first, gid count, strings *out) {
  (void)s;
  return model_read_titles(m, first, count, out);
}
static status read_tags(model *m, side s, gid first, gid count, strings *out) {
  (void)s;
  return model_read_tags(m, first, count, out);
}

/* Writes nothing if the model has no such texts. */
static status npy_text(model *m, side s, read_text *get, const char *dir, const char *name) {
  status st = OK;
  output f = {.file = NULL};
  strings text = {0};
  gid n = model_rows(m, s);
  char type[24];
  for (gid i = 0; i < n; i += BATCH) {
    strings_free(&text);
    st = get(m, s, i, n - i < BATCH ? n - i : BATCH, &text);
    if (st != OK || text.n == 0)
      break;
    if (i == 0) {
      TRY(output_open(&f, dir, name));
      snprintf(type, sizeof type, "|S%d", text.width);
      npy_header(f.file, type, n, 0);
    }
    fwrite(text.bytes, (size_t)text.width, (size_t)text.n, f.file);
  }
  st = output_close(&f, st);
done:
  strings_free(&text);
  return st;
}

status export_npy(model *m, const char *dir) {
  status st = OK;
  TRY(npy_factors(m, USERS, dir, "users_factors.npy"));
  TRY(npy_factors(m, ITEMS, dir, "items_factors.npy"));
  TRY(npy_text(m, USERS, model_read_ids, dir, "users_id.npy"));
  TRY(npy_text(m, ITEMS, model_read_ids, dir, "items_id.npy"));
  TRY(npy_text(m, ITEMS, read_title, dir, "items_title.npy"));
  TRY(npy_text(m, ITEMS, read_tags, dir, "items_tags.npy"));
  if (model_has_bias(m)) {
    TRY(npy_bias(m, USERS, dir, "users_bias.npy"));
    TRY(npy_bias(m, ITEMS, dir, "items_bias.npy"));
  }
done:
  return st;
}

/* --- CSV --- */

/* A field, quoted if RFC 4180 asks for it. */
static void csv_text(FILE *file, const char *bytes, size_t n) {
  bool quote = false;
  for (size_t i = 0; i < n && !quote; i++)
    quote = bytes[i] == '"' || bytes[i] == ',' || bytes[i] == '\n' || bytes[i] == '\r';
  if (!quote) {
    fwrite(bytes, 1, n, file);
    return;
  }
  fputc('"', file);
  for (size_t i = 0; i < n; i++) {
    if (bytes[i] == '"')
      fputc('"', file);
    fputc(bytes[i], file);
  }
  fputc('"', file);
}

static void csv_string(FILE *file, const strings *s, off i) {
  const char *bytes = s->bytes + i * s->width;
  csv_text(file, bytes, strnlen(bytes, (size_t)s->width));
}

typedef struct csv_batch {
  strings ids, titles, tags;
  real *factors, *bias;
} csv_batch;

static void csv_batch_free(csv_batch *b) {
  strings_free(&b->ids);
  strings_free(&b->titles);
  strings_free(&b->tags);
}

static status csv_batch_read(model *m, side s, gid first, gid count, csv_batch *b) {
  status st = OK;
  csv_batch_free(b);
  TRY(model_read_ids(m, s, first, count, &b->ids));
  if (s == ITEMS) {
    TRY(model_read_titles(m, first, count, &b->titles));
    TRY(model_read_tags(m, first, count, &b->tags));
  }
  TRY(model_read_factors(m, s, first, count, b->factors, model_factors(m)));
  TRY(model_read_bias(m, s, first, count, b->bias));
done:
  return st;
}

static void csv_rows(FILE *file, const csv_batch *b, gid count, int k, bool bias) {
  for (gid r = 0; r < count; r++) {
    csv_string(file, &b->ids, r);
    if (b->titles.n > 0) {
      fputc(',', file);
      csv_string(file, &b->titles, r);
    }
    if (b->tags.n > 0) {
      fputc(',', file);
      csv_string(file, &b->tags, r);
    }
    if (bias)
      fprintf(file, ",%.9g", (double)b->bias[r]);
    for (int p = 0; p < k; p++)
      fprintf(file, ",%.9g", (double)b->factors[r * k + p]);
    fputs("\r\n", file);
  }
}

static status csv_side(model *m, side s, const char *dir, const char *name) {
  status st = OK;
  output f;
  csv_batch b = {0};
  gid n = model_rows(m, s);
  int k = model_factors(m);
  TRY(output_open(&f, dir, name));
  st = MEM_ALLOC(b.factors, (off)BATCH * k, "factors to export");
  if (st == OK)
    st = MEM_ALLOC(b.bias, BATCH, "biases to export");
  for (gid i = 0; st == OK && i < n; i += BATCH) {
    gid count = n - i < BATCH ? n - i : BATCH;
    st = csv_batch_read(m, s, i, count, &b);
    if (st != OK)
      break;
    if (i == 0) {
      fprintf(f.file, "id%s%s%s", b.titles.n > 0 ? ",title" : "", b.tags.n > 0 ? ",tags" : "",
              model_has_bias(m) ? ",bias" : "");
      for (int p = 0; p < k; p++)
        fprintf(f.file, ",f%d", p);
      fputs("\r\n", f.file);
    }
    csv_rows(f.file, &b, count, k, model_has_bias(m));
  }
  st = output_close(&f, st);
done:
  csv_batch_free(&b);
  mem_free(b.factors);
  mem_free(b.bias);
  return st;
}

status export_csv(model *m, const char *dir) {
  status st = csv_side(m, USERS, dir, "users.csv");
  return st == OK ? csv_side(m, ITEMS, dir, "items.csv") : st;
}
