#include "eval/measure/done_rows.h"

#include "io/base/mem.h"

#include <string.h>

enum { RANGES_MAX = 1 << 24 };

void done_rows_free(done_rows *d) {
  mem_free(d->first);
  mem_free(d->end);
  *d = (done_rows){0};
}

/* The index of the first range that does not end before `row`. */
static int find(const done_rows *d, gid row) {
  int low = 0, high = d->n;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (d->end[middle] < row)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

status done_rows_add(done_rows *d, gid first, gid end) {
  status st = OK;
  if (first >= end)
    return OK;
  if (d->n == d->room) {
    int room = d->room + d->room / 2 + 16;
    TRY(MEM_REALLOC(d->first, room, "list of measured members"));
    TRY(MEM_REALLOC(d->end, room, "list of measured members"));
    d->room = room;
  }
  /* Ranges at … past-1 touch the new one and are merged with it. */
  int at = find(d, first), past = at;
  for (; past < d->n && d->first[past] <= end; past++) {
    first = d->first[past] < first ? d->first[past] : first;
    end = d->end[past] > end ? d->end[past] : end;
  }
  size_t behind = (size_t)(d->n - past);
  memmove(d->first + at + 1, d->first + past, behind * sizeof *d->first);
  memmove(d->end + at + 1, d->end + past, behind * sizeof *d->end);
  d->first[at] = first;
  d->end[at] = end;
  d->n += 1 - (past - at);
done:
  return st;
}

bool done_rows_has(const done_rows *d, gid row) {
  int at = find(d, row + 1);
  return at < d->n && d->first[at] <= row;
}

json_t *done_rows_json(const done_rows *d) {
  json_t *list = json_array();
  for (int i = 0; i < d->n; i++)
    if (json_array_append_new(list, json_pack("[I, I]", (json_int_t)d->first[i], (json_int_t)d->end[i])) != 0) {
      json_decref(list);
      return NULL;
    }
  return list;
}

bool done_rows_read(const json_t *list, gid n_rows, done_rows *out, status *st) {
  *st = OK;
  if (!json_is_array(list) || json_array_size(list) > RANGES_MAX)
    return false;
  for (size_t i = 0; i < json_array_size(list); i++) {
    json_int_t first, end;
    if (json_unpack(json_array_get(list, i), "[I, I!]", &first, &end) != 0 || first < 0 || first > end || end > n_rows)
      return false;
    *st = done_rows_add(out, first, end);
    if (*st != OK)
      return false;
  }
  return true;
}
