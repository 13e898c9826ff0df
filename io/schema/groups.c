#include "io/schema/groups.h"

#include "io/base/mem.h"
#include "io/snapshot/resolve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *groups_file(side s) {
  return s == USERS ? "groups.h5" : "item_groups.h5";
}

const char *groups_row_path(side s) {
  return s == USERS ? "/users/group" : "/items/group";
}

const char *groups_affinity_path(side s) {
  return s == USERS ? "/users/affinity" : "/items/affinity";
}

struct groups {
  h5_file *file;
  side side;
  lid n_groups;
  int factors, memberships;
  gid n_rows;
};

static status find_matrix(h5_file *f, const char *path, h5_column *out) {
  status st = h5_find(f, path, out);
  if (st == OK && !out->matrix)
    st = status_fail(BAD_DATA, "%s: %s is not a matrix", h5_path(f), path);
  return st;
}

/* Every label, size and centroid there is stands for a group, and no more. */
static status check_groups(groups *g) {
  h5_file *f = g->file;
  h5_column centroid, size, label, group;
  status st = OK;
  TRY(find_matrix(f, "/groups/centroid", &centroid));
  TRY(find_matrix(f, groups_row_path(g->side), &group));
  TRY(h5_find(f, "/groups/size", &size));
  TRY(h5_find(f, "/groups/label", &label));
  if (centroid.rows != size.rows || label.rows != size.rows || size.matrix || label.matrix || centroid.rows < 1 ||
      centroid.rows > INT32_MAX || centroid.columns > INT32_MAX || group.columns < 1 || group.columns > INT32_MAX)
    TRY(status_fail(BAD_DATA, "%s: centroids, sizes and labels have different numbers of groups", h5_path(f)));
  g->n_groups = (lid)centroid.rows;
  g->factors = (int)centroid.columns;
  g->memberships = (int)group.columns;
  g->n_rows = group.rows;
done:
  return st;
}

status groups_open(const char *dir, side s, groups **out) {
  status st = OK;
  char path[SNAPSHOT_PATH_MAX + 32];
  groups *g = NULL;
  snprintf(path, sizeof path, "%s/%s", dir, groups_file(s));
  TRY(MEM_ZALLOC(g, 1, "groups"));
  g->side = s;
  TRY(h5_open(path, &g->file));
  TRY(check_groups(g));
done:
  if (st != OK) {
    groups_close(g);
    g = NULL;
  }
  *out = g;
  return st;
}

void groups_close(groups *g) {
  if (g == NULL)
    return;
  h5_close(g->file);
  mem_free(g);
}

h5_file *groups_h5(groups *g) {
  return g->file;
}
lid groups_count(const groups *g) {
  return g->n_groups;
}
int groups_memberships(const groups *g) {
  return g->memberships;
}
gid groups_rows(const groups *g) {
  return g->n_rows;
}

/* --- of rows --- */

static status check_rows(const groups *g, gid first, gid count) {
  if (first < 0 || count < 0 || first > g->n_rows || count > g->n_rows - first)
    return status_fail(BAD_DATA, "%s has the groups of %lld rows, fewer than asked for", h5_path(g->file),
                       (long long)g->n_rows);
  return OK;
}

/* A row's nearest group is there in any case; further ones only where there are so many groups. */
status groups_read_rows(groups *g, gid first, gid count, lid *group) {
  status st = check_rows(g, first, count);
  if (st == OK)
    st = h5_read(g->file, groups_row_path(g->side), H5_I32, first, count, group);
  for (gid i = 0; st == OK && i < count * g->memberships; i++) {
    lid least = i % g->memberships == 0 ? 0 : -1;
    if (group[i] < least || group[i] >= g->n_groups)
      st = status_fail(BAD_DATA, "%s: row %lld is in group %d of %d", h5_path(g->file),
                       (long long)(first + i / g->memberships), group[i], g->n_groups);
  }
  return st;
}

status groups_read_affinities(groups *g, gid first, gid count, real *affinity) {
  h5_column column;
  status st = check_rows(g, first, count);
  if (st == OK)
    st = find_matrix(g->file, groups_affinity_path(g->side), &column);
  if (st == OK && (column.columns != g->memberships || column.rows != g->n_rows))
    st = status_fail(BAD_DATA, "%s: groups and affinities have different shapes", h5_path(g->file));
  if (st == OK)
    st = h5_read(g->file, groups_affinity_path(g->side), H5_F32, first, count, affinity);
  for (gid i = 0; st == OK && i < count * g->memberships; i++)
    if (!(affinity[i] >= 0 && affinity[i] <= 1))
      st = status_fail(BAD_DATA, "%s: row %lld has an affinity that is not between 0 and 1", h5_path(g->file),
                       (long long)(first + i / g->memberships));
  return st;
}

