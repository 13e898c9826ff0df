/* Finding a matrix in an HDF5 file. */
#include "io/matrix/matrix_h5.h"

#include "io/base/mem.h"
#include "io/matrix/matrix_ids.h"

#include <stdio.h>
#include <string.h>

enum { LISTED = 400 /* bytes of a message that list matrices */ };

static void join(char out[MATRIX_PATH], const char *group, const char *name) {
  snprintf(out, MATRIX_PATH, "%.300s/%.200s", group, name);
}

/* ---- where it is ---- */

static bool has_parts(h5_file *f, const char *group) {
  static const char *const PARTS[] = {"data", "indices", "indptr"};
  char path[MATRIX_PATH];
  for (int i = 0; i < 3; i++) {
    join(path, group, PARTS[i]);
    if (!h5_has(f, path))
      return false;
  }
  return true;
}

static bool is_dense(h5_file *f, const char *path) {
  h5_column column;
  return path[0] != '\0' && h5_find(f, path, &column) == OK && column.matrix && column.type != H5_TEXT;
}

static bool take(h5_file *f, const char *path, matrix *out) {
  bool sparse = has_parts(f, path);
  if (!sparse && !is_dense(f, path))
    return false;
  out->kind = sparse ? MATRIX_H5 : MATRIX_H5_DENSE;
  snprintf(out->group, sizeof out->group, "%s", path);
  return true;
}

static void list_name(char list[LISTED], const char *name) {
  if (strlen(list) + strlen(name) + 3 < LISTED) {
    strcat(list, list[0] != '\0' ? ", " : "");
    strcat(list, name[0] == '/' && name[1] != '\0' ? name + 1 : name);
  }
}

/* Lists the matrices directly in a group; the first one is kept in `first`. Returns how many. */
static int list_in(h5_file *f, const char *group, bool dense, char list[LISTED], char first[MATRIX_PATH]) {
  strings members;
  int found = 0;
  if ((strcmp(group, "/") != 0 && !h5_has(f, group)) || h5_members(f, group, &members) != OK)
    return 0;
  for (off i = 0; i < members.n; i++) {
    char name[256], path[MATRIX_PATH];
    join(path, strcmp(group, "/") == 0 ? "" : group, strings_get(&members, i, name, sizeof name));
    if (!has_parts(f, path) && !(dense && is_dense(f, path)))
      continue;
    if (found++ == 0 && first != NULL)
      snprintf(first, MATRIX_PATH, "%s", path);
    list_name(list, path);
  }
  strings_free(&members);
  return found;
}

/* Names all that --group could take. */
static void list_all(h5_file *f, char list[LISTED]) {
  list[0] = '\0';
  list_in(f, "/", true, list, NULL);
  if (has_parts(f, "/raw/X") || is_dense(f, "/raw/X"))
    list_name(list, "/raw/X");
  list_in(f, "/layers", true, list, NULL);
  if (list[0] == '\0')
    strcpy(list, "none");
}

static status find_wished(h5_file *f, const char *wish, matrix *out) {
  char path[MATRIX_PATH], list[LISTED];
  if (strlen(wish) > 250)
    return status_fail(USAGE, "--group takes the path of a group, not one of %zu bytes", strlen(wish));
  snprintf(path, sizeof path, "%s%s", wish[0] == '/' || wish[0] == '\0' ? "" : "/", wish);
  for (size_t n = strlen(path); n > 0 && path[n - 1] == '/'; n--)
    path[n - 1] = '\0';
  if (take(f, path, out))
    return OK;
  list_all(f, list);
  return status_fail(USAGE,
                     "%s: %s is not a matrix (datasets data, indices and indptr, or one dataset of two dimensions); "
                     "--group can be: %s",
                     h5_path(f), wish, list);
}

static status find_matrix(h5_file *f, const char *wish, matrix *out) {
  static const char *const USUAL[] = {"/interactions", "/X", ""};
  char list[LISTED] = "", first[MATRIX_PATH];
  if (wish != NULL)
    return find_wished(f, wish, out);
  for (int i = 0; i < 3; i++)
    if (has_parts(f, USUAL[i]) || i == 1)
      if (take(f, USUAL[i], out))
        return OK;
  if (list_in(f, "/", false, list, first) == 1 && take(f, first, out))
    return OK;
  list_all(f, list);
  if (strcmp(list, "none") != 0) {
    int found = 1;
    for (const char *s = list; *s != '\0'; s++)
      found += *s == ',';
    return status_fail(USAGE, "%s has %d group%s with a matrix: %s; say which with --group", h5_path(f), found,
                       found > 1 ? "s" : "", list);
  }
  return status_fail(BAD_DATA,
                     "%s has no group with datasets data, indices and indptr, and no dense X, at its top, in layers or "
                     "in raw; if it is deeper, name it with --group",
                     h5_path(f));
}

/* ---- its ids ---- */

/* If the group is X, raw/X or layers/NAME of anndata (which may lie in a group of its own, as in MuData), finds the
 * paths of obs and var. */
