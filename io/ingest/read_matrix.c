#include "io/ingest/read_matrix.h"

#include "io/base/mem.h"
#include "io/base/sort.h"
#include "io/hdf5/h5.h"
#include "io/text/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PIECE = 1 << 18, ID_PIECE = 1 << 12 };

/* ---- finding ---- */

static void join(char *out, size_t size, const char *group, const char *name) {
  snprintf(out, size, "%s/%s", group, name);
}

static bool has_matrix(h5_file *f, const char *group) {
  static const char *const PARTS[] = {"data", "indices", "indptr"};
  char path[512];
  for (int i = 0; i < 3; i++) {
    join(path, sizeof path, group, PARTS[i]);
    if (!h5_has(f, path))
      return false;
  }
  return true;
}

static status find_group(h5_file *f, const h5_wish *wish, char *out, size_t size) {
  static const char *const USUAL[] = {"/interactions", "/X", ""};
  if (wish->group != NULL) {
    snprintf(out, size, "%s%s", wish->group[0] == '/' || wish->group[0] == '\0' ? "" : "/", wish->group);
    size_t n = strlen(out);
    if (n > 0 && out[n - 1] == '/')
      out[n - 1] = '\0';
    return has_matrix(f, out) ? OK
                              : status_fail(USAGE, "%s: the group %s has no datasets data, indices and indptr",
                                            h5_path(f), wish->group);
  }
  for (int i = 0; i < 3; i++)
    if (has_matrix(f, USUAL[i])) {
      snprintf(out, size, "%s", USUAL[i]);
      return OK;
    }
  strings members;
  int found = 0;
  status st = h5_members(f, "/", &members);
  if (st != OK)
    return st;
  for (off i = 0; i < members.n; i++) {
    char name[256], group[260];
    join(group, sizeof group, "", strings_get(&members, i, name, sizeof name));
    if (has_matrix(f, group) && found++ == 0)
      snprintf(out, size, "%s", group);
  }
  strings_free(&members);
  if (found == 1)
    return OK;
  return found == 0
             ? status_fail(BAD_DATA, "%s has no group with data, indices and indptr; name it with --group", h5_path(f))
             : status_fail(USAGE, "%s has %d groups with data, indices and indptr; say which with --group", h5_path(f),
                           found);
}

/* Copies `path` to out if out is "" and the path is a text vector of the right length (any length if rows is -1). */
static status try_ids(h5_file *f, const char *path, off rows, char *out) {
  if (out[0] != '\0' || strlen(path) > 255 || !h5_has(f, path))
    return OK;
  h5_column column;
  status st = h5_find(f, path, &column);
  if (st == OK && column.type == H5_TEXT && (rows < 0 || column.rows == rows) && !column.matrix)
    snprintf(out, 256, "%.255s", path);
  return st == BAD_DATA ? OK : st; /* a group of that name, or numbers: not ids */
}

/* anndata stores the ids of /obs and /var in the dataset named by their attribute _index. */
static status try_anndata(h5_file *f, const char *group, off rows, char *out) {
  char *index = NULL, path[512];
  if (!h5_has(f, group) || !h5_attr_has(f, group, "_index"))
    return OK;
  status st = h5_attr_text(f, group, "_index", &index);
  if (st == OK) {
    snprintf(path, sizeof path, "%s/%.200s", group, index);
    st = try_ids(f, path, rows, out);
  }
  mem_free(index);
  return st;
}

static status find_ids(h5_file *f, h5_matrix *m, bool csc) {
  status st = OK;
  char *user = m->items_in_rows ? m->column_ids : m->row_ids, *item = m->items_in_rows ? m->row_ids : m->column_ids;
  off users = m->items_in_rows ? m->columns : m->rows, items = m->items_in_rows ? m->rows : m->columns;
  TRY(try_ids(f, "/users/id", users, user));
  TRY(try_ids(f, "/items/id", items, item));
  TRY(try_anndata(f, "/obs", csc ? m->columns : m->rows, csc ? m->column_ids : m->row_ids));
  TRY(try_anndata(f, "/var", csc ? m->rows : m->columns, csc ? m->row_ids : m->column_ids));
  TRY(try_ids(f, "/user", users, user));
  TRY(try_ids(f, "/item", items, item));
  /* `implicit` has the group artist_user_plays and the ids /artist and /user. */
  char word[256];
  size_t n = strcspn(m->group, "_");
  if (n > 1 && n < sizeof word && m->group[n] == '_') {
    memcpy(word, m->group, n);
    word[n] = '\0';
    TRY(try_ids(f, word, m->rows, m->row_ids));
  }
done:
  return st;
}

