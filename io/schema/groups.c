#include "io/schema/groups.h"

#include "io/base/mem.h"
#include "io/hdf5/store.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CENTROID, SIZE, LABEL, TOP_ITEMS, GROUP, AFFINITY, N_COLUMNS };

const char *groups_file(side s) {
  return s == USERS ? "groups.h5" : "item_groups.h5";
}

static const char *group_path(side s) {
  return s == USERS ? "/users/group" : "/items/group";
}

static const char *affinity_path(side s) {
  return s == USERS ? "/users/affinity" : "/items/affinity";
}

static void path_of(const char *dir, side s, char *out, size_t size) {
  snprintf(out, size, "%s/%s", dir, groups_file(s));
}

enum { OWN_ATTRIBUTES = 2, ATTRIBUTES_MAX = 40 };

status groups_write(comm *c, const char *dir, side s, const groups_part *part) {
  char path[SNAPSHOT_PATH_MAX + 32];
  store *file = NULL;
  int64_t version = 1;
  h5_attribute attributes[ATTRIBUTES_MAX] = {{"/", "format", H5_TEXT, 0, "palate-groups"},
                                             {"/", "format_version", H5_I64, 0, &version}};
  if (part->n_attributes > ATTRIBUTES_MAX - OWN_ATTRIBUTES)
    return status_fail(INTERNAL, "too many attributes for %s", groups_file(s));
  for (int i = 0; i < part->n_attributes; i++)
    attributes[OWN_ATTRIBUTES + i] = part->attributes[i];
  const strings none = {0};
  int width = store_text_width(c, c->rank == 0 ? part->labels : &none);
  h5_column columns[N_COLUMNS] = {
      [CENTROID] = {"/groups/centroid", H5_F32, part->n_groups, part->factors, true, 0},
      [SIZE] = {"/groups/size", H5_I64, part->n_groups, 1, false, 0},
      [LABEL] = {"/groups/label", H5_TEXT, part->n_groups, 1, false, width},
      [TOP_ITEMS] = {"/groups/top_items", H5_I32, part->n_groups, GROUPS_TOP, true, 0},
      [GROUP] = {group_path(s), H5_I32, part->n_rows, part->memberships, true, 0},
      [AFFINITY] = {affinity_path(s), H5_F32, part->n_rows, part->memberships, true, 0},
  };
  path_of(dir, s, path, sizeof path);
  status st = store_create(c, path, columns, N_COLUMNS, attributes, OWN_ATTRIBUTES + part->n_attributes, &file);
  if (st != OK)
    return st;
  if (c->rank == 0) {
    TRY(store_put(file, CENTROID, 0, part->n_groups, part->centroid));
    TRY(store_put(file, SIZE, 0, part->n_groups, part->size));
    TRY(store_put_texts(file, LABEL, 0, part->labels, width));
    TRY(store_put(file, TOP_ITEMS, 0, part->n_groups, part->top_items));
  }
  TRY(store_put(file, GROUP, part->first_row, part->row_count, part->group));
  TRY(store_put(file, AFFINITY, part->first_row, part->row_count, part->affinity));
done:
  return store_commit(file, st);
}

static status find_matrix(h5_file *f, const char *path, h5_column *out) {
  status st = h5_find(f, path, out);
  if (st == OK && !out->matrix)
    st = status_fail(BAD_DATA, "%s: %s is not a matrix", h5_path(f), path);
  return st;
}

/* Every label, size and centroid there is stands for a group, and no more. */
static status check_groups(h5_file *f, side s, groups_table *out) {
  h5_column centroid, size, label, group;
  status st = OK;
  TRY(find_matrix(f, "/groups/centroid", &centroid));
  TRY(find_matrix(f, group_path(s), &group));
  TRY(h5_find(f, "/groups/size", &size));
  TRY(h5_find(f, "/groups/label", &label));
  if (centroid.rows != size.rows || label.rows != size.rows || size.matrix || label.matrix || centroid.rows < 1 ||
      centroid.rows > INT32_MAX || centroid.columns > INT32_MAX || group.columns < 1 || group.columns > INT32_MAX)
    TRY(status_fail(BAD_DATA, "%s: centroids, sizes and labels are of different numbers of groups", h5_path(f)));
  out->n_groups = (lid)centroid.rows;
  out->factors = (int)centroid.columns;
  out->memberships = (int)group.columns;
  out->n_rows = group.rows;
done:
  return st;
}

