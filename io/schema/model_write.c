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

status model_write(comm *c, const char *dir, const model_part *p) {
  enum { COLUMNS = 10, OURS = 4 };
  char path[SNAPSHOT_PATH_MAX + 16], created[STORE_CREATED_MAX];
  store *s = NULL;
  h5_attribute *attributes = NULL;
  snprintf(path, sizeof path, "%s/%s", dir, p->file != NULL ? p->file : MODEL_FILE);
  int64_t present[3] = {p->user_bias != NULL, p->titles.n, p->tags.n};
  comm_max_i64(c, present, 3);
  int width[4] = {store_text_width(c, &p->user_ids), store_text_width(c, &p->item_ids), store_text_width(c, &p->titles),
                  store_text_width(c, &p->tags)};
  h5_column columns[COLUMNS] = {
      {.path = MODEL_FACTORS[USERS], .type = H5_F32, .rows = p->n_users, .columns = p->factors, .matrix = true},
      {.path = MODEL_FACTORS[ITEMS], .type = H5_F32, .rows = p->n_items, .columns = p->factors, .matrix = true},
      {.path = MODEL_ID[USERS], .type = H5_TEXT, .rows = p->n_users, .columns = 1, .width = width[0]},
      {.path = MODEL_ID[ITEMS], .type = H5_TEXT, .rows = p->n_items, .columns = 1, .width = width[1]}};
  int n = 4, bias = -1, prior = -1, titles = -1, tags = -1;
  if (present[0]) {
    bias = n;
    columns[n++] = (h5_column){.path = MODEL_BIAS[USERS], .type = H5_F32, .rows = p->n_users, .columns = 1};
    columns[n++] = (h5_column){.path = MODEL_BIAS[ITEMS], .type = H5_F32, .rows = p->n_items, .columns = 1};
  }
  if (p->prior != NULL) {
    prior = n;
    columns[n++] = (h5_column){.path = MODEL_PRIOR_MEAN, .type = H5_F32, .rows = p->factors, .columns = 1};
    columns[n++] = (h5_column){.path = MODEL_UNSEEN, .type = H5_F32, .rows = p->factors, .columns = 1};
  }
  if (present[1]) {
    titles = n;
    columns[n++] =
        (h5_column){.path = MODEL_TITLE, .type = H5_TEXT, .rows = p->n_items, .columns = 1, .width = width[2]};
  }
  if (present[2]) {
    tags = n;
    columns[n++] =
        (h5_column){.path = MODEL_TAGS, .type = H5_TEXT, .rows = p->n_items, .columns = 1, .width = width[3]};
  }
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
  if (st == OK && prior >= 0)
    st = put_prior(c, s, prior, p);
  if (st == OK && titles >= 0)
    st = store_put_texts(s, titles, p->first_item, &p->titles, width[2]);
  if (st == OK && tags >= 0)
    st = store_put_texts(s, tags, p->first_item, &p->tags, width[3]);
  st = store_commit(s, st);
done:
  mem_free(attributes);
  return st;
}