static status find_shape(h5_file *f, h5_matrix *m, const h5_wish *wish, bool *csc) {
  status st = OK;
  char path[512], *encoding = NULL;
  const char *group = m->group[0] != '\0' ? m->group : "/";
  h5_column column;
  int64_t *shape = NULL;
  off n_shape = 0;
  bool flipped = false;
  join(path, sizeof path, m->group, "indices");
  TRY(h5_find(f, path, &column));
  m->events = column.rows;
  if (column.matrix ||
      (column.type != H5_I32 && column.type != H5_I64 && column.type != H5_U64 && column.type != H5_U8))
    TRY(status_fail(BAD_DATA, "%s: %s is not a vector of whole numbers", h5_path(f), path));
  join(path, sizeof path, m->group, "data");
  TRY(h5_find(f, path, &column));
  if (column.matrix || column.type == H5_TEXT || column.rows != m->events)
    TRY(status_fail(BAD_DATA, "%s: %s must be a vector of numbers, as many as there are indices", h5_path(f), path));
  join(path, sizeof path, m->group, "indptr");
  TRY(h5_find(f, path, &column));
  if (column.matrix || column.type == H5_TEXT || column.rows < 1)
    TRY(status_fail(BAD_DATA, "%s: %s is not a vector of whole numbers", h5_path(f), path));
  m->rows = column.rows - 1;
  m->columns = -1;
  if (h5_attr_has(f, group, "shape")) {
    TRY(h5_attr_i64s(f, group, "shape", &shape, &n_shape));
    if (n_shape != 2 || shape[0] < 0 || shape[1] < 0)
      TRY(status_fail(BAD_DATA, "%s: the shape of %s must be two numbers, not negative", h5_path(f), group));
  } else {
    join(path, sizeof path, m->group, "shape");
    if (h5_has(f, path)) {
      TRY(h5_find(f, path, &column));
      if (column.rows == 2) {
        TRY(MEM_ALLOC(shape, 2, "shape"));
        TRY(h5_read(f, path, H5_I64, 0, 2, shape));
      }
    }
  }
  if (h5_attr_has(f, group, "encoding-type")) {
    TRY(h5_attr_text(f, group, "encoding-type", &encoding));
    if (strcmp(encoding, "csr_matrix") != 0 && strcmp(encoding, "csc_matrix") != 0)
      TRY(status_fail(BAD_DATA, "%s: %s is a `%.64s`; palate reads csr_matrix and csc_matrix", h5_path(f), group,
                      encoding));
    flipped = strcmp(encoding, "csc_matrix") == 0;
  } else if (wish->rows == 0) /* implicit's own files: item_user_ratings, artist_user_plays, … */
    flipped = strncmp(m->group, "/user", 5) != 0;
  if (shape != NULL) {
    m->columns = flipped && encoding != NULL ? shape[0] : shape[1];
    if ((flipped && encoding != NULL ? shape[1] : shape[0]) != m->rows)
      TRY(status_fail(BAD_DATA, "%s: the shape of %s does not match the length of its indptr", h5_path(f), group));
  }
  m->items_in_rows = wish->rows == 0 ? flipped : wish->rows == 2;
  *csc = encoding != NULL && flipped;
done:
  mem_free(shape);
  mem_free(encoding);
  return st;
}

status h5_matrix_find(const char *path, const h5_wish *wish, h5_matrix *out) {
  status st = OK;
  h5_file *f = NULL;
  bool csc = false;
  *out = (h5_matrix){0};
  TRY(h5_open(path, &f));
  TRY(find_group(f, wish, out->group, sizeof out->group));
  TRY(find_shape(f, out, wish, &csc));
  TRY(find_ids(f, out, csc));
  char time[512];
  join(time, sizeof time, out->group, "time");
  h5_column column;
  if (h5_has(f, time)) {
    TRY(h5_find(f, time, &column));
    out->has_time = column.rows == out->events && !column.matrix && column.type != H5_TEXT;
  }
done:
  h5_close(f);
  return st;
}

/* ---- reading ---- */

/* Finds the row that event `at` belongs to: the last one that begins at or before it. */
static status row_of(h5_file *f, const char *indptr, off rows, off at, off *out) {
  off low = 0, high = rows - 1;
  while (low < high) {
    off middle = low + (high - low + 1) / 2, begin;
    status st = h5_read(f, indptr, H5_I64, middle, 1, &begin);
    if (st != OK)
      return st;
    if (begin <= at)
      low = middle;
    else
      high = middle - 1;
  }
  *out = low;
  return OK;
}

