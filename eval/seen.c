#include "eval/seen.h"

#include "eval/match.h"
#include "io/mem.h"

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
  gid first; /* of our members */
  gid *user; /* [our members]: rows of the dataset, or -1; NULL: the rows are the same */
  lid *item; /* [dataset items]: rows of the model, or -1; NULL: the rows are the same, … */
  gid known; /* … as far as the model has them */
  off *ptr;  /* indptr of the members being read */
  off room;  /* places in ptr and in value */
  real *value;
  off value_room;
};

/* Rows of the model's members first … first+count-1 in the dataset. */
static status match_members(comm *c, dataset *d, model *m, gid first, gid count, gid *row) {
  status st = OK;
  part theirs = {0};
  strings our_ids = {0}, their_ids = {0};
  st = part_equal(&theirs, dataset_users(d), c->size);
  if (st == OK)
    st = model_read_ids(m, USERS, first, count, &our_ids);
  if (st == OK)
    st = dataset_read_ids(d, USERS, theirs.first[c->rank], part_count(&theirs, c->rank), &their_ids);
  TRY(comm_agree(c, st));
  TRY(match_rows(c, &our_ids, &their_ids, theirs.first[c->rank], row));
done:
  part_free(&theirs);
  strings_free(&our_ids);
  strings_free(&their_ids);
  return st;
}

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
    TRY(match_members(c, d, m, first, count, s->user));
    TRY(match_moved_items(c, d, m, &s->item));
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
  mem_free(s->item);
  mem_free(s->ptr);
  mem_free(s->value);
  mem_free(s);
}

/* The model's rows of n items in their place, without those it does not know; returns how many are left. */
static off rename_items(const seen *s, lid *item, off n) {
  off kept = 0;
  for (off e = 0; e < n; e++) {
    lid row = s->item != NULL ? s->item[item[e]] : item[e] < s->known ? item[e] : -1;
    if (row >= 0)
      item[kept++] = row;
  }
  return kept;
}

/* Events of one run of the dataset's users, put behind one another into item. */
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

status seen_rows(seen *s, gid first, lid count, csr *out) {
  status st = OK;
  off nnz = 0;
  lid *item = NULL;
  csr_free(out);
  TRY(reserve(s, count));
  /* from[u] and to[u]: where user u's events stand in the file. */
  off *from = s->ptr, *to = s->ptr + count + 1;
  if (s->user == NULL) {
    TRY(dataset_read_indptr(s->d, first, count, from));
    for (lid u = 0; u < count; u++)
      to[u] = from[u + 1];
  } else {
    for (lid u = 0; u < count; u++) {
      gid row = s->user[first + u - s->first];
      off both[2] = {0, 0};
      if (row >= 0)
        TRY(dataset_read_indptr(s->d, row, 1, both));
      from[u] = both[0];
      to[u] = both[1];
    }
  }
  for (lid u = 0; u < count; u++)
    nnz += to[u] - from[u];
  TRY(csr_alloc(out, count, 0, "seen items"));
  TRY(MEM_ALLOC(item, nnz, "seen items"));
  mem_free(out->col);
  out->col = item;
  item = NULL;
  nnz = 0;
  for (lid u = 0; u < count;) { /* users whose events follow one another are read at once */
    lid run = 1;
    while (u + run < count && from[u + run] == to[u + run - 1])
      run++;
    TRY(read_run(s, from[u], to[u + run - 1] - from[u], out->col + nnz));
    nnz += to[u + run - 1] - from[u];
    u += run;
  }
  off at = 0;
  for (lid u = 0; u < count; u++) {
    off n = to[u] - from[u], kept = s->user != NULL ? rename_items(s, out->col + at, n) : n;
    if (out->ptr[u] != at)
      memmove(out->col + out->ptr[u], out->col + at, sizeof *out->col * (size_t)kept);
    out->ptr[u + 1] = out->ptr[u] + kept;
    at += n;
  }
done:
  mem_free(item);
  if (st != OK)
    csr_free(out);
  return st;
}