static status find_frames(h5_file *f, const char *group, char obs[MATRIX_PATH], char var[MATRIX_PATH], bool *found) {
  char base[MATRIX_PATH], owner[MATRIX_PATH];
  *found = false;
  snprintf(base, sizeof base, "%s", group);
  char *slash = strrchr(base, '/');
  if (slash == NULL)
    return OK;
  bool is_x = strcmp(slash, "/X") == 0;
  *slash = '\0';
  snprintf(owner, sizeof owner, "%s", base);
  slash = strrchr(owner, '/');
  const char *last = slash != NULL ? slash : "";
  bool raw = is_x && strcmp(last, "/raw") == 0, layer = !is_x && strcmp(last, "/layers") == 0, other = false;
  if (!is_x) {
    static const char *const OTHERS[] = {"/obsm", "/varm", "/obsp", "/varp", "/uns"};
    for (int i = 0; i < 5; i++)
      other |= strcmp(last, OTHERS[i]) == 0;
  }
  if (raw || layer || other)
    *slash = '\0';
  join(obs, raw || layer || other ? owner : base, "obs");
  join(var, raw ? base : layer || other ? owner : base, "var");
  if ((!is_x && !layer && !other) || (!h5_has(f, obs) && !h5_has(f, var)))
    return OK;
  if (other)
    return status_fail(USAGE,
                       "%s: %s does not have users and items in rows and columns; --group takes X, raw/X or "
                       "layers/NAME of anndata",
                       h5_path(f), group);
  *found = true;
  return OK;
}

/* Takes the ids at `path` unless the side has some. */
static status try_ids(h5_file *f, const char *path, off rows, matrix_ids *out) {
  if (out->path[0] != '\0' || !matrix_ids_are_at(f, path))
    return OK;
  return matrix_ids_find(f, path, rows, out);
}

/* `csc`: the group says that it is a csc_matrix, so that indptr is over columns. */
static status find_ids(h5_file *f, matrix *m, bool csc) {
  status st = OK;
  char obs[MATRIX_PATH], var[MATRIX_PATH];
  bool frames;
  TRY(find_frames(f, m->group, obs, var, &frames));
  if (frames) {
    TRY(matrix_ids_find_frame(f, obs, csc ? m->minor : m->major, csc ? &m->minor_ids : &m->major_ids));
    TRY(matrix_ids_find_frame(f, var, csc ? m->major : m->minor, csc ? &m->major_ids : &m->minor_ids));
    goto done;
  }
  matrix_ids *user = m->items_major ? &m->minor_ids : &m->major_ids,
             *item = m->items_major ? &m->major_ids : &m->minor_ids;
  off users = m->items_major ? m->minor : m->major, items = m->items_major ? m->major : m->minor;
  TRY(try_ids(f, "/users/id", users, user));
  TRY(try_ids(f, "/items/id", items, item));
  TRY(try_ids(f, "/user", users, user));
  TRY(try_ids(f, "/item", items, item));
  /* `implicit` has the group artist_user_plays and the ids /artist and /user. */
  char word[MATRIX_PATH];
  size_t n = strcspn(m->group, "_");
  if (n > 1 && m->group[n] == '_') {
    snprintf(word, sizeof word, "%.*s", (int)n, m->group);
    TRY(try_ids(f, word, m->major, &m->major_ids));
  }
done:
  return st;
}

/* ---- its shape ---- */

static status find_vector(h5_file *f, const char *group, const char *name, bool whole, off *rows) {
  char path[MATRIX_PATH];
  h5_column column;
  join(path, group, name);
  status st = h5_find(f, path, &column);
  if (st != OK)
    return st;
  bool is_whole = column.type == H5_I32 || column.type == H5_I64 || column.type == H5_U64 || column.type == H5_U8;
  if (column.matrix || column.type == H5_TEXT || (whole && !is_whole))
    return status_fail(BAD_DATA, "%s: %s is not a vector of %s", h5_path(f), path, whole ? "whole numbers" : "numbers");
  *rows = column.rows;
  return OK;
}

/* Reads the shape that the group says: an attribute, or a dataset of its own. shape[0] = -1: it does not. */
static status read_shape(h5_file *f, const char *group, const char *attribute, int64_t shape[2]) {
  status st = OK;
  char path[MATRIX_PATH];
  const char *object = group[0] != '\0' ? group : "/";
  int64_t *values = NULL;
  off n = 0;
  h5_column column;
  shape[0] = shape[1] = -1;
  join(path, group, "shape");
  if (h5_attr_has(f, object, attribute))
    TRY(h5_attr_i64s(f, object, attribute, &values, &n));
  else if (h5_has(f, path)) {
    TRY(h5_find(f, path, &column));
    n = column.rows;
    if (!column.matrix && n == 2) {
      TRY(MEM_ALLOC(values, n, "shape"));
      TRY(h5_read(f, path, H5_I64, 0, n, values));
    }
  } else
    goto done;
  if (values == NULL || n != 2 || values[0] < 0 || values[1] < 0)
    TRY(status_fail(BAD_DATA, "%s: the shape of %s must be two numbers, not negative", h5_path(f), object));
  shape[0] = values[0];
  shape[1] = values[1];
done:
  mem_free(values);
  return st;
}