/* Replaces indices by ids, in the table and in the events: index i becomes row i of the text vector `path`. */
static status name_ids(h5_file *f, const char *path, id_table *ids, events *e, side side) {
  status st = OK;
  sort_pair *order = NULL;
  uint32_t *rows = NULL;
  id_table named = {0};
  strings page = {0};
  off page_first = 0;
  h5_column column;
  TRY(h5_find(f, path, &column));
  TRY(id_table_create(&named));
  TRY(MEM_ALLOC(rows, (off)ids->n, "rows of ids"));
  TRY(MEM_ALLOC(order, (off)ids->n, "order of ids"));
  for (uint32_t i = 0; i < ids->n; i++) {
    int64_t index = 0;
    id_table_integer(ids, i, &index);
    order[i] = (sort_pair){(uint64_t)index, i};
  }
  sort_pairs(order, (off)ids->n);
  for (uint32_t k = 0; k < ids->n; k++) {
    off index = (off)order[k].high;
    if (index >= column.rows)
      TRY(status_fail(BAD_DATA, "%s: index %lld has no id in %s", h5_path(f), (long long)index, path));
    if (index >= page_first + page.n) {
      strings_free(&page);
      page_first = index;
      TRY(h5_read_strings(f, path, index, column.rows - index < ID_PIECE ? column.rows - index : ID_PIECE, &page));
    }
    const char *text = page.bytes + (index - page_first) * page.width;
    size_t n = strnlen(text, (size_t)page.width);
    if (n == 0 || n > ID_MAX)
      TRY(status_fail(BAD_DATA, "%s: the id in row %lld of %s is %s", h5_path(f), (long long)index, path,
                      n == 0 ? "empty" : "longer than 255 bytes"));
    TRY(id_table_add(&named, text, n, &rows[order[k].low]));
  }
  for (event_block *b = e->first; b != NULL; b = b->next) {
    uint32_t *id = side == USERS ? b->user : b->item;
    for (off i = 0; i < b->n; i++)
      id[i] = rows[id[i]];
  }
  id_table_free(ids);
  *ids = named;
  named = (id_table){0};
done:
  strings_free(&page);
  id_table_free(&named);
  mem_free(order);
  mem_free(rows);
  return st;
}

static status add_events(h5_file *f, const h5_matrix *m, id_table *users, id_table *items, events *e, off first,
                         off count, const off *row, const int64_t *index, const real *value, const int64_t *time) {
  status st = OK;
  TRY(events_room(e, count));
  event_block *b = e->last;
  uint32_t *major = (m->items_in_rows ? b->item : b->user) + b->n,
           *minor = (m->items_in_rows ? b->user : b->item) + b->n;
  for (off i = 0; i < count; i++) {
    if (index[i] < 0 || (m->columns >= 0 && index[i] >= m->columns))
      TRY(status_fail(BAD_DATA, "%s: event %lld has the index %lld, which is outside the shape", h5_path(f),
                      (long long)(first + i), (long long)index[i]));
    if (!isfinite(value[i]))
      TRY(status_fail(BAD_DATA, "%s: the value of event %lld is not a finite number", h5_path(f),
                      (long long)(first + i)));
    if (time != NULL && e->has_time && (time[i] < EVENT_TIME_MIN || time[i] > EVENT_TIME_MAX))
      TRY(status_fail(BAD_DATA, "%s: the time of event %lld is out of range (1900 to 2100)", h5_path(f),
                      (long long)(first + i)));
  }
  /* One side after the other: rows repeat, so their table stays in the cache. */
  TRY(id_table_add_keys(m->items_in_rows ? items : users, (const uint64_t *)row, (int)count, major));
  TRY(id_table_add_keys(m->items_in_rows ? users : items, (const uint64_t *)index, (int)count, minor));
  if (b->value != NULL)
    memcpy(b->value + b->n, value, (size_t)count * sizeof *value);
  if (b->time_low != NULL)
    event_block_put_times(b, b->n, time, count);
  b->n += count;
  e->n += count;
done:
  return st;
}

/* Reads slabs of the matrix, event by event in order, with the row of each. */
typedef struct slab_reader {
  h5_file *f;
  const h5_matrix *m;
  char indptr_path[512], indices_path[512], data_path[512], time_path[512];
  bool with_time;
  off *indptr;     /* [PIECE + 1] where rows begin: `had` rows from `from` on, and the end of the last */
  off from, had;   /* had = 0: none yet */
  off now;         /* the row of the next event */
  off *row;        /* [PIECE] rows, … */
  int64_t *column; /* … columns, … */
  real *value;     /* … values … */
  int64_t *time;   /* … and times of the slab's events; NULL without times */
} slab_reader;

