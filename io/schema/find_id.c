#include "io/schema/find_id.h"

#include "io/text/id.h"

#include <string.h>

/* Binary search in the order of io/text/id.h; -1 where it does not lead to the id. */
static gid search(const strings *ids, bool numeric, const char *id, size_t n) {
  gid low = 0, high = ids->n;
  while (low < high) {
    gid middle = low + (high - low) / 2;
    const char *at = ids->bytes + middle * ids->width;
    size_t n_at = strnlen(at, (size_t)ids->width);
    int64_t number;
    if (numeric && !id_integer(at, n_at, &number))
      return -1;
    int order = id_compare(numeric, at, n_at, id, n);
    if (order == 0)
      return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return -1;
}

status find_id(h5_file *f, const char *path, const char *id, gid *row) {
  *row = -1;
  size_t n = strlen(id);
  int64_t number;
  h5_column column;
  const void *map = NULL;
  strings ids = {0};
  status st = h5_find(f, path, &column);
  if (st == OK && column.width > 0)
    st = h5_map(f, path, H5_TEXT, &map);
  if (st != OK)
    return st;
  if (map == NULL) {
    st = h5_read_strings(f, path, 0, column.rows, &ids);
    if (st != OK)
      return st;
  }
  /* The map is only looked at; strings has no const form. */
  const strings table = map != NULL ? (strings){column.rows, column.width, (char *)map} : ids;
  if (n <= (size_t)table.width && n > 0) {
    if (id_integer(id, n, &number))
      *row = search(&table, true, id, n);
    if (*row < 0)
      *row = search(&table, false, id, n);
    /* Rows that were appended follow the ordered ones. */
    if (*row < 0)
      *row = strings_find(&table, id);
  }
  strings_free(&ids);
  /* A damaged id could name another member: look at this row again with its checksum. */
  if (*row >= 0 && map != NULL) {
    st = h5_read_strings(f, path, *row, 1, &ids);
    if (st == OK && !strings_equal(&ids, 0, id))
      *row = -1;
    strings_free(&ids);
  }
  return st;
}
