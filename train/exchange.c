#include "train/exchange.h"

#include "io/mem.h"
#include "train/row_set.h"

#include <string.h>

enum { TAG_EXCHANGE = 18, PACK_BYTES = 1 << 20 };

struct exchange {
  exchange_mode mode;
  lid own_at, own_count, halo_at, table_rows;
  int tag;
  off *want, *send; /* [ranks]: rows that come from, and go to, each rank */
  off *list_at;     /* [ranks]: where each receiver's rows begin in the list */
  lid *list;        /* our own rows (from 0) that go out, grouped by receiver, ascending for each */
  off rows_sent;
  /* one trip's */
  off *sent;  /* [ranks]: rows of the list that are on their way */
  real *pack; /* (EXCHANGE_BUFFERS, pack_room) */
  off pack_room;
  bool borrowed; /* pack is another plan's */
  MPI_Request sending[EXCHANGE_BUFFERS], *receiving;
  int receives;
};

/* Counts what halo needs from each rank; ascending order groups the rows by owner. */
static void count_wanted(const row_set *s, const part *owners, off *want) {
  memset(want, 0, sizeof *want * (size_t)owners->size);
  for (gid row = row_set_next(s, 0); row >= 0; row = row_set_next(s, row + 1))
    want[part_owner(owners, row)]++;
}

static status ask(comm *c, exchange *x, const row_set *s, const part *owners, off halo) {
  lid *asked = NULL;
  status st = MEM_ALLOC(asked, halo, "rows asked for");
  off n = 0;
  for (gid row = row_set_next(s, 0); st == OK && row >= 0; row = row_set_next(s, row + 1))
    asked[n++] = (lid)(row - owners->first[part_owner(owners, row)]);
  comm_transpose_i64(c, x->want, x->send);
  for (int r = 0; r < c->size; r++) {
    x->list_at[r] = x->rows_sent;
    x->rows_sent += x->send[r];
  }
  if (st == OK)
    st = MEM_ALLOC(x->list, x->rows_sent, "rows to send");
  st = comm_agree(c, st);
  if (st == OK)
    comm_move_rows(c, asked, x->want, x->list, x->send, sizeof(lid));
  mem_free(asked);
  return st;
}

/* The piece size in rows for a row of `width` floats: every rank must come to the same. */
static off piece_rows(const comm *c, int width) {
  off rows = PACK_BYTES / (width * (off)sizeof(real));
  return rows < 1 ? 1 : rows < c->chunk_rows ? rows : c->chunk_rows;
}

static off pieces(off rows, off piece) {
  return (rows + piece - 1) / piece;
}

/* What a trip of rows of up to `width` floats needs. */
static status make_buffers(comm *c, exchange *x, int width, const exchange_scope *scope) {
  if (c->size == 1)
    return OK;
  off receives = 0;
  for (int r = 0; r < c->size; r++)
    receives += pieces(x->want[r], piece_rows(c, width));
  if (receives > INT32_MAX)
    return status_fail(INTERNAL, "an exchange of more than 2^31 messages");
  status st = MEM_ALLOC(x->receiving, receives, "exchange requests");
  if (st == OK && scope->lender != NULL) {
    x->borrowed = true;
    x->pack = scope->lender->pack;
    x->pack_room = scope->lender->pack_room;
    return OK;
  }
  off most = scope->lends || x->rows_sent > piece_rows(c, width) ? piece_rows(c, width) : x->rows_sent;
  x->pack_room = most * width;
  if (st == OK)
    st = MEM_ALLOC(x->pack, EXCHANGE_BUFFERS * x->pack_room, "exchange buffer");
  return st;
}

/* The columns of rows in scope that we do not own, as a set. */
static void add_needed(row_set *s, const part *owners, int rank, const csr *m, lid first, lid count) {
  gid own = owners->first[rank], end = owners->first[rank + 1];
  for (off i = m->ptr[first]; i < m->ptr[first + count]; i++)
    if (m->col[i] < own || m->col[i] >= end)
      row_set_add(s, m->col[i]);
}

status exchange_count(const part *owners, int rank, const csr *m, lid first, lid count, off *out) {
  row_set needed;
  status st = row_set_create(&needed, owners->n);
  if (st == OK) {
    add_needed(&needed, owners, rank, m, first, count);
    *out = row_set_count(&needed);
  }
  row_set_free(&needed);
  return st;
}