static void free_reader(slab_reader *r) {
  h5_close(r->f);
  mem_free(r->indptr);
  mem_free(r->row);
  mem_free(r->column);
  mem_free(r->value);
  mem_free(r->time);
}

/* Opens the matrix at event `begin`. Free with free_reader, also after a failure. */
static status open_reader(slab_reader *r, const char *path, const h5_matrix *m, bool with_time, off begin) {
  status st = OK;
  off ends[2];
  *r = (slab_reader){.m = m, .with_time = with_time};
  join(r->indptr_path, sizeof r->indptr_path, m->group, "indptr");
  join(r->indices_path, sizeof r->indices_path, m->group, "indices");
  join(r->data_path, sizeof r->data_path, m->group, "data");
  join(r->time_path, sizeof r->time_path, m->group, "time");
  TRY(h5_open(path, &r->f));
  TRY(MEM_ALLOC(r->row, PIECE, "rows of events"));
  TRY(MEM_ALLOC(r->indptr, PIECE + 1, "begins of rows"));
  TRY(MEM_ALLOC(r->column, PIECE, "columns of events"));
  TRY(MEM_ALLOC(r->value, PIECE, "values of events"));
  if (with_time)
    TRY(MEM_ALLOC(r->time, PIECE, "times of events"));
  TRY(h5_read(r->f, r->indptr_path, H5_I64, 0, 1, &ends[0]));
  TRY(h5_read(r->f, r->indptr_path, H5_I64, m->rows, 1, &ends[1]));
  if (ends[0] != 0 || ends[1] != m->events)
    TRY(status_fail(BAD_DATA, "%s: %s runs from %lld to %lld, but there are %lld events", path, r->indptr_path,
                    (long long)ends[0], (long long)ends[1], (long long)m->events));
  TRY(row_of(r->f, r->indptr_path, m->rows, begin, &r->now));
done:
  return st;
}

/* The rows of events at … at + count - 1. */
static status find_rows(slab_reader *r, off at, off count) {
  status st = OK;
  const char *path = h5_path(r->f);
  off rows = r->m->rows, events = r->m->events;
  for (off i = 0; i < count;) {
    if (r->now >= r->from + r->had) {
      r->from = r->now;
      r->had = rows - r->now < PIECE ? rows - r->now : PIECE;
      if (r->had < 1)
        TRY(status_fail(BAD_DATA, "%s: %s is broken: event %lld has no row", path, r->indptr_path,
                        (long long)(at + i)));
      TRY(h5_read(r->f, r->indptr_path, H5_I64, r->from, r->had + 1, r->indptr));
    }
    off low = r->indptr[r->now - r->from], high = r->indptr[r->now - r->from + 1];
    if (low < 0 || low > at + i || high < low || high > events)
      TRY(status_fail(BAD_DATA, "%s: %s is broken at row %lld: it must ascend from 0 to %lld", path, r->indptr_path,
                      (long long)r->now, (long long)events));
    for (; i < count && at + i < high; i++)
      r->row[i] = r->now;
    if (i < count)
      r->now++;
  }
done:
  return st;
}

static status read_slab(slab_reader *r, off at, off count) {
  status st = OK;
  TRY(h5_read(r->f, r->indices_path, H5_I64, at, count, r->column));
  TRY(h5_read(r->f, r->data_path, H5_F32, at, count, r->value));
  if (r->with_time)
    TRY(h5_read(r->f, r->time_path, H5_I64, at, count, r->time));
  TRY(find_rows(r, at, count));
done:
  return st;
}

status ingest_h5_read(const comm *c, const char *path, const h5_matrix *m, id_table *users, id_table *items,
                      events *to) {
  status st = OK;
  slab_reader r = {0};
  off begin = m->events / c->size * c->rank + m->events % c->size * c->rank / c->size;
  off end = m->events / c->size * (c->rank + 1) + m->events % c->size * (c->rank + 1) / c->size;
  const char *user_ids = m->items_in_rows ? m->column_ids : m->row_ids;
  const char *item_ids = m->items_in_rows ? m->row_ids : m->column_ids;
  if (begin == end)
    return OK;
  TRY(open_reader(&r, path, m, to->has_time && m->has_time, begin));
  for (off at = begin; at < end;) {
    off count = end - at < PIECE ? end - at : PIECE;
    TRY(read_slab(&r, at, count));
    TRY(add_events(r.f, m, users, items, to, at, count, r.row, r.column, r.value, r.time));
    at += count;
  }
  if (user_ids[0] != '\0')
    TRY(name_ids(r.f, user_ids, users, to, USERS));
  if (item_ids[0] != '\0')
    TRY(name_ids(r.f, item_ids, items, to, ITEMS));
done:
  free_reader(&r);
  return st;
}
