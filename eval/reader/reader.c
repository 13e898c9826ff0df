#include "eval/reader/reader.h"

#include "eval/reader/reader_private.h"
#include "eval/score/seen.h"
#include "io/base/mem.h"
#include "io/text/id.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- columns in place --- */

/* Whether a column can be read without HDF5 from now on. */
static bool in_place(h5_file *f, const char *path, h5_type type) {
  h5_column column;
  const void *map = NULL;
  return h5_find(f, path, &column) == OK && h5_map(f, path, type, &map) == OK &&
         (map != NULL || column.rows == 0 || column.columns == 0);
}

static bool model_in_place(model *m) {
  h5_file *f = model_file(m);
  bool all = in_place(f, "/users/factors", H5_F32) && in_place(f, "/items/factors", H5_F32) &&
             in_place(f, "/users/id", H5_TEXT) && in_place(f, "/items/id", H5_TEXT);
  if (model_has_bias(m))
    all = all && in_place(f, "/users/bias", H5_F32) && in_place(f, "/items/bias", H5_F32);
  if (model_has_pairs(m))
    all = all && in_place(f, "/items/pairs", H5_I64);
  if (h5_has(f, "/items/title"))
    all = all && in_place(f, "/items/title", H5_TEXT);
  if (h5_has(f, "/items/tags"))
    all = all && in_place(f, "/items/tags", H5_TEXT);
  return all;
}

static bool groups_in_place(groups *g) {
  h5_file *f = groups_h5(g);
  return in_place(f, groups_row_path(USERS), H5_I32) && in_place(f, groups_affinity_path(USERS), H5_F32) &&
         in_place(f, "/groups/size", H5_I64) && in_place(f, "/groups/label", H5_TEXT) &&
         in_place(f, "/groups/top_items", H5_I32);
}

static bool data_in_place(dataset *d) {
  h5_file *f = dataset_file(d);
  return in_place(f, "/interactions/indptr", H5_I64) && in_place(f, "/interactions/indices", H5_I32) &&
         in_place(f, "/interactions/data", H5_F32) && in_place(f, "/users/id", H5_TEXT) &&
         in_place(f, "/items/id", H5_TEXT);
}

/* --- opening --- */

status reader_open(const char *path, reader **out) {
  status st = OK;
  reader *r = NULL;
  h5_guard guard;
  *out = NULL;
  h5_guard_enter(&guard);
  TRY(MEM_ZALLOC(r, 1, "snapshot"));
  pthread_mutex_init(&r->making, NULL);
  TRY(snapshot_resolve(path, false, r->dir));
  TRY(model_open(r->dir, &r->m));
  r->plain = model_in_place(r->m);
done:
  h5_guard_leave(&guard, st);
  if (st != OK) {
    reader_close(r);
    r = NULL;
  }
  *out = r;
  return st;
}

void reader_close(reader *r) {
  h5_guard guard;
  if (r == NULL)
    return;
  h5_guard_enter(&guard);
  foldin_free(r->newcomer);
  model_close(r->m);
  groups_close(r->g);
  dataset_close(r->d);
  h5_guard_leave(&guard, OK);
  pthread_mutex_destroy(&r->making);
  row_share_free(&r->item);
  mem_free(r->copy);
  mem_free(r->bias);
  mem_free(r->norm);
  mem_free(r->pairs);
  mem_free(r);
}