/* Groups that no run writes would spoil the seeds and names of the next. */
static status check_values(h5_file *f, const groups_table *t) {
  for (off i = 0; i < (off)t->n_groups * t->factors; i++)
    if (!isfinite(t->centroid[i]))
      return status_fail(BAD_DATA, "%s: the centroid of group %lld has a value that is not a finite number", h5_path(f),
                         (long long)(i / t->factors));
  for (lid g = 0; g < t->n_groups; g++)
    if (t->size[g] < 0 || t->size[g] > t->n_rows)
      return status_fail(BAD_DATA, "%s: group %d has %lld of %lld members", h5_path(f), (int)g, (long long)t->size[g],
                         (long long)t->n_rows);
  return OK;
}

status groups_read(const char *dir, side s, groups_table *out) {
  status st = OK;
  char path[SNAPSHOT_PATH_MAX + 32];
  h5_file *f = NULL;
  *out = (groups_table){0};
  path_of(dir, s, path, sizeof path);
  TRY(h5_open(path, &f));
  TRY(check_groups(f, s, out));
  TRY(h5_read_strings(f, "/groups/label", 0, out->n_groups, &out->labels));
  TRY(MEM_ALLOC(out->centroid, (off)out->n_groups * out->factors, "centroids"));
  TRY(MEM_ALLOC(out->size, out->n_groups, "sizes of groups"));
  TRY(h5_read(f, "/groups/centroid", H5_F32, 0, out->n_groups, out->centroid));
  TRY(h5_read(f, "/groups/size", H5_I64, 0, out->n_groups, out->size));
  TRY(check_values(f, out));
done:
  h5_close(f);
  if (st != OK)
    groups_table_free(out);
  return st;
}

void groups_table_free(groups_table *t) {
  mem_free(t->centroid);
  mem_free(t->size);
  strings_free(&t->labels);
  *t = (groups_table){0};
}

status groups_read_first(const char *dir, side s, gid first, gid count, lid *group) {
  enum { ROWS_AT_ONCE = 1 << 16 };
  status st = OK;
  char path[SNAPSHOT_PATH_MAX + 32];
  h5_file *f = NULL;
  h5_column column, size;
  lid *rows = NULL;
  path_of(dir, s, path, sizeof path);
  TRY(h5_open(path, &f));
  TRY(find_matrix(f, group_path(s), &column));
  TRY(h5_find(f, "/groups/size", &size));
  if (first < 0 || count < 0 || first > column.rows || count > column.rows - first)
    TRY(status_fail(BAD_DATA, "%s has the groups of %lld rows, fewer than asked for", path, (long long)column.rows));
  TRY(MEM_ALLOC(rows, ROWS_AT_ONCE * column.columns, "groups of members"));
  for (gid at = 0; at < count; at += ROWS_AT_ONCE) {
    gid n = count - at < ROWS_AT_ONCE ? count - at : ROWS_AT_ONCE;
    TRY(h5_read(f, group_path(s), H5_I32, first + at, n, rows));
    for (gid i = 0; i < n; i++) {
      group[at + i] = rows[i * column.columns];
      if (group[at + i] < 0 || group[at + i] >= size.rows)
        TRY(status_fail(BAD_DATA, "%s: row %lld is in group %d of %lld", path, (long long)(first + at + i),
                        group[at + i], (long long)size.rows));
    }
  }
done:
  h5_close(f);
  mem_free(rows);
  return st;
}
