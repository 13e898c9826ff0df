#include "io/schema/dataset.h"

#include "io/base/mem.h"
#include "io/schema/dataset_format.h"
#include "io/schema/find_id.h"

#include <math.h>
#include <openssl/evp.h>
#include <string.h>

struct dataset {
  h5_file *file;
  gid n_users, n_items;
  off n_events;
  bool time, titles, tags, user_names;
  char digest[65];
};

/* --- opening --- */

static status check_format(h5_file *f) {
  char *format = NULL, *encoding = NULL;
  int64_t version;
  status st = OK;
  if (!h5_attr_has(f, "/", "format"))
    return status_fail(
        BAD_DATA, "%s is HDF5 but not a palate dataset (it has no attribute `format`); make one with `palate ingest`",
        h5_path(f));
  TRY(h5_attr_text(f, "/", "format", &format));
  if (strcmp(format, DATASET_FORMAT) != 0)
    TRY(status_fail(BAD_DATA, "%s is a `%.64s`, where a `%s` is needed", h5_path(f), format, DATASET_FORMAT));
  TRY(h5_attr_i64(f, "/", "format_version", &version));
  if (version != DATASET_FORMAT_VERSION)
    TRY(status_fail(BAD_DATA, "%s has version %lld of the dataset format; this program reads version %d", h5_path(f),
                    (long long)version, DATASET_FORMAT_VERSION));
  TRY(h5_attr_text(f, "/interactions", "encoding-type", &encoding));
  if (strcmp(encoding, "csr_matrix") != 0)
    TRY(status_fail(BAD_DATA, "%s: /interactions is a `%.64s`, where a csr_matrix is needed", h5_path(f), encoding));
done:
  mem_free(format);
  mem_free(encoding);
  return st;
}

static status check_column(h5_file *f, const char *path, off rows, const char *kinds, h5_column *out) {
  status st = h5_find(f, path, out);
  if (st != OK)
    return st;
  const char kind = out->type == H5_TEXT ? 't' : out->type == H5_F32 || out->type == H5_F64 ? 'f' : 'i';
  if (strchr(kinds, kind) == NULL || out->matrix)
    return status_fail(BAD_DATA, "%s: %s has the wrong type of values", h5_path(f), path);
  if (out->rows != rows)
    return status_fail(BAD_DATA, "%s: %s has %lld rows, not %lld", h5_path(f), path, (long long)out->rows,
                       (long long)rows);
  return OK;
}

static status check_ends(dataset *d) {
  off ends[2];
  status st = h5_read(d->file, "/interactions/indptr", H5_I64, 0, 1, &ends[0]);
  if (st == OK)
    st = h5_read(d->file, "/interactions/indptr", H5_I64, d->n_users, 1, &ends[1]);
  if (st != OK)
    return st;
  if (ends[0] != 0 || ends[1] != d->n_events)
    return status_fail(BAD_DATA, "%s: /interactions/indptr runs from %lld to %lld, and must run from 0 to %lld",
                       h5_path(d->file), (long long)ends[0], (long long)ends[1], (long long)d->n_events);
  return OK;
}

static status check_schema(dataset *d) {
  h5_file *f = d->file;
  h5_column column;
  int64_t *shape = NULL;
  off n_shape = 0;
  status st = OK;
  TRY(check_format(f));
  TRY(h5_attr_i64s(f, "/interactions", "shape", &shape, &n_shape));
  if (n_shape != 2 || shape[0] < 0 || shape[1] < 0 || shape[0] > INT64_MAX - 1 || shape[1] > INT32_MAX)
    TRY(status_fail(BAD_DATA, "%s: /interactions has an invalid shape", h5_path(f)));
  d->n_users = shape[0];
  d->n_items = shape[1];
  TRY(check_column(f, "/interactions/indptr", d->n_users + 1, "i", &column));
  TRY(h5_find(f, "/interactions/indices", &column));
  d->n_events = column.rows;
  TRY(check_column(f, "/interactions/indices", d->n_events, "i", &column));
  TRY(check_column(f, "/interactions/data", d->n_events, "if", &column));
  d->time = h5_has(f, "/interactions/time");
  if (d->time)
    TRY(check_column(f, "/interactions/time", d->n_events, "i", &column));
  TRY(check_column(f, "/users/id", d->n_users, "t", &column));
  TRY(check_column(f, "/items/id", d->n_items, "t", &column));
  d->user_names = h5_has(f, "/users/name");
  if (d->user_names)
    TRY(check_column(f, "/users/name", d->n_users, "t", &column));
  d->titles = h5_has(f, "/items/title");
  if (d->titles)
    TRY(check_column(f, "/items/title", d->n_items, "t", &column));
  d->tags = h5_has(f, "/items/tags");
  if (d->tags)
    TRY(check_column(f, "/items/tags", d->n_items, "t", &column));
  TRY(check_ends(d));
done:
  mem_free(shape);
  return st;
}

