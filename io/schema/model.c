#include "io/schema/model.h"

#include "io/base/mem.h"
#include "io/schema/find_id.h"
#include "io/schema/model_paths.h"
#include "io/snapshot/resolve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FACTORS_MAX = 1 << 16 };

struct model {
  h5_file *file;
  gid rows[2];
  int factors;
  bool bias, pairs, titles, tags, explicit;
  double mean;
  real *prior, *unseen; /* (k) each, or NULL */
};

static status check_column(h5_file *f, const char *path, h5_type type, off rows) {
  h5_column found;
  status st = h5_find(f, path, &found);
  if (st == OK && (found.type != type || found.matrix || found.rows != rows))
    st = status_fail(BAD_DATA, "%s: %s must be a vector with one value for each of %lld rows", h5_path(f), path,
                     (long long)rows);
  return st;
}

static status check_pairs(h5_file *f, off items) {
  h5_column found;
  status st = h5_find(f, MODEL_PAIRS, &found);
  return st == OK ? check_column(f, MODEL_PAIRS, found.type == H5_I32 ? H5_I32 : H5_I64, items) : st;
}

static status check_model(model *m) {
  h5_file *f = m->file;
  char *format = NULL, *loss = NULL;
  int64_t version;
  status st = OK;
  TRY(h5_attr_text(f, "/", "format", &format));
  if (strcmp(format, MODEL_FORMAT) != 0)
    TRY(status_fail(BAD_DATA, "%s is a `%.64s`, where a `%s` is needed", h5_path(f), format, MODEL_FORMAT));
  TRY(h5_attr_i64(f, "/", "format_version", &version));
  if (version != MODEL_FORMAT_VERSION)
    TRY(status_fail(BAD_DATA, "%s has version %lld of the model format; this program reads version %d", h5_path(f),
                    (long long)version, MODEL_FORMAT_VERSION));
  TRY(h5_attr_text(f, "/", "loss", &loss));
  m->explicit = strcmp(loss, "explicit") == 0;
  if (!m->explicit && strcmp(loss, "implicit") != 0)
    TRY(status_fail(BAD_DATA, "%s has the unknown loss `%.64s`: not explicit or implicit", h5_path(f), loss));
  if (m->explicit) {
    TRY(h5_attr_f64(f, "/", "mean", &m->mean));
    if (!isfinite(m->mean))
      TRY(status_fail(BAD_DATA, "%s: the mean is not a finite number", h5_path(f)));
  }
  m->bias = h5_has(f, MODEL_BIAS[USERS]);
  for (int side = 0; side < 2; side++) {
    h5_column c;
    TRY(h5_find(f, MODEL_FACTORS[side], &c));
    if (c.type != H5_F32 || !c.matrix || c.columns < 1 || c.columns > FACTORS_MAX ||
        (side == 1 && c.columns != m->factors) || c.rows > (side == 0 ? INT64_MAX / 8 : INT32_MAX))
      TRY(status_fail(BAD_DATA, "%s: %s cannot be a factor matrix: it is %lld by %lld", h5_path(f), MODEL_FACTORS[side],
                      (long long)c.rows, (long long)c.columns));
    m->rows[side] = c.rows;
    m->factors = (int)c.columns;
    TRY(check_column(f, MODEL_ID[side], H5_TEXT, c.rows));
    if (m->bias)
      TRY(check_column(f, MODEL_BIAS[side], H5_F32, c.rows));
  }
  m->pairs = h5_has(f, MODEL_PAIRS);
  if (m->pairs)
    TRY(check_pairs(f, m->rows[ITEMS]));
  m->titles = h5_has(f, MODEL_TITLE);
  if (m->titles)
    TRY(check_column(f, MODEL_TITLE, H5_TEXT, m->rows[ITEMS]));
  m->tags = h5_has(f, MODEL_TAGS);
  if (m->tags)
    TRY(check_column(f, MODEL_TAGS, H5_TEXT, m->rows[ITEMS]));
done:
  mem_free(format);
  mem_free(loss);
  return st;
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

static status read_vector(const model *m, const char *path, real **out) {
  status st = check_column(m->file, path, H5_F32, m->factors);
  if (st == OK)
    st = MEM_ALLOC(*out, m->factors, "the mean user");
  if (st == OK)
    st = h5_read(m->file, path, H5_F32, 0, m->factors, *out);
  return st == OK ? check_finite(m, path, 0, m->factors, 1, *out) : st;
}

/* What users without events get; older models have neither. */
static status read_prior(model *m) {
  status st = OK;
  bool prior = h5_has(m->file, MODEL_PRIOR_MEAN), unseen = h5_has(m->file, MODEL_UNSEEN);
  if (prior != unseen)
    return status_fail(BAD_DATA, "%s has %s, but not %s", h5_path(m->file), prior ? MODEL_PRIOR_MEAN : MODEL_UNSEEN,
                       prior ? MODEL_UNSEEN : MODEL_PRIOR_MEAN);
  if (prior) {
    TRY(read_vector(m, MODEL_PRIOR_MEAN, &m->prior));
    TRY(read_vector(m, MODEL_UNSEEN, &m->unseen));
  }
done:
  return st;
}

status model_open_file(const char *dir, const char *name, model **out) {
  char path[SNAPSHOT_PATH_MAX + 16];
  model *m = NULL;
  status st = OK;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  TRY(MEM_ZALLOC(m, 1, "model"));
  TRY(h5_open(path, &m->file));
  TRY(check_model(m));
  TRY(read_prior(m));
done:
  if (st != OK) {
    model_close(m);
    m = NULL;
  }
  *out = m;
  return st;
}

status model_open(const char *dir, model **out) {
  return model_open_file(dir, MODEL_FILE, out);
}

void model_close(model *m) {
  if (m == NULL)
    return;
  h5_close(m->file);
  mem_free(m->prior);
  mem_free(m->unseen);
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
const real *model_prior(const model *m) {
  return m->prior;
}
const real *model_unseen(const model *m) {
  return m->unseen;
}

bool model_is_unseen(const model *m, const real *x) {
  if (m->unseen != NULL && memcmp(x, m->unseen, sizeof *x * (size_t)m->factors) == 0)
    return true;
  for (int p = 0; p < m->factors; p++)
    if (x[p] != 0)
      return false;
  return true;
}

status model_read_factors(model *m, side s, gid first, gid count, real *out, off ld) {
  off k = m->factors;
  if (ld == k) {
    status st = h5_read(m->file, MODEL_FACTORS[s], H5_F32, first, count, out);
    return st != OK ? st : check_finite(m, MODEL_FACTORS[s], first, count * k, k, out);
  }
  /* Read to the end of the room, then spread from the front: row i's place never lies behind its source. */
  real *packed = out + count * (ld - k);
  status st = h5_read(m->file, MODEL_FACTORS[s], H5_F32, first, count, packed);
  if (st == OK)
    st = check_finite(m, MODEL_FACTORS[s], first, count * k, k, packed);
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
  status st = h5_read(m->file, MODEL_BIAS[s], H5_F32, first, count, out);
  return st != OK ? st : check_finite(m, MODEL_BIAS[s], first, count, 1, out);
}

bool model_has_pairs(const model *m) {
  return m->pairs;
}

status model_read_pairs(model *m, gid first, gid count, int64_t *out) {
  status st = h5_read(m->file, MODEL_PAIRS, H5_I64, first, count, out);
  for (gid i = 0; st == OK && i < count; i++)
    if (out[i] < 0)
      st = status_fail(BAD_DATA, "%s: %s has a negative value in row %lld", h5_path(m->file), MODEL_PAIRS,
                       (long long)(first + i));
  return st;
}

status model_map_factors(model *m, side s, const real **out) {
  const void *map = NULL;
  status st = h5_map(m->file, MODEL_FACTORS[s], H5_F32, &map);
  *out = map;
  return st;
}

status model_read_ids(model *m, side s, gid first, gid count, strings *out) {
  return h5_read_strings(m->file, MODEL_ID[s], first, count, out);
}

status model_read_titles(model *m, gid first, gid count, strings *out) {
  *out = (strings){0};
  return m->titles ? h5_read_strings(m->file, MODEL_TITLE, first, count, out) : OK;
}

status model_read_tags(model *m, gid first, gid count, strings *out) {
  *out = (strings){0};
  return m->tags ? h5_read_strings(m->file, MODEL_TAGS, first, count, out) : OK;
}

status model_find_id(model *m, side s, const char *id, gid *row) {
  return find_id(m->file, MODEL_ID[s], id, row);
}