status exchange_create(comm *c, const part *owners, exchange_mode mode, int width, csr *m, exchange_scope scope,
                       exchange **out) {
  status st = OK;
  exchange *x = NULL;
  row_set needed = {0};
  gid first = owners->first[c->rank], count = part_count(owners, c->rank);
  *out = NULL;
  st = MEM_ZALLOC(x, 1, "exchange plan");
  if (st == OK)
    st = MEM_ZALLOC(x->want, c->size, "exchange plan");
  if (st == OK)
    st = MEM_ZALLOC(x->send, c->size, "exchange plan");
  if (st == OK)
    st = MEM_ZALLOC(x->list_at, c->size, "exchange plan");
  if (st == OK)
    st = MEM_ZALLOC(x->sent, c->size, "exchange plan");
  if (st == OK && c->size > 1 && mode != EXCHANGE_REPLICATE)
    st = row_set_create(&needed, owners->n);
  TRY(comm_agree(c, st));
  off halo = 0;
  if (c->size == 1)
    mode = EXCHANGE_REPLICATE; /* nothing to exchange */
  if (mode == EXCHANGE_REDUCE)
    mode = EXCHANGE_HALO; /* for what is not heavy */
  if (mode != EXCHANGE_REPLICATE) {
    add_needed(&needed, owners, c->rank, m, scope.first, scope.count);
    halo = row_set_count(&needed);
    int64_t all = halo;
    comm_sum_i64(c, &all, 1);
    if (mode == EXCHANGE_AUTO)
      mode = 3 * all <= 2 * owners->n * (c->size - 1) ? EXCHANGE_HALO : EXCHANGE_REPLICATE;
  }
  off rows = mode == EXCHANGE_REPLICATE ? owners->n : scope.halo_at + halo;
  TRY(comm_agree(c, rows > INT32_MAX
                        ? status_fail(BAD_DATA, "a table of %lld rows passes 2^31: use more ranks", (long long)rows)
                        : OK));
  x->mode = mode;
  x->own_count = (lid)count;
  x->halo_at = mode == EXCHANGE_REPLICATE ? 0 : scope.halo_at;
  x->tag = TAG_EXCHANGE + scope.tag;
  x->table_rows = (lid)rows;
  if (mode == EXCHANGE_REPLICATE) {
    x->own_at = (lid)first;
    for (int r = 0; r < c->size; r++)
      x->want[r] = part_count(owners, r);
    x->rows_sent = count * (c->size - 1);
  } else {
    count_wanted(&needed, owners, x->want);
    TRY(ask(c, x, &needed, owners, halo));
    for (off i = m->ptr[scope.first]; i < m->ptr[scope.first + scope.count]; i++) {
      gid row = m->col[i];
      m->col[i] = row >= first && row < first + count ? (lid)(row - first) : x->halo_at + row_set_place(&needed, row);
    }
  }
  TRY(comm_agree(c, make_buffers(c, x, width, &scope)));
done:
  row_set_free(&needed);
  if (st != OK) {
    exchange_free(x);
    x = NULL;
  }
  *out = x;
  return st;
}

void exchange_free(exchange *x) {
  if (x == NULL)
    return;
  mem_free(x->want);
  mem_free(x->send);
  mem_free(x->list);
  mem_free(x->list_at);
  mem_free(x->sent);
  if (!x->borrowed)
    mem_free(x->pack);
  mem_free(x->receiving);
  mem_free(x);
}

off exchange_buffer_bytes(void) {
  return PACK_BYTES;
}

const char *exchange_mode_name(exchange_mode mode) {
  static const char *const NAMES[] = {"auto", "replicate", "halo", "reduce"};
  return NAMES[mode];
}

exchange_mode exchange_chosen(const exchange *x) {
  return x->mode;
}
lid exchange_table_rows(const exchange *x) {
  return x->table_rows;
}
lid exchange_own_at(const exchange *x) {
  return x->own_at;
}
off exchange_rows_sent(const exchange *x) {
  return x->rows_sent;
}

