#include "io/base/mem.h"
#include "io/base/version.h"
#include "io/hdf5/store.h"
#include "io/snapshot/snapshot.h"
#include "io/text/id.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char FORMAT[] = "palate-model";
enum { FORMAT_VERSION = 1, FACTORS_MAX = 1 << 16 };

static const char *const FACTORS[] = {"/users/factors", "/items/factors"};
static const char *const BIAS[] = {"/users/bias", "/items/bias"};
static const char *const ID[] = {"/users/id", "/items/id"};

/* --- writing --- */

/* Rows without the gap between k and ld. */
static status put_factors(store *s, int column, off first, off count, const real *rows, off ld, int k) {
  enum { BATCH = 4096 };
  if (ld == k)
    return store_put(s, column, first, count, rows);
  real *packed;
  status st = MEM_ALLOC(packed, (off)BATCH * k, "factor rows to write");
  for (off at = 0; st == OK && at < count; at += BATCH) {
    off n = count - at < BATCH ? count - at : BATCH;
    for (off i = 0; i < n; i++)
      memcpy(packed + i * k, rows + (at + i) * ld, sizeof *packed * (size_t)k);
    st = store_put(s, column, first + at, n, packed);
  }
  mem_free(packed);
  return st;
}

status model_write(comm *c, const char *dir, const model_part *p) {
  enum { COLUMNS = 8, OURS = 4 };
  char path[SNAPSHOT_PATH_MAX + 16], created[STORE_CREATED_MAX];
  store *s = NULL;
  h5_attribute *attributes = NULL;
  snprintf(path, sizeof path, "%s/model.h5", dir);
  int64_t present[3] = {p->user_bias != NULL, p->titles.n, p->tags.n};
  comm_max_i64(c, present, 3);
  int width[4] = {store_text_width(c, &p->user_ids), store_text_width(c, &p->item_ids), store_text_width(c, &p->titles),
                  store_text_width(c, &p->tags)};
  h5_column columns[COLUMNS] = {
      {.path = FACTORS[USERS], .type = H5_F32, .rows = p->n_users, .columns = p->factors, .matrix = true},
      {.path = FACTORS[ITEMS], .type = H5_F32, .rows = p->n_items, .columns = p->factors, .matrix = true},
      {.path = ID[USERS], .type = H5_TEXT, .rows = p->n_users, .columns = 1, .width = width[0]},
      {.path = ID[ITEMS], .type = H5_TEXT, .rows = p->n_items, .columns = 1, .width = width[1]}};
  int n = 4, bias = -1, titles = -1, tags = -1;
  if (present[0]) {
    bias = n;
    for (int side = 0; side < 2; side++)
      columns[n++] = (h5_column){
          .path = BIAS[side], .type = H5_F32, .rows = side == USERS ? p->n_users : p->n_items, .columns = 1};
  }
  if (present[1]) {
    titles = n;
    columns[n++] =
        (h5_column){.path = "/items/title", .type = H5_TEXT, .rows = p->n_items, .columns = 1, .width = width[2]};
  }
  if (present[2]) {
    tags = n;
    columns[n++] =
        (h5_column){.path = "/items/tags", .type = H5_TEXT, .rows = p->n_items, .columns = 1, .width = width[3]};
  }
  store_created(created);
  const int64_t version = FORMAT_VERSION;
  status st = MEM_ALLOC(attributes, p->n_attributes + OURS, "attributes");
  if (st == OK) {
    attributes[0] = (h5_attribute){"/", "format", H5_TEXT, 0, FORMAT};
    attributes[1] = (h5_attribute){"/", "format_version", H5_I64, 0, &version};
    attributes[2] = (h5_attribute){"/", "created", H5_TEXT, 0, created};
    attributes[3] = (h5_attribute){"/", "palate_version", H5_TEXT, 0, PALATE_VERSION};
    if (p->n_attributes > 0)
      memcpy(attributes + OURS, p->attributes, sizeof *attributes * (size_t)p->n_attributes);
  }
  TRY(comm_agree(c, st));
  TRY(store_create(c, path, columns, n, attributes, p->n_attributes + OURS, &s));
  st = put_factors(s, 0, p->first_user, p->user_count, p->user_factors, p->ld, p->factors);
  if (st == OK)
    st = put_factors(s, 1, p->first_item, p->item_count, p->item_factors, p->ld, p->factors);
  if (st == OK)
    st = store_put_texts(s, 2, p->first_user, &p->user_ids, width[0]);
  if (st == OK)
    st = store_put_texts(s, 3, p->first_item, &p->item_ids, width[1]);
  if (st == OK && bias >= 0)
    st = store_put(s, bias, p->first_user, p->user_count, p->user_bias);
  if (st == OK && bias >= 0)
    st = store_put(s, bias + 1, p->first_item, p->item_count, p->item_bias);
  if (st == OK && titles >= 0)
    st = store_put_texts(s, titles, p->first_item, &p->titles, width[2]);
  if (st == OK && tags >= 0)
    st = store_put_texts(s, tags, p->first_item, &p->tags, width[3]);
  st = store_commit(s, st);
done:
  mem_free(attributes);
  return st;
}