/* --- the digest --- */

static void to_hex(const unsigned char *bytes, char *out) {
  for (int i = 0; i < 32; i++) {
    out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  out[64] = '\0';
}

/* Values of a column without checksums, in pieces. */
static status digest_values(h5_file *f, const h5_column *column, EVP_MD_CTX *sha) {
  h5_column one = *column;
  off piece = (1 << 22) / (off)(h5_row_bytes(&one) + 1) + 1;
  char *buffer = NULL;
  status st = OK;
  if (column->type != H5_TEXT || column->width > 0)
    TRY(MEM_ALLOC(buffer, piece * (off)h5_row_bytes(&one), "digest"));
  for (off at = 0; at < column->rows; at += piece) {
    off n = column->rows - at < piece ? column->rows - at : piece;
    if (buffer != NULL) {
      TRY(h5_read(f, column->path, column->type, at, n, buffer));
      EVP_DigestUpdate(sha, buffer, (size_t)n * h5_row_bytes(&one));
    } else {
      strings texts;
      TRY(h5_read_strings(f, column->path, at, n, &texts));
      for (off i = 0; i < n; i++)
        EVP_DigestUpdate(sha, texts.bytes + i * texts.width,
                         strnlen(texts.bytes + i * texts.width, (size_t)texts.width) + 1);
      strings_free(&texts);
    }
  }
done:
  mem_free(buffer);
  return st;
}

/* SHA-256 over name, shape and block checksums of the columns that carry the content: the same events have the same
 * digest whenever and wherever they were ingested. Of columns without checksums the values themselves are taken. */
static status make_digest(dataset *d) {
  static const char *const PATHS[] = {"/interactions/indptr",
                                      "/interactions/indices",
                                      "/interactions/data",
                                      "/interactions/time",
                                      "/users/id",
                                      "/items/id",
                                      "/items/title",
                                      "/items/tags"};
  EVP_MD_CTX *sha = EVP_MD_CTX_new();
  unsigned char bytes[32];
  uint64_t *sums = NULL;
  status st = OK;
  if (sha == NULL || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1)
    TRY(status_fail(INTERNAL, "the OpenSSL library has no SHA-256"));
  for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
    h5_column column;
    off n_sums;
    if (!h5_has(d->file, PATHS[i]))
      continue;
    TRY(h5_find(d->file, PATHS[i], &column));
    int64_t shape[2] = {column.rows, (int64_t)h5_row_bytes(&column)};
    EVP_DigestUpdate(sha, PATHS[i], strlen(PATHS[i]) + 1);
    EVP_DigestUpdate(sha, shape, sizeof shape);
    TRY(h5_read_checksums(d->file, PATHS[i], &sums, &n_sums));
    if (n_sums > 0)
      EVP_DigestUpdate(sha, sums, (size_t)n_sums * sizeof *sums);
    else
      TRY(digest_values(d->file, &column, sha));
    mem_free(sums);
    sums = NULL;
  }
  EVP_DigestFinal_ex(sha, bytes, NULL);
  to_hex(bytes, d->digest);
done:
  mem_free(sums);
  EVP_MD_CTX_free(sha);
  return st;
}

