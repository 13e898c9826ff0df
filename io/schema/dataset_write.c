#include "io/schema/dataset_write.h"

#include "io/base/mem.h"
#include "io/hdf5/store.h"
#include "io/schema/dataset_format.h"

/* This rank's ranges fit its arrays, and all ranks' together the whole. */
static status check_part(comm *c, const dataset_part *p) {
  int64_t sums[3] = {p->user_count, p->item_count, p->user_count > 0 ? p->indptr[p->user_count] - p->first_event : 0};
  int64_t users_before = comm_before_i64(c, sums[0]), items_before = comm_before_i64(c, sums[1]),
          events_before = comm_before_i64(c, sums[2]);
  bool fits = (p->user_count == 0 || (p->first_user == users_before && p->first_event == events_before)) &&
              (p->item_count == 0 || p->first_item == items_before);
  comm_sum_i64(c, sums, 3);
  fits = fits && sums[0] == p->n_users && sums[1] == p->n_items && sums[2] == p->n_events && p->n_items <= INT32_MAX;
  return comm_agree(c, fits ? OK : status_fail(INTERNAL, "rank %d does not fit the dataset to be written", c->rank));
}

/* The columns of the file, and the place of each that not every dataset has; -1: not here. */
typedef struct layout {
  h5_column columns[9];
  int n, time, user_id, item_id, title, tags, user_name;
} layout;

enum { INDPTR, ITEM, VALUE };

static int add(layout *l, const char *path, h5_type type, off rows, int width) {
  l->columns[l->n] = (h5_column){.path = path, .type = type, .rows = rows, .columns = 1, .width = width};
  return l->n++;
}

/* Collective. */
static layout lay_out(comm *c, const dataset_part *p) {
  layout l = {.n = 0};
  int64_t present[4] = {p->time != NULL, p->titles.n, p->tags.n, p->user_names.n};
  comm_max_i64(c, present, 4);
  int user_id = store_text_width(c, &p->user_ids), item_id = store_text_width(c, &p->item_ids),
      title = store_text_width(c, &p->titles), tags = store_text_width(c, &p->tags),
      user_name = store_text_width(c, &p->user_names);
  add(&l, "/interactions/indptr", H5_I64, p->n_users + 1, 0);
  add(&l, "/interactions/indices", H5_I32, p->n_events, 0);
  add(&l, "/interactions/data", H5_F32, p->n_events, 0);
  l.time = present[0] ? add(&l, "/interactions/time", H5_I64, p->n_events, 0) : -1;
  l.user_id = add(&l, "/users/id", H5_TEXT, p->n_users, user_id);
  l.item_id = add(&l, "/items/id", H5_TEXT, p->n_items, item_id);
  l.title = present[1] ? add(&l, "/items/title", H5_TEXT, p->n_items, title) : -1;
  l.tags = present[2] ? add(&l, "/items/tags", H5_TEXT, p->n_items, tags) : -1;
  l.user_name = present[3] ? add(&l, "/users/name", H5_TEXT, p->n_users, user_name) : -1;
  return l;
}

/* indptr has a place more than there are users: the rank with the last user writes it. */
static status put_events(comm *c, store *s, const layout *l, const dataset_part *p) {
  status st = OK;
  bool last = p->user_count > 0 && p->first_user + p->user_count == p->n_users;
  off events = p->user_count > 0 ? p->indptr[p->user_count] - p->first_event : 0;
  if (p->user_count > 0)
    TRY(store_put(s, INDPTR, p->first_user, p->user_count + last, p->indptr));
  else if (p->n_users == 0 && c->rank == 0)
    TRY(store_put(s, INDPTR, 0, 1, (const off[1]){0}));
  TRY(store_put(s, ITEM, p->first_event, events, p->item));
  TRY(store_put(s, VALUE, p->first_event, events, p->value));
  if (l->time >= 0)
    TRY(store_put(s, l->time, p->first_event, events, p->time));
done:
  return st;
}

static status put_texts(store *s, const layout *l, int column, gid first, const strings *texts) {
  return column >= 0 ? store_put_texts(s, column, first, texts, l->columns[column].width) : OK;
}

static status put_names(store *s, const layout *l, const dataset_part *p) {
  status st = OK;
  TRY(put_texts(s, l, l->user_id, p->first_user, &p->user_ids));
  TRY(put_texts(s, l, l->item_id, p->first_item, &p->item_ids));
  TRY(put_texts(s, l, l->title, p->first_item, &p->titles));
  TRY(put_texts(s, l, l->tags, p->first_item, &p->tags));
  TRY(put_texts(s, l, l->user_name, p->first_user, &p->user_names));
done:
  return st;
}

/* The attribute arrays of the first n sources. NO_MEMORY. Local. */
static status list_sources(const dataset_part *p, int n, const char ***names, const char ***sums) {
  status st = OK;
  TRY(MEM_ALLOC(*names, n, "sources"));
  TRY(MEM_ALLOC(*sums, n, "sources"));
  for (int i = 0; i < n; i++) {
    (*names)[i] = p->sources[i].path;
    (*sums)[i] = p->sources[i].sha256;
  }
done:
  return st;
}

status dataset_write(comm *c, const char *path, const dataset_part *p) {
  store *s = NULL;
  const char **names = NULL, **sums = NULL;
  char created[32];
  status st = check_part(c, p);
  if (st != OK)
    return st;
  layout l = lay_out(c, p);
  int n_sources = c->rank == 0 ? p->n_sources : 0;
  TRY(comm_agree(c, n_sources > 0 ? list_sources(p, n_sources, &names, &sums) : OK));
  store_created(created);
  const int64_t version = DATASET_FORMAT_VERSION, shape[2] = {p->n_users, p->n_items};
  h5_attribute attributes[] = {{"/", "format", H5_TEXT, 0, DATASET_FORMAT},
                               {"/", "format_version", H5_I64, 0, &version},
                               {"/", "created", H5_TEXT, 0, created},
                               {"/interactions", "encoding-type", H5_TEXT, 0, "csr_matrix"},
                               {"/interactions", "encoding-version", H5_TEXT, 0, "0.1.0"},
                               {"/interactions", "shape", H5_I64, 2, shape},
                               {"/", "source", H5_TEXT, n_sources, names},
                               {"/", "source_sha256", H5_TEXT, n_sources, sums}};
  int n_attributes = (int)(sizeof attributes / sizeof *attributes) - (n_sources > 0 ? 0 : 2);
  TRY(store_create(c, path, l.columns, l.n, attributes, n_attributes, &s));
  /* From here on every rank comes to the commit. */
  THEN(put_events(c, s, &l, p));
  THEN(put_names(s, &l, p));
  st = store_commit(s, st);
done:
  mem_free(names);
  mem_free(sums);
  return st;
}