/* --- reading --- */

struct model {
  h5_file *file;
  gid rows[2];
  int factors;
  bool bias, titles, tags, explicit;
  double mean;
};

static status check_column(h5_file *f, const char *path, h5_type type, off rows) {
  h5_column found;
  status st = h5_find(f, path, &found);
  if (st == OK && (found.type != type || found.matrix || found.rows != rows))
    st = status_fail(BAD_DATA, "%s: %s is not what a model has there (one value for each of %lld rows)", h5_path(f),
                     path, (long long)rows);
  return st;
}

static status check_model(model *m) {
  h5_file *f = m->file;
  char *format = NULL, *loss = NULL;
  int64_t version;
  status st = OK;
  TRY(h5_attr_text(f, "/", "format", &format));
  if (strcmp(format, FORMAT) != 0)
    TRY(status_fail(BAD_DATA, "%s is a `%.64s`, where a `%s` is needed", h5_path(f), format, FORMAT));
  TRY(h5_attr_i64(f, "/", "format_version", &version));
  if (version != FORMAT_VERSION)
    TRY(status_fail(BAD_DATA, "%s has version %lld of the model format; this program reads version %d", h5_path(f),
                    (long long)version, FORMAT_VERSION));
  TRY(h5_attr_text(f, "/", "loss", &loss));
  m->explicit = strcmp(loss, "explicit") == 0;
  if (!m->explicit && strcmp(loss, "implicit") != 0)
    TRY(status_fail(BAD_DATA, "%s has the loss `%.64s`; explicit or implicit is known", h5_path(f), loss));
  if (m->explicit) {
    TRY(h5_attr_f64(f, "/", "mean", &m->mean));
    if (!isfinite(m->mean))
      TRY(status_fail(BAD_DATA, "%s: the mean is not a finite number", h5_path(f)));
  }
  m->bias = h5_has(f, BIAS[USERS]);
  for (int side = 0; side < 2; side++) {
    h5_column c;
    TRY(h5_find(f, FACTORS[side], &c));
    if (c.type != H5_F32 || !c.matrix || c.columns < 1 || c.columns > FACTORS_MAX ||
        (side == 1 && c.columns != m->factors) || c.rows > (side == 0 ? INT64_MAX / 8 : INT32_MAX))
      TRY(status_fail(BAD_DATA, "%s: %s is %lld by %lld, which makes no model", h5_path(f), FACTORS[side],
                      (long long)c.rows, (long long)c.columns));
    m->rows[side] = c.rows;
    m->factors = (int)c.columns;
    TRY(check_column(f, ID[side], H5_TEXT, c.rows));
    if (m->bias)
      TRY(check_column(f, BIAS[side], H5_F32, c.rows));
  }
  m->titles = h5_has(f, "/items/title");
  if (m->titles)
    TRY(check_column(f, "/items/title", H5_TEXT, m->rows[ITEMS]));
  m->tags = h5_has(f, "/items/tags");
  if (m->tags)
    TRY(check_column(f, "/items/tags", H5_TEXT, m->rows[ITEMS]));
done:
  mem_free(format);
  mem_free(loss);
  return st;
}

status model_open(const char *dir, model **out) {
  char path[SNAPSHOT_PATH_MAX + 16];
  model *m = NULL;
  status st = OK;
  snprintf(path, sizeof path, "%s/model.h5", dir);
  TRY(MEM_ZALLOC(m, 1, "model"));
  TRY(h5_open(path, &m->file));
  TRY(check_model(m));
done:
  if (st != OK) {
    model_close(m);
    m = NULL;
  }
  *out = m;
  return st;
}

void model_close(model *m) {
  if (m == NULL)
    return;
  h5_close(m->file);
  mem_free(m);
}

gid model_rows(const model *m, side s) {
  return m->rows[s];
}
int model_factors(const model *m) {
  return m->factors;
}
bool model_has_bias(const model *m) {
  return m->bias;
}
bool model_is_explicit(const model *m) {
  return m->explicit;
}
double model_mean(const model *m) {
  return m->mean;
}
h5_file *model_file(model *m) {
  return m->file;
}

