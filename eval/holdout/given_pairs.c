#include "eval/holdout/given_pairs.h"

#include "eval/score/match_ids.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "train/exchange/lookup.h"

#include <stdlib.h>

/* An event on its way to the owner of its user. */
typedef struct event {
  gid user;  /* rows of the training dataset */
  off place; /* in the test dataset */
  lid item;
  real value;
} event;

/* By user, then in the order of the test dataset, so that the last event of a pair is the last there. */
static int in_order(const void *of_a, const void *of_b) {
  const event *a = of_a, *b = of_b;
  if (a->user != b->user)
    return a->user < b->user ? -1 : 1;
  return (a->place > b->place) - (a->place < b->place);
}

/* A slice of a dataset's users with their events, as they are in the file. */
typedef struct user_slice {
  off *indptr, nnz; /* indptr [users + 1] */
  lid *item;        /* [nnz] */
  real *value;
} user_slice;

static status read_slice(dataset *t, gid first, gid count, user_slice *out) {
  status st = OK;
  TRY(MEM_ALLOC(out->indptr, count + 1, "test events"));
  TRY(dataset_read_indptr(t, first, count, out->indptr));
  out->nnz = out->indptr[count] - out->indptr[0];
  TRY(MEM_ALLOC(out->item, out->nnz, "test events"));
  TRY(MEM_ALLOC(out->value, out->nnz, "test events"));
  TRY(dataset_read_events(t, out->indptr[0], out->nnz, out->item, out->value, NULL));
done:
  return st;
}

static void free_slice(user_slice *s) {
  mem_free(s->indptr);
  mem_free(s->item);
  mem_free(s->value);
}

/* Reads our users of the test dataset; events get the rows of the training dataset. *lost: events whose user or item
 * the training dataset does not have. Collective; agreed status. */
static status read_events(comm *c, dataset *t, gid first, gid count, const gid *user, const row_share *items,
                          event **out, off *n, int64_t *lost) {
  status st = OK;
  user_slice s = {0};
  *n = 0;
  THEN(read_slice(t, first, count, &s));
  THEN(MEM_ALLOC(*out, s.nnz, "test events"));
  TRY(comm_agree(c, st));
  TRY(lookup_rows(c, &items->owners, items->row, sizeof *s.item, s.item, s.nnz, s.item));
  for (gid u = 0; u < count; u++)
    for (off e = s.indptr[u] - s.indptr[0]; e < s.indptr[u + 1] - s.indptr[0]; e++)
      if (user[u] >= 0 && s.item[e] >= 0)
        (*out)[(*n)++] = (event){user[u], s.indptr[0] + e, s.item[e], s.value[e]};
      else
        ++*lost;
done:
  free_slice(&s);
  return st;
}

/* Moves events to the owners of their users, sorted; *mine is freed and replaced. Collective; agreed status. */
static status move_events(comm *c, const part *users, event **mine, off *n) {
  status st = OK;
  off *counts = NULL;
  event *got = NULL;
  qsort(*mine, (size_t)*n, sizeof **mine, in_order);
  TRY(comm_agree(c, MEM_ZALLOC(counts, 2 * (off)c->size, "test events")));
  off *give = counts, *take = counts + c->size, total = 0;
  for (off e = 0; e < *n; e++)
    give[part_owner(users, (*mine)[e].user)]++;
  comm_transpose_i64(c, give, take);
  for (int r = 0; r < c->size; r++)
    total += take[r];
  TRY(comm_agree(c, MEM_ALLOC(got, total, "test events")));
  comm_move_rows(c, *mine, give, got, take, sizeof *got);
  qsort(got, (size_t)total, sizeof *got, in_order);
  mem_free(*mine);
  *mine = got;
  *n = total;
done:
  mem_free(counts);
  return st;
}

/* Sorted events as rows of pairs. */
static status make_rows(const event *all, off n, gid first, lid count, duplicates merge, csr *out) {
  status st = OK;
  uint64_t *scratch = NULL;
  off e = 0, at = 0;
  TRY(csr_alloc(out, count, n, "test pairs"));
  TRY(MEM_ALLOC(scratch, 2 * n, "order of test pairs"));
  for (lid u = 0; u < count; u++) {
    off start = at;
    for (; e < n && all[e].user == first + u; e++, at++) {
      out->col[at] = all[e].item;
      out->val[at] = all[e].value;
    }
    row_sort(at - start, out->col + start, out->val + start, scratch);
    at = start + row_merge(merge, at - start, out->col + start, out->val + start);
    out->ptr[u + 1] = at;
  }
done:
  mem_free(scratch);
  return st;
}

status given_load(comm *c, dataset *d, const char *path, const part *users, duplicates merge, given_pairs *out) {
  status st = OK;
  dataset *t = NULL;
  part slices = {0};
  gid *user = NULL;
  row_share items = {0};
  event *all = NULL;
  off n = 0;
  int64_t lost[2] = {0, 0}; /* events; users that d does not have */
  *out = (given_pairs){.first = users->first[c->rank]};
  TRY(dataset_open(c, path, &t));
  TRY(comm_agree(c, part_equal(&slices, dataset_users(t), c->size)));
  gid first = slices.first[c->rank], count = part_count(&slices, c->rank);
  TRY(comm_agree(c, MEM_ALLOC(user, count, "matched users")));
  TRY(match_ids(c, ids_of_dataset(t), ids_of_dataset(d), USERS, first, count, user));
  TRY(match_share(c, ids_of_dataset(t), ids_of_dataset(d), ITEMS, &items));
  TRY(read_events(c, t, first, count, user, &items, &all, &n, &lost[0]));
  for (gid u = 0; u < count; u++)
    lost[1] += user[u] < 0;
  comm_sum_i64(c, lost, 2);
  if (lost[0] > 0)
    log_warn("%lld of %lld events of %s are left out: %lld of its users and %lld of its items are not in %s",
             (long long)lost[0], (long long)dataset_events(t), path, (long long)lost[1],
             (long long)(dataset_items(t) - items.known), dataset_path(d));
  TRY(move_events(c, users, &all, &n));
  TRY(comm_agree(c, make_rows(all, n, out->first, (lid)part_count(users, c->rank), merge, &out->rows)));
done:
  dataset_close(t);
  part_free(&slices);
  mem_free(user);
  row_share_free(&items);
  mem_free(all);
  if (st != OK)
    given_free(out);
  return st;
}

void given_free(given_pairs *g) {
  csr_free(&g->rows);
}

void given_mark(const void *rule, gid user, off n, const lid *item, const real *value, const int64_t *time,
                uint8_t *mark) {
  const given_pairs *g = rule;
  const off *ptr = g->rows.ptr + (user - g->first);
  (void)value, (void)time;
  for (off e = 0; e < n; e++)
    mark[e] = row_contains(g->rows.col + ptr[0], ptr[1] - ptr[0], item[e]) ? EVENT_DROP : EVENT_TRAIN;
}