/* Finds whether the group says how it is sorted: 0 no, 1 by rows, 2 by columns. */
static status find_order(h5_file *f, const char *group, int *order, const char **shape) {
  status st = OK;
  const char *object = group[0] != '\0' ? group : "/";
  char *format = NULL;
  *order = 0;
  *shape = "shape";
  if (h5_attr_has(f, object, "encoding-type")) {
    TRY(matrix_check_encoding(f, object, "csr_matrix|csc_matrix"));
    TRY(h5_attr_text(f, object, "encoding-type", &format));
  } else if (h5_attr_has(f, object, "h5sparse_format")) { /* anndata before 0.7 */
    TRY(h5_attr_text(f, object, "h5sparse_format", &format));
    *shape = "h5sparse_shape";
  } else
    goto done;
  *order = strncmp(format, "csr", 3) == 0 ? 1 : strncmp(format, "csc", 3) == 0 ? 2 : 0;
  if (*order == 0)
    TRY(status_fail(BAD_DATA, "%s: %s is a `%.64s` matrix; palate reads csr and csc", h5_path(f), object, format));
done:
  mem_free(format);
  return st;
}

static status find_sparse(h5_file *f, matrix *m, const matrix_wish *wish, bool *csc) {
  status st = OK;
  int order;
  off values = 0, bounds = 0;
  const char *attribute;
  int64_t shape[2];
  TRY(find_vector(f, m->group, "indices", true, &m->entries));
  TRY(find_vector(f, m->group, "data", false, &values));
  TRY(find_vector(f, m->group, "indptr", true, &bounds));
  if (values != m->entries)
    TRY(status_fail(BAD_DATA, "%s: %s has %lld indices and %lld values in data; they must be as many", h5_path(f),
                    m->group[0] != '\0' ? m->group : "/", (long long)m->entries, (long long)values));
  if (bounds < 1)
    TRY(status_fail(BAD_DATA, "%s: indptr of %s is empty", h5_path(f), m->group[0] != '\0' ? m->group : "/"));
  m->major = bounds - 1;
  m->minor = -1;
  TRY(find_order(f, m->group, &order, &attribute));
  TRY(read_shape(f, m->group, attribute, shape));
  *csc = order == 2;
  if (shape[0] >= 0) {
    m->minor = *csc ? shape[0] : shape[1];
    if ((*csc ? shape[1] : shape[0]) != m->major)
      TRY(status_fail(BAD_DATA, "%s: the shape of %s does not match the length of its indptr", h5_path(f),
                      m->group[0] != '\0' ? m->group : "/"));
  }
  bool items_in_rows = wish->rows == 2;
  if (order == 0 && wish->rows == 0) /* files of `implicit`: item_user_ratings, artist_user_plays, … */
    items_in_rows = strncmp(m->group, "/user", 5) != 0;
  m->items_rows = items_in_rows;
  m->items_major = items_in_rows != *csc;
done:
  return st;
}

static status find_dense(h5_file *f, matrix *m, const matrix_wish *wish) {
  status st = OK;
  h5_column column;
  TRY(matrix_check_encoding(f, m->group, "array"));
  TRY(h5_find(f, m->group, &column));
  m->major = column.rows;
  m->minor = column.columns;
  m->items_major = m->items_rows = wish->rows == 2;
  if (__builtin_mul_overflow(m->major, m->minor, &m->entries))
    TRY(status_fail(BAD_DATA, "%s: %s declares too many values", h5_path(f), m->group));
done:
  return st;
}

status matrix_h5_find(const char *path, const matrix_wish *wish, matrix *out) {
  status st = OK;
  h5_file *f = NULL;
  bool csc = false;
  *out = (matrix){0};
  TRY(h5_open(path, &f));
  TRY(find_matrix(f, wish->group, out));
  TRY(out->kind == MATRIX_H5 ? find_sparse(f, out, wish, &csc) : find_dense(f, out, wish));
  TRY(find_ids(f, out, csc));
  TRY(matrix_ids_check(f, &out->major_ids));
  TRY(matrix_ids_check(f, &out->minor_ids));
  char time[MATRIX_PATH];
  join(time, out->group, "time");
  h5_column column;
  if (out->kind == MATRIX_H5 && !wish->no_time && h5_has(f, time)) {
    TRY(h5_find(f, time, &column));
    if (column.rows != out->entries || column.matrix || column.type == H5_TEXT)
      TRY(status_fail(BAD_DATA,
                      "%s: %s must be a vector of numbers, as many as there are indices; --time-column none "
                      "leaves it out",
                      path, time));
    out->has_time = true;
  }
done:
  h5_close(f);
  return st;
}