/* A factor that is not finite would order everything after it at random. */
static status check_finite(const model *m, const char *path, gid first, off n, off per_row, const real *values) {
  bool bad = false;
  for (off i = 0; i < n; i++)
    bad |= !(fabsf(values[i]) <= 3.402823466e38f);
  for (off i = 0; bad && i < n; i++)
    if (!isfinite(values[i]))
      return status_fail(BAD_DATA, "%s: %s has a value in row %lld that is not a finite number", h5_path(m->file), path,
                         (long long)(first + i / per_row));
  return OK;
}

status model_read_factors(model *m, side s, gid first, gid count, real *out, off ld) {
  off k = m->factors;
  if (ld == k) {
    status st = h5_read(m->file, FACTORS[s], H5_F32, first, count, out);
    return st != OK ? st : check_finite(m, FACTORS[s], first, count * k, k, out);
  }
  /* Read to the end of the room, then spread from the front: row i's place never lies behind its source. */
  real *packed = out + count * (ld - k);
  status st = h5_read(m->file, FACTORS[s], H5_F32, first, count, packed);
  if (st == OK)
    st = check_finite(m, FACTORS[s], first, count * k, k, packed);
  for (gid i = 0; st == OK && i < count; i++) {
    memmove(out + i * ld, packed + i * k, sizeof *out * (size_t)k);
    memset(out + i * ld + k, 0, sizeof *out * (size_t)(ld - k));
  }
  return st;
}

status model_read_bias(model *m, side s, gid first, gid count, real *out) {
  if (!m->bias) {
    memset(out, 0, sizeof *out * (size_t)count);
    return OK;
  }
  status st = h5_read(m->file, BIAS[s], H5_F32, first, count, out);
  return st != OK ? st : check_finite(m, BIAS[s], first, count, 1, out);
}

status model_map_factors(model *m, side s, const real **out) {
  const void *map = NULL;
  status st = h5_map(m->file, FACTORS[s], H5_F32, &map);
  *out = map;
  return st;
}

status model_read_ids(model *m, side s, gid first, gid count, strings *out) {
  return h5_read_strings(m->file, ID[s], first, count, out);
}

status model_read_titles(model *m, gid first, gid count, strings *out) {
  *out = (strings){0};
  return m->titles ? h5_read_strings(m->file, "/items/title", first, count, out) : OK;
}

status model_read_tags(model *m, gid first, gid count, strings *out) {
  *out = (strings){0};
  return m->tags ? h5_read_strings(m->file, "/items/tags", first, count, out) : OK;
}

/* --- an id's row --- */

/* Binary search in the order of io/text/id.h; -1 where it does not lead to the id. */
static gid search(const strings *ids, bool numeric, const char *id, size_t n) {
  gid low = 0, high = ids->n;
  while (low < high) {
    gid middle = low + (high - low) / 2;
    const char *at = ids->bytes + middle * ids->width;
    size_t n_at = strnlen(at, (size_t)ids->width);
    int64_t number;
    if (numeric && !id_integer(at, n_at, &number))
      return -1;
    int order = id_compare(numeric, at, n_at, id, n);
    if (order == 0)
      return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return -1;
}

status model_find_id(model *m, side s, const char *id, gid *row) {
  *row = -1;
  size_t n = strlen(id);
  int64_t number;
  h5_column column;
  const void *map = NULL;
  strings ids = {0};
  status st = h5_find(m->file, ID[s], &column);
  if (st == OK && column.width > 0)
    st = h5_map(m->file, ID[s], H5_TEXT, &map);
  if (st != OK)
    return st;
  if (map == NULL) {
    st = model_read_ids(m, s, 0, m->rows[s], &ids);
    if (st != OK)
      return st;
  }
  /* The map is only looked at; strings has no const form. */
  const strings table = map != NULL ? (strings){m->rows[s], column.width, (char *)map} : ids;
  if (n <= (size_t)table.width && n > 0) {
    if (id_integer(id, n, &number))
      *row = search(&table, true, id, n);
    if (*row < 0)
      *row = search(&table, false, id, n);
    /* Rows that were appended follow the ordered ones. */
    if (*row < 0)
      *row = strings_find(&table, id);
  }
  strings_free(&ids);
  /* A damaged id could name another member: look at this row again with its checksum. */
  if (*row >= 0 && map != NULL) {
    st = model_read_ids(m, s, *row, 1, &ids);
    if (st == OK && !strings_equal(&ids, 0, id))
      *row = -1;
    strings_free(&ids);
  }
  return st;
}
