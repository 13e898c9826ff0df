#include "io/ingest/event_places.h"

#include "io/base/mem.h"
#include "io/ingest/numbering.h"

/* Where each owner's part of `give` begins. */
static void begins(const comm *c, const shares *s, off *at) {
  for (off r = 0, sum = 0; r < c->size; sum += s->n_give[r++])
    at[r] = sum;
}

status shares_send(comm *c, const off *counts, const gid *row, off n_ids, const gid *first, shares *out) {
  status st = OK;
  off *next = NULL, n = 0;
  *out = (shares){0};
  for (off i = 0; i < n_ids; i++)
    n += counts[i] > 0;
  THEN(MEM_ZALLOC(out->n_give, c->size, "counts"));
  THEN(MEM_ALLOC(out->n_got, c->size, "counts"));
  THEN(MEM_ALLOC(next, c->size, "counts"));
  THEN(MEM_ALLOC(out->give, n, "counts of users"));
  TRY(comm_agree(c, st));
  for (off i = 0; i < n_ids; i++)
    if (counts[i] > 0)
      out->n_give[numbering_owner(first, c->size, row[i])]++;
  begins(c, out, next);
  for (off i = 0; i < n_ids; i++)
    if (counts[i] > 0)
      out->give[next[numbering_owner(first, c->size, row[i])]++] = (share){row[i], counts[i]};
  comm_transpose_i64(c, out->n_give, out->n_got);
  for (int r = 0; r < c->size; r++)
    out->n_in += out->n_got[r];
  TRY(comm_agree(c, MEM_ALLOC(out->got, out->n_in, "counts of users")));
  comm_move_rows(c, out->give, out->n_give, out->got, out->n_got, sizeof *out->give);
done:
  mem_free(next);
  if (st != OK)
    shares_free(out);
  return st;
}

void shares_free(shares *s) {
  mem_free(s->give);
  mem_free(s->got);
  mem_free(s->n_give);
  mem_free(s->n_got);
  *s = (shares){0};
}

void shares_add(const shares *s, gid first_user, off *sums) {
  for (off i = 0; i < s->n_in; i++)
    sums[s->got[i].row - first_user] += s->got[i].count;
}

status shares_place(comm *c, shares *s, off *next, const off *counts, const gid *row, off n_ids, const gid *first,
                    uint64_t *route) {
  status st = OK;
  off *at = NULL;
  TRY(comm_agree(c, MEM_ALLOC(at, c->size, "counts")));
  for (off i = 0; i < s->n_in; i++) { /* by rank, so that lower ranks' events come first */
    off *place = &next[s->got[i].row - first[c->rank]], count = s->got[i].count;
    s->got[i].count = *place;
    *place += count;
  }
  comm_move_rows(c, s->got, s->n_got, s->give, s->n_give, sizeof *s->got);
  begins(c, s, at);
  for (off i = 0; i < n_ids; i++)
    if (counts[i] > 0) {
      int owner = numbering_owner(first, c->size, row[i]);
      route[i] = (uint64_t)owner << ROUTE_SHIFT | (uint64_t)s->give[at[owner]++].count;
    }
done:
  mem_free(at);
  return st;
}