status reader_open_groups(reader *r) {
  status st = OK;
  h5_guard guard;
  char path[SNAPSHOT_PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", r->dir, groups_file(USERS));
  if (access(path, F_OK) != 0)
    return OK;
  h5_guard_enter(&guard);
  TRY(groups_open(r->dir, USERS, &r->g));
  if (groups_rows(r->g) != model_rows(r->m, USERS))
    TRY(status_fail(BAD_DATA, "%s does not have the members of the model", path));
  r->plain = groups_in_place(r->g) && r->plain;
done:
  h5_guard_leave(&guard, st);
  return st;
}

/* The path the model was trained on; NULL in *out if that file no longer exists. Free with mem_free. */
static status recorded_data(model *m, char **out) {
  *out = NULL;
  if (!h5_attr_has(model_file(m), "/", "dataset"))
    return OK;
  status st = h5_attr_text(model_file(m), "/", "dataset", out);
  if (st == OK && access(*out, R_OK) != 0) {
    mem_free(*out);
    *out = NULL;
  }
  return st;
}

status reader_open_data(reader *r, const char *path, bool *found) {
  status st = OK;
  h5_guard guard;
  comm alone = comm_single();
  char *recorded = NULL;
  h5_guard_enter(&guard);
  if (path == NULL)
    TRY(recorded_data(r->m, &recorded));
  *found = path != NULL || recorded != NULL;
  if (!*found)
    goto done;
  TRY(dataset_open(&alone, path != NULL ? path : recorded, &r->d));
  r->matched = !seen_same_rows(r->m, r->d);
  if (r->matched) {
    TRY(match_share(&alone, ids_of_dataset(r->d), ids_of_model(r->m), ITEMS, &r->item));
    if (!r->item.renumbered)
      row_share_free(&r->item);
  }
  r->plain = data_in_place(r->d) && r->plain;
done:
  h5_guard_leave(&guard, st);
  mem_free(recorded);
  return st;
}

const char *reader_dir(const reader *r) {
  return r->dir;
}
model *reader_model(reader *r) {
  return r->m;
}
groups *reader_groups(reader *r) {
  return r->g;
}
bool reader_has_data(const reader *r) {
  return r->d != NULL;
}

/* --- what every list needs --- */

static status make_items(reader *r) {
  status st = OK;
  gid n = model_rows(r->m, ITEMS);
  int k = model_factors(r->m);
  TRY(match_scale_read(r->m, &r->scale));
  TRY(model_map_factors(r->m, ITEMS, &r->y));
  if (r->y == NULL) {
    if (r->copy == NULL)
      TRY(MEM_ALLOC(r->copy, n * k, "item factors"));
    TRY(model_read_factors(r->m, ITEMS, 0, n, r->copy, k));
    r->y = r->copy;
  }
  if (model_has_bias(r->m)) {
    if (r->bias == NULL)
      TRY(MEM_ALLOC(r->bias, n, "item biases"));
    TRY(model_read_bias(r->m, ITEMS, 0, n, r->bias));
  }
  r->has_items = true;
done:
  return st;
}

status reader_need_items(reader *r) {
  status st = OK;
  h5_guard guard;
  pthread_mutex_lock(&r->making);
  if (!r->has_items) {
    h5_guard_enter(&guard);
    st = make_items(r);
    h5_guard_leave(&guard, st);
  }
  pthread_mutex_unlock(&r->making);
  return st;
}

/* --- what a user has --- */

/* The rows of a user in the dataset's events; none if the dataset does not know the user. */
static status find_events(reader *r, gid user, off ends[2]) {
  status st = OK;
  strings ids = {0};
  ends[0] = ends[1] = 0;
  if (r->matched) {
    char id[ID_MAX + 1];
    TRY(model_read_ids(r->m, USERS, user, 1, &ids));
    TRY(dataset_find_id(r->d, USERS, strings_get(&ids, 0, id, sizeof id), &user));
  }
  if (user >= 0)
    TRY(dataset_read_indptr(r->d, user, 1, ends));
done:
  strings_free(&ids);
  return st;
}

static status read_seen(reader *r, gid user, lid **item, off *n) {
  status st = OK;
  off ends[2], kept = 0;
  real *value = NULL;
  TRY(find_events(r, user, ends));
  TRY(MEM_ALLOC(*item, ends[1] - ends[0], "seen items"));
  TRY(MEM_ALLOC(value, ends[1] - ends[0], "events being read"));
  TRY(dataset_read_events(r->d, ends[0], ends[1] - ends[0], *item, value, NULL));
  for (off e = 0; e < ends[1] - ends[0]; e++) {
    lid row = r->item.row != NULL ? r->item.row[(*item)[e]] : (*item)[e];
    if (row >= 0 && row < model_rows(r->m, ITEMS))
      (*item)[kept++] = row;
  }
  *n = kept;
done:
  mem_free(value);
  if (st != OK) {
    mem_free(*item);
    *item = NULL;
  }
  return st;
}

status reader_seen(reader *r, gid user, lid **item, off *n) {
  *item = NULL;
  *n = 0;
  if (r->d == NULL)
    return OK;
  h5_guard guard;
  reader_begin(r, &guard);
  status st = read_seen(r, user, item, n);
  reader_end(r, &guard, st);
  return st;
}
