#include "eval/score/seen.h"

#include "eval/score/match_ids.h"
#include "io/base/mem.h"
#include "train/exchange/lookup.h"

#include <string.h>

bool seen_same_rows(model *m, const dataset *d) {
  char *digest = NULL;
  bool same = h5_attr_text(model_file(m), "/", "dataset_sha256", &digest) == OK &&
              strcmp(digest, dataset_digest(d)) == 0 && model_rows(m, USERS) == dataset_users(d) &&
              model_rows(m, ITEMS) == dataset_items(d);
  mem_free(digest);
  return same;
}

struct seen {
  dataset *d;
  gid first;      /* of our members */
  gid *user;      /* [our members]: rows of the dataset, or -1; NULL: the rows are the same */
  row_share item; /* of the dataset's items: rows of the model; empty if items have not moved */
  gid known;      /* items of the model */
  off *ptr;       /* [room]: ranges of events of the members being read */
  off room;
  real *value; /* [value_room] */
  off value_room;
};

status seen_create(comm *c, dataset *d, model *m, const part *users, seen **out) {
  status st = OK;
  seen *s = NULL;
  int64_t other = !seen_same_rows(m, d);
  comm_max_i64(c, &other, 1);
  *out = NULL;
  st = MEM_ZALLOC(s, 1, "seen items");
  gid first = users->first[c->rank], count = part_count(users, c->rank);
  if (st == OK) {
    s->d = d;
    s->first = first;
    s->known = model_rows(m, ITEMS);
    if (other)
      st = MEM_ALLOC(s->user, count, "matched users");
  }
  TRY(comm_agree(c, st));
  if (other) {
    TRY(match_ids(c, ids_of_model(m), ids_of_dataset(d), USERS, first, count, s->user));
    TRY(match_share(c, ids_of_dataset(d), ids_of_model(m), ITEMS, &s->item));
    if (!s->item.renumbered)
      row_share_free(&s->item);
  }
done:
  if (st != OK) {
    seen_free(s);
    s = NULL;
  }
  *out = s;
  return st;
}

void seen_free(seen *s) {
  if (s == NULL)
    return;
  mem_free(s->user);
  row_share_free(&s->item);
  mem_free(s->ptr);
  mem_free(s->value);
  mem_free(s);
}

bool seen_is_collective(const seen *s) {
  return s != NULL && s->item.row != NULL;
}

/* Reads the items of one range of the dataset's events. */
static status read_run(seen *s, off first, off count, lid *item) {
  if (count > s->value_room) {
    mem_free(s->value);
    s->value = NULL;
    s->value_room = 0;
    status st = MEM_ALLOC(s->value, count, "events being read");
    if (st != OK)
      return st;
    s->value_room = count;
  }
  return dataset_read_events(s->d, first, count, item, s->value, NULL);
}

static status reserve(seen *s, lid count) {
  if (2 * (off)count + 2 <= s->room)
    return OK;
  mem_free(s->ptr);
  s->ptr = NULL;
  s->room = 0;
  status st = MEM_ALLOC(s->ptr, 2 * (off)count + 2, "row offsets");
  if (st == OK)
    s->room = 2 * (off)count + 2;
  return st;
}

/* The members' ranges of events in the dataset: from[u] … to[u]-1. */
static status find_events(seen *s, gid first, lid count, off *from, off *to) {
  status st = OK;
  if (s->user == NULL) {
    TRY(dataset_read_indptr(s->d, first, count, from));
    for (lid u = 0; u < count; u++)
      to[u] = from[u + 1];
    return OK;
  }
  for (lid u = 0; u < count; u++) {
    gid row = s->user[first + u - s->first];
    off both[2] = {0, 0};
    if (row >= 0)
      TRY(dataset_read_indptr(s->d, row, 1, both));
    from[u] = both[0];
    to[u] = both[1];
  }
done:
  return st;
}

/* All events of the members, with the dataset's item rows. Local. */
static status read_members(seen *s, gid first, lid count, csr *out) {
  status st = OK;
  off nnz = 0;
  csr_free(out);
  TRY(reserve(s, count));
  off *from = s->ptr, *to = s->ptr + count + 1;
  TRY(find_events(s, first, count, from, to));
  TRY(csr_alloc(out, count, 0, "seen items"));
  for (lid u = 0; u < count; u++)
    out->ptr[u + 1] = nnz += to[u] - from[u];
  mem_free(out->col);
  out->col = NULL;
  TRY(MEM_ALLOC(out->col, nnz, "seen items"));
  for (lid u = 0; u < count;) { /* users with adjacent events are read together */
    lid run = 1;
    while (u + run < count && from[u + run] == to[u + run - 1])
      run++;
    TRY(read_run(s, from[u], to[u + run - 1] - from[u], out->col + out->ptr[u]));
    u += run;
  }
done:
  return st;
}

/* Drops items that the model does not have. */
static void keep_known(const seen *s, csr *m) {
  off kept = 0, e = 0;
  gid end = seen_is_collective(s) ? INT64_MAX : s->known;
  for (lid u = 0; u < m->n_rows; u++) {
    for (; e < m->ptr[u + 1]; e++)
      if (m->col[e] >= 0 && m->col[e] < end)
        m->col[kept++] = m->col[e];
    m->ptr[u + 1] = kept;
  }
}

status seen_rows(comm *c, seen *s, gid first, lid count, csr *out) {
  status st = read_members(s, first, count, out);
  if (seen_is_collective(s)) {
    TRY(comm_agree(c, st));
    TRY(lookup_rows(c, &s->item.owners, s->item.row, sizeof *out->col, out->col, csr_nnz(out), out->col));
  }
  if (st == OK && s->user != NULL)
    keep_known(s, out);
done:
  if (st != OK)
    csr_free(out);
  return st;
}
