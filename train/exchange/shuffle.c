#include "train/exchange/shuffle.h"

#include "io/base/mem.h"
#include "train/rows/row_sort.h"

#include <string.h>

/* Interactions a rank sends at a time. */
enum { BATCH = 1 << 20 };

typedef struct triple {
  lid item, user; /* the item's place at its owner, the user's global row */
  real val;
} triple;

/* Buffers of a batch. */
typedef struct batch {
  off *give, *got, *place; /* [ranks] */
  char *out, *in;
  off room_in;
  lid row; /* the row of `users` that the next interaction belongs to */
  off at;
} batch;

static void batch_free(batch *b) {
  mem_free(b->give);
  mem_free(b->got);
  mem_free(b->place);
  mem_free(b->out);
  mem_free(b->in);
}

static status batch_create(comm *c, batch *b, const csr *users, size_t size) {
  *b = (batch){0};
  status st = OK;
  TRY(MEM_ALLOC(b->give, c->size, "shuffle counts"));
  TRY(MEM_ALLOC(b->got, c->size, "shuffle counts"));
  TRY(MEM_ALLOC(b->place, c->size, "shuffle counts"));
  TRY(mem_alloc((void *)&b->out, csr_nnz(users) < BATCH ? csr_nnz(users) : BATCH, size, "shuffle buffer"));
done:
  return comm_agree(c, st);
}

/* Moves the next BATCH interactions, as triples or (size of a lid) as item places alone; *n_in are in b->in. */
static status batch_move(comm *c, batch *b, const csr *users, gid first_user, const part *items, const row_set *without,
                         size_t size, off *n_in) {
  off end = b->at + BATCH < csr_nnz(users) ? b->at + BATCH : csr_nnz(users);
  memset(b->give, 0, sizeof *b->give * (size_t)c->size);
  for (off i = b->at; i < end; i++)
    if (without == NULL || !row_set_has(without, users->col[i]))
      b->give[part_owner(items, users->col[i])]++;
  comm_starts(b->place, b->give, c->size);
  for (off i = b->at; i < end; i++) {
    while (users->ptr[b->row + 1] <= i)
      b->row++;
    if (without != NULL && row_set_has(without, users->col[i]))
      continue;
    int owner = part_owner(items, users->col[i]);
    triple t = {(lid)(users->col[i] - items->first[owner]), (lid)(first_user + b->row), users->val[i]};
    memcpy(b->out + (size_t)b->place[owner]++ * size, &t, size); /* a lid is the beginning of a triple */
  }
  b->at = end;
  comm_transpose_i64(c, b->give, b->got);
  *n_in = comm_starts(b->place, b->got, c->size);
  status st = OK;
  if (*n_in > b->room_in || b->in == NULL) {
    mem_free(b->in);
    b->in = NULL;
    b->room_in = *n_in;
    st = mem_alloc((void *)&b->in, *n_in, size, "shuffle buffer");
  }
  st = comm_agree(c, st);
  if (st == OK)
    comm_move_rows(c, b->out, b->give, b->in, b->got, size);
  return st;
}

static int64_t batch_rounds(comm *c, const csr *users) {
  int64_t rounds = (csr_nnz(users) + BATCH - 1) / BATCH;
  comm_max_i64(c, &rounds, 1);
  return rounds;
}

status shuffle_count(comm *c, const csr *users, const part *items, off *counts) {
  batch b;
  memset(counts, 0, sizeof *counts * (size_t)part_count(items, c->rank));
  status st = batch_create(c, &b, users, sizeof(lid));
  int64_t rounds = batch_rounds(c, users);
  for (int64_t round = 0; st == OK && round < rounds; round++) {
    off n;
    st = batch_move(c, &b, users, 0, items, NULL, sizeof(lid), &n);
    for (off i = 0; st == OK && i < n; i++)
      counts[((lid *)(void *)b.in)[i]]++;
  }
  batch_free(&b);
  return st;
}

static void order_row(void *context, gid r, uint64_t *scratch) {
  csr *m = context;
  row_sort(m->ptr[r + 1] - m->ptr[r], m->col + m->ptr[r], m->val + m->ptr[r], scratch);
}

/* Batches arrive by round, then by rank, so a row's users are sorted only within each. */
static status order_rows(csr *m) {
  return rows_each(m->ptr, 0, m->n_rows, order_row, m);
}

status shuffle_transpose(comm *c, const csr *users, gid first_user, const part *items, const off *counts,
                         const row_set *without, csr *out) {
  batch b = {0};
  off *next = NULL;
  lid n_rows = (lid)part_count(items, c->rank);
  off nnz = 0;
  gid first = items->first[c->rank];
  for (lid i = 0; i < n_rows; i++)
    nnz += without != NULL && row_set_has(without, first + i) ? 0 : counts[i];
  status st = first_user + users->n_rows > INT32_MAX ? status_fail(BAD_DATA, "more than 2^31 users") : OK;
  *out = (csr){0};
  if (st == OK)
    st = csr_alloc(out, n_rows, nnz, "interactions by item");
  if (st == OK)
    st = MEM_ALLOC(next, n_rows, "row cursors");
  TRY(comm_agree(c, st));
  TRY(batch_create(c, &b, users, sizeof(triple)));
  for (lid i = 0; i < n_rows; i++) {
    next[i] = out->ptr[i];
    out->ptr[i + 1] = out->ptr[i] + (without != NULL && row_set_has(without, first + i) ? 0 : counts[i]);
  }
  int64_t rounds = batch_rounds(c, users);
  for (int64_t round = 0; round < rounds; round++) {
    off n;
    TRY(batch_move(c, &b, users, first_user, items, without, sizeof(triple), &n));
    const triple *in = (const triple *)(void *)b.in;
    for (off i = 0; i < n; i++) {
      off to = next[in[i].item]++;
      out->col[to] = in[i].user;
      out->val[to] = in[i].val;
    }
  }
  TRY(comm_agree(c, order_rows(out)));
done:
  if (st != OK)
    csr_free(out);
  batch_free(&b);
  mem_free(next);
  return st;
}