void exchange_begin(comm *c, exchange *x, real *table, int width, off ld, exchange_trip *trip) {
  *trip = (exchange_trip){.c = c, .x = x, .table = table, .width = width, .ld = ld, .turn = 1};
  if (c->size == 1)
    return;
  MPI_Type_contiguous(width, MPI_REAL_T, &trip->packed_row);
  MPI_Type_create_resized(trip->packed_row, 0, (MPI_Aint)(ld * (off)sizeof(real)), &trip->table_row);
  MPI_Type_commit(&trip->packed_row);
  MPI_Type_commit(&trip->table_row);
  off piece = piece_rows(c, width), at = x->halo_at;
  x->receives = 0;
  for (int r = 0; r < c->size; at += x->want[r], r++)
    for (off done = 0; r != c->rank && done < x->want[r]; done += piece) {
      off rows = x->want[r] - done < piece ? x->want[r] - done : piece;
      MPI_Irecv(table + (at + done) * ld, (int)rows, trip->table_row, r, x->tag, c->mpi, &x->receiving[x->receives++]);
    }
  memset(x->sent, 0, sizeof *x->sent * (size_t)c->size);
  for (int b = 0; b < EXCHANGE_BUFFERS; b++)
    x->sending[b] = MPI_REQUEST_NULL;
}

/* The own row that the i-th row for rank `to` is. */
static lid row_for(const exchange *x, const lid *list, off i) {
  return x->mode == EXCHANGE_REPLICATE ? (lid)i : list[i];
}

/* Sends the next piece whose rows are all final, from buffer b. False where there is none. */
static bool send_piece(exchange_trip *t, int b) {
  exchange *x = t->x;
  comm *c = t->c;
  off piece = piece_rows(c, t->width);
  for (int tried = 1; tried < c->size; tried++) {
    int to = (c->rank + t->turn) % c->size;
    t->turn = t->turn % (c->size - 1) + 1;
    off at = x->sent[to], all = x->mode == EXCHANGE_REPLICATE ? x->own_count : x->send[to];
    off rows = all - at < piece ? all - at : piece;
    const lid *list = x->mode == EXCHANGE_REPLICATE ? NULL : x->list + x->list_at[to];
    if (rows == 0 || row_for(x, list, at + rows - 1) >= t->ready)
      continue;
    real *pack = x->pack + (off)b * x->pack_room;
    const real *own = t->table + x->own_at * t->ld;
    for (off i = 0; i < rows; i++)
      memcpy(pack + i * t->width, own + row_for(x, list, at + i) * t->ld, sizeof(real) * (size_t)t->width);
    MPI_Isend(pack, (int)rows, t->packed_row, to, x->tag, c->mpi, &x->sending[b]);
    comm_count_sent(c, to, rows * t->width * (int64_t)sizeof(real));
    x->sent[to] += rows;
    return true;
  }
  return false;
}

void exchange_ready(exchange_trip *t, lid rows) {
  t->ready = rows;
  exchange_poll(t);
}

void exchange_poll(exchange_trip *t) {
  if (t->c->size == 1)
    return;
  int done;
  for (int b = 0; b < EXCHANGE_BUFFERS; b++) {
    MPI_Test(&t->x->sending[b], &done, MPI_STATUS_IGNORE); /* a null request tests true */
    if (done && !send_piece(t, b))
      break;
  }
  MPI_Testall(t->x->receives, t->x->receiving, &done, MPI_STATUSES_IGNORE); /* lets MPI work on what arrives */
}

void exchange_end(exchange_trip *t) {
  if (t->c->size == 1)
    return;
  exchange *x = t->x;
  t->ready = x->own_count;
  for (int b = 0; b < EXCHANGE_BUFFERS; b++) {
    MPI_Wait(&x->sending[b], MPI_STATUS_IGNORE);
    send_piece(t, b);
  }
  for (int b = 0;; b = (b + 1) % EXCHANGE_BUFFERS) { /* in turn: the oldest first */
    MPI_Wait(&x->sending[b], MPI_STATUS_IGNORE);
    if (!send_piece(t, b))
      break;
  }
  MPI_Waitall(EXCHANGE_BUFFERS, x->sending, MPI_STATUSES_IGNORE);
  MPI_Waitall(x->receives, x->receiving, MPI_STATUSES_IGNORE);
  MPI_Type_free(&t->packed_row);
  MPI_Type_free(&t->table_row);
}
