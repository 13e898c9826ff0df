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

status dataset_write(comm *c, const char *path, const dataset_part *p) {
  enum { COLUMNS = 9, INDPTR = 0, ITEM, VALUE, TIME_OR_USER_ID };
  store *s = NULL;
  const char **names = NULL, **sums = NULL;
  char created[32];
  status st = check_part(c, p);
  if (st != OK)
    return st;
  int64_t present[4] = {p->time != NULL, p->titles.n, p->tags.n, p->user_names.n};
  comm_max_i64(c, present, 4);
  int width[5] = {store_text_width(c, &p->user_ids), store_text_width(c, &p->item_ids), store_text_width(c, &p->titles),
                  store_text_width(c, &p->tags), store_text_width(c, &p->user_names)};

  h5_column columns[COLUMNS] = {{.path = "/interactions/indptr", .type = H5_I64, .rows = p->n_users + 1, .columns = 1},
                                {.path = "/interactions/indices", .type = H5_I32, .rows = p->n_events, .columns = 1},
                                {.path = "/interactions/data", .type = H5_F32, .rows = p->n_events, .columns = 1}};
  int n = TIME_OR_USER_ID, time = -1, titles = -1, tags = -1, user_name = -1;
  if (present[0]) {
    time = n;
    columns[n++] = (h5_column){.path = "/interactions/time", .type = H5_I64, .rows = p->n_events, .columns = 1};
  }
  int user_id = n, item_id = n + 1;
  columns[n++] = (h5_column){.path = "/users/id", .type = H5_TEXT, .rows = p->n_users, .columns = 1, .width = width[0]};
  columns[n++] = (h5_column){.path = "/items/id", .type = H5_TEXT, .rows = p->n_items, .columns = 1, .width = width[1]};
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

  if (present[3]) {
    user_name = n;
    columns[n++] =
        (h5_column){.path = "/users/name", .type = H5_TEXT, .rows = p->n_users, .columns = 1, .width = width[4]};
  }

  int n_sources = c->rank == 0 ? p->n_sources : 0;
  if (n_sources > 0) {
    st = MEM_ALLOC(names, n_sources, "sources");
    if (st == OK)
      st = MEM_ALLOC(sums, n_sources, "sources");
    for (int i = 0; st == OK && i < n_sources; i++) {
      names[i] = p->sources[i].path;
      sums[i] = p->sources[i].sha256;
    }
  }
  TRY(comm_agree(c, st));
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
  TRY(store_create(c, path, columns, n, attributes, n_attributes, &s));
  /* From here on every rank comes to the commit. indptr's last place belongs to the rank with the last user. */
  bool last = p->user_count > 0 && p->first_user + p->user_count == p->n_users;
  if (p->user_count > 0)
    st = store_put(s, INDPTR, p->first_user, p->user_count + last, p->indptr);
  if (st == OK && p->n_users == 0 && c->rank == 0)
    st = store_put(s, INDPTR, 0, 1, (const off[1]){0});
  off events = p->user_count > 0 ? p->indptr[p->user_count] - p->first_event : 0;
  if (st == OK)
    st = store_put(s, ITEM, p->first_event, events, p->item);
  if (st == OK)
    st = store_put(s, VALUE, p->first_event, events, p->value);
  if (st == OK && time >= 0)
    st = store_put(s, time, p->first_event, events, p->time);
  if (st == OK)
    st = store_put_texts(s, user_id, p->first_user, &p->user_ids, width[0]);
  if (st == OK)
    st = store_put_texts(s, item_id, p->first_item, &p->item_ids, width[1]);
  if (st == OK && titles >= 0)
    st = store_put_texts(s, titles, p->first_item, &p->titles, width[2]);
  if (st == OK && tags >= 0)
    st = store_put_texts(s, tags, p->first_item, &p->tags, width[3]);
  if (st == OK && user_name >= 0)
    st = store_put_texts(s, user_name, p->first_user, &p->user_names, width[4]);
  st = store_commit(s, st);
done:
  mem_free(names);
  mem_free(sums);
  return st;
}
