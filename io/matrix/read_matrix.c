#include "io/matrix/read_matrix.h"

#include "io/base/mem.h"
#include "io/base/sort.h"
#include "io/matrix/matrix_h5.h"
#include "io/matrix/matrix_ids.h"
#include "io/matrix/matrix_npz.h"

#include <math.h>
#include <string.h>

enum { ID_PIECE = 1 << 12 };

static bool is_npz(const matrix *m) {
  return m->kind == MATRIX_NPZ || m->kind == MATRIX_NPZ_PAIRS;
}

status matrix_find(const char *path, bool npz, const matrix_wish *wish, matrix *out) {
  return npz ? matrix_npz_find(path, wish, out) : matrix_h5_find(path, wish, out);
}

/* ---- names for numbers ---- */

/* The ids of the table, which are numbers, ascending, with their rows. */
static void sort_numbers(const id_table *ids, sort_pair *order) {
  for (uint32_t i = 0; i < ids->n; i++) {
    int64_t index = 0;
    id_table_integer(ids, i, &index);
    order[i] = (sort_pair){(uint64_t)index, i};
  }
  sort_pairs(order, (off)ids->n);
}

/* Replaces indices by ids, in the table and in the events: index i becomes the id in row i of `from`. */
static status name_ids(h5_file *f, const matrix_ids *from, id_table *ids, events *e, side side) {
  status st = OK;
  sort_pair *order = NULL;
  uint32_t *rows = NULL;
  id_table named = {0};
  strings page = {0};
  off page_first = 0;
  matrix_ids_reader reader = {.f = f, .ids = from};
  TRY(id_table_create(&named));
  TRY(MEM_ALLOC(rows, (off)ids->n, "rows of ids"));
  TRY(MEM_ALLOC(order, (off)ids->n, "order of ids"));
  sort_numbers(ids, order);
  for (uint32_t k = 0; k < ids->n; k++) {
    off index = (off)order[k].high;
    if (index >= from->rows)
      TRY(status_fail(BAD_DATA, "%s: index %lld has no id in %s", h5_path(f), (long long)index, from->path));
    if (index >= page_first + page.n) {
      strings_free(&page);
      page_first = index;
      TRY(matrix_ids_read(&reader, index, from->rows - index < ID_PIECE ? from->rows - index : ID_PIECE, &page));
    }
    const char *text = page.bytes + (index - page_first) * page.width;
    TRY(id_table_add(&named, text, strnlen(text, (size_t)page.width), &rows[order[k].low]));
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
  matrix_ids_reader_free(&reader);
  mem_free(order);
  mem_free(rows);
  return st;
}

/* ---- events ---- */

static status check_events(const char *path, const matrix *m, const matrix_slab *s, bool with_time) {
  for (off i = 0; i < s->n; i++) {
    bool outside = s->major[i] < 0 || s->major[i] >= m->major;
    if (outside || s->minor[i] < 0 || (m->minor >= 0 && s->minor[i] >= m->minor))
      return status_fail(BAD_DATA, "%s: an entry has the index %lld, which is outside the shape", path,
                         (long long)(outside ? s->major[i] : s->minor[i]));
    if (!isfinite(s->value[i]))
      return status_fail(BAD_DATA, "%s: the value of the entry with the indices %lld and %lld is not a finite number",
                         path, (long long)s->major[i], (long long)s->minor[i]);
    if (with_time && (s->time[i] < EVENT_TIME_MIN || s->time[i] > EVENT_TIME_MAX))
      return status_fail(BAD_DATA,
                         "%s: the time of the entry with the indices %lld and %lld is out of range (1900 to 2100)",
                         path, (long long)s->major[i], (long long)s->minor[i]);
  }
  return OK;
}

static status add_events(const matrix *m, id_table *users, id_table *items, events *e, const matrix_slab *s) {
  status st = OK;
  TRY(events_room(e, s->n));
  event_block *b = e->last;
  uint32_t *major = (m->items_major ? b->item : b->user) + b->n, *minor = (m->items_major ? b->user : b->item) + b->n;
  /* One side after the other: rows repeat, so their table stays in the cache. */
  TRY(id_table_add_keys(m->items_major ? items : users, (const uint64_t *)s->major, (int)s->n, major));
  TRY(id_table_add_keys(m->items_major ? users : items, (const uint64_t *)s->minor, (int)s->n, minor));
  if (b->value != NULL)
    memcpy(b->value + b->n, s->value, (size_t)s->n * sizeof *s->value);
  if (b->time_low != NULL)
    event_block_put_times(b, b->n, s->time, s->n);
  b->n += s->n;
  e->n += s->n;
done:
  return st;
}

static void free_slab(matrix_slab *s) {
  mem_free(s->major);
  mem_free(s->minor);
  mem_free(s->value);
  mem_free(s->time);
}

static status make_slab(matrix_slab *s, bool with_time) {
  status st = OK;
  TRY(MEM_ALLOC(s->major, MATRIX_SLAB, "rows of events"));
  TRY(MEM_ALLOC(s->minor, MATRIX_SLAB, "columns of events"));
  TRY(MEM_ALLOC(s->value, MATRIX_SLAB, "values of events"));
  if (with_time)
    TRY(MEM_ALLOC(s->time, MATRIX_SLAB, "times of events"));
done:
  return st;
}

status matrix_read(const comm *c, const char *path, const matrix *m, id_table *users, id_table *items, events *to) {
  status st = OK;
  matrix_slab slab = {0};
  matrix_h5_reader *h5 = NULL;
  matrix_npz_reader *npz = NULL;
  bool with_time = to->has_time && m->has_time;
  const matrix_ids *user_ids = m->items_major ? &m->minor_ids : &m->major_ids;
  const matrix_ids *item_ids = m->items_major ? &m->major_ids : &m->minor_ids;
  TRY(make_slab(&slab, with_time));
  TRY(is_npz(m) ? matrix_npz_open(path, m, c->rank, c->size, &npz)
                : matrix_h5_open(path, m, with_time, c->rank, c->size, &h5));
  for (;;) {
    TRY(is_npz(m) ? matrix_npz_next(npz, &slab) : matrix_h5_next(h5, &slab));
    if (slab.n == 0)
      break;
    TRY(check_events(path, m, &slab, with_time));
    TRY(add_events(m, users, items, to, &slab));
  }
  if (user_ids->path[0] != '\0' && to->n > 0)
    TRY(name_ids(matrix_h5_file(h5), user_ids, users, to, USERS));
  if (item_ids->path[0] != '\0' && to->n > 0)
    TRY(name_ids(matrix_h5_file(h5), item_ids, items, to, ITEMS));
done:
  free_slab(&slab);
  matrix_h5_close(h5);
  matrix_npz_close(npz);
  return st;
}