status dataset_open(comm *c, const char *path, dataset **out) {
  dataset *d = NULL;
  *out = NULL;
  status st = MEM_ZALLOC(d, 1, "dataset");
  if (st == OK)
    st = h5_open(path, &d->file);
  if (st == OK)
    st = check_schema(d);
  if (st == OK && c->rank == 0)
    st = make_digest(d);
  st = comm_agree(c, st);
  if (st != OK) {
    dataset_close(d);
    return st;
  }
  comm_broadcast(c, d->digest, sizeof d->digest, 0);
  *out = d;
  return OK;
}

void dataset_close(dataset *d) {
  if (d == NULL)
    return;
  h5_close(d->file);
  mem_free(d);
}

gid dataset_users(const dataset *d) {
  return d->n_users;
}
gid dataset_items(const dataset *d) {
  return d->n_items;
}
off dataset_events(const dataset *d) {
  return d->n_events;
}
bool dataset_has_time(const dataset *d) {
  return d->time;
}
bool dataset_has_user_names(const dataset *d) {
  return d->user_names;
}
bool dataset_has_titles(const dataset *d) {
  return d->titles;
}
bool dataset_has_tags(const dataset *d) {
  return d->tags;
}
const char *dataset_digest(const dataset *d) {
  return d->digest;
}
const char *dataset_path(const dataset *d) {
  return h5_path(d->file);
}
h5_file *dataset_file(dataset *d) {
  return d->file;
}

/* --- reading --- */

status dataset_read_indptr(dataset *d, gid first, gid count, off *out) {
  status st = h5_read(d->file, "/interactions/indptr", H5_I64, first, count + 1, out);
  if (st != OK)
    return st;
  for (gid i = 0; i <= count; i++)
    if (out[i] < (i > 0 ? out[i - 1] : 0) || out[i] > d->n_events)
      return status_fail(BAD_DATA,
                         "%s: /interactions/indptr is broken at row %lld (%lld): it must ascend from 0 to %lld",
                         h5_path(d->file), (long long)(first + i), (long long)out[i], (long long)d->n_events);
  return OK;
}

status dataset_read_events(dataset *d, off first, off count, lid *item, real *value, int64_t *time) {
  status st = h5_read(d->file, "/interactions/indices", H5_I32, first, count, item);
  if (st == OK)
    st = h5_read(d->file, "/interactions/data", H5_F32, first, count, value);
  if (st == OK && time != NULL && d->time)
    st = h5_read(d->file, "/interactions/time", H5_I64, first, count, time);
  if (st != OK)
    return st;
  bool bad = false; /* without an early exit, so that the loop is vectorized */
  for (off i = 0; i < count; i++)
    bad |= item[i] < 0 || item[i] >= d->n_items || !(fabsf(value[i]) <= 3.402823466e38f);
  for (off i = 0; bad && i < count; i++) {
    if (item[i] < 0 || item[i] >= d->n_items)
      return status_fail(BAD_DATA, "%s: event %lld is of item %d, and there are %lld items", h5_path(d->file),
                         (long long)(first + i), (int)item[i], (long long)d->n_items);
    if (!isfinite(value[i]))
      return status_fail(BAD_DATA, "%s: event %lld has a value that is not a finite number", h5_path(d->file),
                         (long long)(first + i));
  }
  return OK;
}

status dataset_read_ids(dataset *d, side s, gid first, gid count, strings *out) {
  return h5_read_strings(d->file, s == USERS ? "/users/id" : "/items/id", first, count, out);
}

status dataset_read_user_names(dataset *d, gid first, gid count, strings *out) {
  *out = (strings){0};
  return d->user_names ? h5_read_strings(d->file, "/users/name", first, count, out) : OK;
}

status dataset_read_titles(dataset *d, gid first, gid count, strings *out) {
  *out = (strings){0};
  return d->titles ? h5_read_strings(d->file, "/items/title", first, count, out) : OK;
}

status dataset_read_tags(dataset *d, gid first, gid count, strings *out) {
  *out = (strings){0};
  return d->tags ? h5_read_strings(d->file, "/items/tags", first, count, out) : OK;
}

status dataset_find_id(dataset *d, side s, const char *id, gid *row) {
  return find_id(d->file, s == USERS ? "/users/id" : "/items/id", id, row);
}