/* --- of groups --- */

static status check_range(const groups *g, lid first, lid count) {
  if (first < 0 || count < 0 || first > g->n_groups - count)
    return status_fail(INTERNAL, "%s: group %d of %d", h5_path(g->file), first + count - 1, g->n_groups);
  return OK;
}

status groups_read_labels(groups *g, lid first, lid count, strings *out) {
  *out = (strings){0};
  status st = check_range(g, first, count);
  return st == OK ? h5_read_strings(g->file, "/groups/label", first, count, out) : st;
}

status groups_read_sizes(groups *g, lid first, lid count, int64_t *size) {
  status st = check_range(g, first, count);
  if (st == OK)
    st = h5_read(g->file, "/groups/size", H5_I64, first, count, size);
  for (lid i = 0; st == OK && i < count; i++)
    if (size[i] < 0 || size[i] > g->n_rows)
      st = status_fail(BAD_DATA, "%s: group %d has %lld of %lld members", h5_path(g->file), first + i,
                       (long long)size[i], (long long)g->n_rows);
  return st;
}

status groups_read_top(groups *g, lid group, gid n_items, lid items[GROUPS_TOP]) {
  status st = check_range(g, group, 1);
  h5_column column;
  lid *row = NULL;
  if (st == OK)
    st = find_matrix(g->file, "/groups/top_items", &column);
  if (st == OK && column.rows != g->n_groups)
    st = status_fail(BAD_DATA, "%s: labels, sizes and top items have different numbers of groups", h5_path(g->file));
  if (st == OK)
    st = MEM_ALLOC(row, column.columns, "top items");
  if (st == OK)
    st = h5_read(g->file, "/groups/top_items", H5_I32, group, 1, row);
  for (int i = 0; st == OK && i < GROUPS_TOP; i++) {
    items[i] = i < column.columns && row[i] >= 0 ? row[i] : -1;
    if (items[i] >= n_items)
      st = status_fail(BAD_DATA, "%s: group %d lists item %d of %lld", h5_path(g->file), group, items[i],
                       (long long)n_items);
  }
  mem_free(row);
  return st;
}

/* --- everything of the groups --- */

/* Groups that no run writes would spoil the seeds and names of the next. */
static status check_centroids(const groups *g, const real *centroid) {
  for (off i = 0; i < (off)g->n_groups * g->factors; i++)
    if (!isfinite(centroid[i]))
      return status_fail(BAD_DATA, "%s: the centroid of group %lld has a value that is not a finite number",
                         h5_path(g->file), (long long)(i / g->factors));
  return OK;
}

status groups_read(const char *dir, side s, groups_table *out) {
  status st = OK;
  groups *g = NULL;
  *out = (groups_table){0};
  TRY(groups_open(dir, s, &g));
  out->n_groups = g->n_groups;
  out->factors = g->factors;
  out->memberships = g->memberships;
  out->n_rows = g->n_rows;
  TRY(groups_read_labels(g, 0, g->n_groups, &out->labels));
  TRY(MEM_ALLOC(out->centroid, (off)out->n_groups * out->factors, "centroids"));
  TRY(MEM_ALLOC(out->size, out->n_groups, "sizes of groups"));
  TRY(h5_read(g->file, "/groups/centroid", H5_F32, 0, out->n_groups, out->centroid));
  TRY(check_centroids(g, out->centroid));
  TRY(groups_read_sizes(g, 0, out->n_groups, out->size));
done:
  groups_close(g);
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
  groups *g = NULL;
  lid *rows = NULL;
  TRY(groups_open(dir, s, &g));
  TRY(check_rows(g, first, count));
  TRY(MEM_ALLOC(rows, (off)ROWS_AT_ONCE * g->memberships, "groups of members"));
  for (gid at = 0; at < count; at += ROWS_AT_ONCE) {
    gid n = count - at < ROWS_AT_ONCE ? count - at : ROWS_AT_ONCE;
    TRY(groups_read_rows(g, first + at, n, rows));
    for (gid i = 0; i < n; i++)
      group[at + i] = rows[i * g->memberships];
  }
done:
  groups_close(g);
  mem_free(rows);
  return st;
}
