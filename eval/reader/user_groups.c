#include "eval/reader/reader_private.h"

#include "io/base/mem.h"

status reader_user_groups(reader *r, gid user, lid *group, real *affinity) {
  h5_guard guard;
  reader_begin(r, &guard);
  status st = groups_read_rows(r->g, user, 1, group);
  if (st == OK)
    st = groups_read_affinities(r->g, user, 1, affinity);
  reader_end(r, &guard, st);
  return st;
}

status reader_group_label(reader *r, lid group, char *out, size_t size) {
  h5_guard guard;
  strings label = {0};
  reader_begin(r, &guard);
  status st = groups_read_labels(r->g, group, 1, &label);
  reader_end(r, &guard, st);
  if (st == OK)
    strings_get(&label, 0, out, size);
  strings_free(&label);
  return st;
}

status reader_group_size(reader *r, lid group, int64_t *users) {
  h5_guard guard;
  reader_begin(r, &guard);
  status st = groups_read_sizes(r->g, group, 1, users);
  reader_end(r, &guard, st);
  return st;
}

status reader_group_items(reader *r, lid group, lid items[GROUPS_TOP]) {
  h5_guard guard;
  reader_begin(r, &guard);
  status st = groups_read_top(r->g, group, model_rows(r->m, ITEMS), items);
  reader_end(r, &guard, st);
  return st;
}

status reader_group_users(reader *r, lid group, gid from, gid *users, off size, off *n) {
  enum { ROWS_AT_ONCE = 1 << 14 };
  status st = OK;
  gid end = groups_rows(r->g);
  int m = groups_memberships(r->g);
  lid *rows = NULL;
  *n = 0;
  TRY(MEM_ALLOC(rows, (off)ROWS_AT_ONCE * m, "groups of members"));
  for (gid at = from; at < end && *n < size; at += ROWS_AT_ONCE) {
    gid count = end - at < ROWS_AT_ONCE ? end - at : ROWS_AT_ONCE;
    h5_guard guard;
    reader_begin(r, &guard);
    st = groups_read_rows(r->g, at, count, rows);
    reader_end(r, &guard, st);
    if (st != OK)
      break;
    for (gid i = 0; i < count && *n < size; i++)
      if (rows[i * m] == group)
        users[(*n)++] = at + i;
  }
done:
  mem_free(rows);
  return st;
}
