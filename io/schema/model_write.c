#include "io/schema/model_write.h"

#include "io/base/mem.h"
#include "io/base/version.h"
#include "io/hdf5/store.h"
#include "io/schema/model_paths.h"
#include "io/snapshot/resolve.h"

#include <stdio.h>
#include <string.h>

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

/* The mean user, and the row of users without events, in the column behind. */
static status put_prior(const comm *c, store *s, int column, const model_part *p) {
  if (c->rank > 0)
    return OK;
  status st = store_put(s, column, 0, p->factors, p->prior);
  return st == OK ? store_put(s, column + 1, 0, p->factors, p->unseen) : st;
}

enum { COLUMNS = 11 };

/* Where each column is in the file's list; -1: the model does not have it. Biases and the prior are two columns. */
typedef struct places {
  int n, bias, prior, pairs, titles, tags;
  int width[4]; /* of users' ids, items' ids, titles and tags */
} places;

static int lay(h5_column *columns, places *at, const char *path, h5_type type, off rows, int width) {
  columns[at->n] = (h5_column){.path = path, .type = type, .rows = rows, .columns = 1, .width = width};
  return at->n++;
}

/* What the file will have, the same on all ranks. Collective. */
static void lay_columns(comm *c, const model_part *p, h5_column *columns, places *at) {
  int64_t present[4] = {p->user_bias != NULL, p->item_pairs != NULL, p->titles.n, p->tags.n};
  comm_max_i64(c, present, 4);
  *at = (places){2, -1, -1, -1, -1, -1, {0}};
  const strings *texts[4] = {&p->user_ids, &p->item_ids, &p->titles, &p->tags};
  for (int t = 0; t < 4; t++)
    at->width[t] = store_text_width(c, texts[t]);
  columns[0] = (h5_column){
      .path = MODEL_FACTORS[USERS], .type = H5_F32, .rows = p->n_users, .columns = p->factors, .matrix = true};
  columns[1] = (h5_column){
      .path = MODEL_FACTORS[ITEMS], .type = H5_F32, .rows = p->n_items, .columns = p->factors, .matrix = true};
  lay(columns, at, MODEL_ID[USERS], H5_TEXT, p->n_users, at->width[0]);
  lay(columns, at, MODEL_ID[ITEMS], H5_TEXT, p->n_items, at->width[1]);
  if (present[0]) {
    at->bias = lay(columns, at, MODEL_BIAS[USERS], H5_F32, p->n_users, 0);
    lay(columns, at, MODEL_BIAS[ITEMS], H5_F32, p->n_items, 0);
  }
  if (p->prior != NULL) {
    at->prior = lay(columns, at, MODEL_PRIOR_MEAN, H5_F32, p->factors, 0);
    lay(columns, at, MODEL_UNSEEN, H5_F32, p->factors, 0);
  }
  if (present[1])
    at->pairs = lay(columns, at, MODEL_PAIRS, H5_I64, p->n_items, 0);
  if (present[2])
    at->titles = lay(columns, at, MODEL_TITLE, H5_TEXT, p->n_items, at->width[2]);
  if (present[3])
    at->tags = lay(columns, at, MODEL_TAGS, H5_TEXT, p->n_items, at->width[3]);
}

static status put_columns(const comm *c, store *s, const model_part *p, const places *at) {
  status st = put_factors(s, 0, p->first_user, p->user_count, p->user_factors, p->ld, p->factors);
  if (st == OK)
    st = put_factors(s, 1, p->first_item, p->item_count, p->item_factors, p->ld, p->factors);
  if (st == OK)
    st = store_put_texts(s, 2, p->first_user, &p->user_ids, at->width[0]);
  if (st == OK)
    st = store_put_texts(s, 3, p->first_item, &p->item_ids, at->width[1]);
  if (st == OK && at->bias >= 0)
    st = store_put(s, at->bias, p->first_user, p->user_count, p->user_bias);
  if (st == OK && at->bias >= 0)
    st = store_put(s, at->bias + 1, p->first_item, p->item_count, p->item_bias);
  if (st == OK && at->prior >= 0)
    st = put_prior(c, s, at->prior, p);
  if (st == OK && at->pairs >= 0)
    st = store_put(s, at->pairs, p->first_item, p->item_count, p->item_pairs);
  if (st == OK && at->titles >= 0)
    st = store_put_texts(s, at->titles, p->first_item, &p->titles, at->width[2]);
  if (st == OK && at->tags >= 0)
    st = store_put_texts(s, at->tags, p->first_item, &p->tags, at->width[3]);
  return st;
}

status model_write(comm *c, const char *dir, const model_part *p) {
  enum { OURS = 4 };
  char path[SNAPSHOT_PATH_MAX + 16], created[STORE_CREATED_MAX];
  store *s = NULL;
  h5_attribute *attributes = NULL;
  h5_column columns[COLUMNS];
  places at;
  snprintf(path, sizeof path, "%s/%s", dir, p->file != NULL ? p->file : MODEL_FILE);
  lay_columns(c, p, columns, &at);
  store_created(created);
  const int64_t version = MODEL_FORMAT_VERSION;
  status st = MEM_ALLOC(attributes, p->n_attributes + OURS, "attributes");
  if (st == OK) {
    attributes[0] = (h5_attribute){"/", "format", H5_TEXT, 0, MODEL_FORMAT};
    attributes[1] = (h5_attribute){"/", "format_version", H5_I64, 0, &version};
    attributes[2] = (h5_attribute){"/", "created", H5_TEXT, 0, created};
    attributes[3] = (h5_attribute){"/", "palate_version", H5_TEXT, 0, PALATE_VERSION};
    if (p->n_attributes > 0)
      memcpy(attributes + OURS, p->attributes, sizeof *attributes * (size_t)p->n_attributes);
  }
  TRY(comm_agree(c, st));
  TRY(store_create(c, path, columns, at.n, attributes, p->n_attributes + OURS, &s));
  st = store_commit(s, put_columns(c, s, p, &at));
done:
  mem_free(attributes);
  return st;
}
