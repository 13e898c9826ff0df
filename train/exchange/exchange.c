#include "train/exchange/exchange.h"

#include "io/base/mem.h"
#include "train/exchange/carriers.h"
#include "train/rows/row_set.h"

#include <string.h>

enum { TAG_EXCHANGE = 18, TAG_FORWARD = 48, PACK_BYTES = 1 << 20 };

/* Rows that go from ranks to ranks: to each that needs them from the owner, or, where the ranks share hosts, first to
 * one rank of each other host (the carrier of a row, train/exchange/carriers.h), and from there to the others on it. */
typedef struct route {
  off *want, *send; /* [ranks]: rows that come from, and go to, each rank */
  off *list_at;     /* [ranks]: where each receiver's rows begin in the list */
  lid *list;        /* table rows that go out, grouped by receiver, ascending for each; NULL: all own rows to each */
  off *sent;        /* [ranks]: rows of the list that have been sent in this trip */
} route;

struct exchange {
  exchange_mode mode;
  lid own_at, own_count, halo_at, table_rows;
  int tag;
  route from_owner, forward; /* rows come in this order, by rank within each, from table row halo_at on */
  bool forwards;             /* whether any rank does */
  off rows_sent;
  /* one trip's */
  real *pack; /* (EXCHANGE_BUFFERS, pack_room) */
  off pack_room;
  bool borrowed; /* pack is another plan's */
  MPI_Request sending[EXCHANGE_BUFFERS], *receiving;
  int receives, first_receives; /* all, and those from owners, which come first */
};

static status route_create(route *r, int ranks) {
  status st = OK;
  TRY(MEM_ZALLOC(r->want, ranks, "exchange plan"));
  TRY(MEM_ZALLOC(r->send, ranks, "exchange plan"));
  TRY(MEM_ZALLOC(r->list_at, ranks, "exchange plan"));
  TRY(MEM_ZALLOC(r->sent, ranks, "exchange plan"));
done:
  return st;
}

static void route_free(route *r) {
  mem_free(r->want);
  mem_free(r->send);
  mem_free(r->list_at);
  mem_free(r->list);
  mem_free(r->sent);
}

/* The rows we need, ascending: which rank sends each, and its place in the table. */
typedef struct needs {
  row_set set;
  off n;
  lid *place;  /* [n]: after halo_at */
  int *source; /* [n] */
  lid *asked;  /* [n]: rows by place: what we request from each rank */
} needs;

static void needs_free(needs *d) {
  row_set_free(&d->set);
  mem_free(d->place);
  mem_free(d->source);
  mem_free(d->asked);
}

static status needs_alloc(needs *d) {
  status st = OK;
  TRY(MEM_ALLOC(d->source, d->n, "rows needed"));
  TRY(MEM_ALLOC(d->place, d->n, "rows needed"));
  TRY(MEM_ALLOC(d->asked, d->n, "rows needed"));
done:
  return st;
}

/* Which rank sends each row: its owner, or the carrier on our host. */
static status find_sources(comm *c, const part *owners, needs *d) {
  lid *far = NULL;
  int *carrier = NULL;
  off i = 0, n_far = 0;
  status st = needs_alloc(d);
  if (st == OK && c->hosts > 1)
    st = MEM_ALLOC(far, d->n, "rows needed");
  if (st == OK && c->hosts > 1)
    st = MEM_ALLOC(carrier, d->n, "rows needed");
  TRY(comm_agree(c, st));
  int mine = comm_host(c, c->rank);
  for (gid row = row_set_next(&d->set, 0); row >= 0; row = row_set_next(&d->set, row + 1)) {
    d->source[i] = part_owner(owners, row);
    if (comm_host(c, d->source[i++]) != mine)
      far[n_far++] = (lid)row;
  }
  if (c->hosts > 1) {
    TRY(carriers_choose(c, far, n_far, carrier));
    for (i = 0, n_far = 0; i < d->n; i++)
      if (comm_host(c, d->source[i]) != mine && carrier[n_far++] != c->rank)
        d->source[i] = c->size + carrier[n_far - 1]; /* forwarded */
  }
done:
  mem_free(far);
  mem_free(carrier);
  return st;
}

/* Assigns places in the table: by route, then by source, then by row. */
static void find_places(comm *c, exchange *x, needs *d, off *at) {
  off sum = 0, i = 0;
  for (i = 0; i < d->n; i++)
    (d->source[i] < c->size ? x->from_owner.want : x->forward.want - c->size)[d->source[i]]++;
  for (int r = 0; r < 2 * c->size; r++) {
    at[r] = sum;
    sum += r < c->size ? x->from_owner.want[r] : x->forward.want[r - c->size];
  }
  i = 0;
  for (gid row = row_set_next(&d->set, 0); row >= 0; row = row_set_next(&d->set, row + 1), i++) {
    d->place[i] = (lid)at[d->source[i]]++;
    d->asked[d->place[i]] = (lid)row;
  }
}

/* The table row of one of our rows or of those we need. */
static lid table_row(const exchange *x, const needs *d, gid first, gid row) {
  return row >= first && row < first + x->own_count ? (lid)(row - first)
                                                    : x->halo_at + d->place[row_set_place(&d->set, row)];
}

/* Tells the senders which rows we need. `asked` begins with the rows of the route. */
static status ask(comm *c, exchange *x, route *r, const needs *d, const lid *asked, gid first) {
  off n = 0;
  comm_transpose_i64(c, r->want, r->send);
  for (int to = 0; to < c->size; to++) {
    r->list_at[to] = n;
    n += r->send[to];
  }
  x->rows_sent += n;
  status st = comm_agree(c, MEM_ALLOC(r->list, n, "rows to send"));
  if (st != OK)
    return st;
  comm_move_rows(c, asked, r->want, r->list, r->send, sizeof(lid));
  for (off i = 0; i < n; i++)
    r->list[i] = table_row(x, d, first, r->list[i]);
  return OK;
}

static status make_routes(comm *c, exchange *x, const part *owners, needs *d) {
  status st = OK;
  off *at = NULL, n_near = 0;
  gid first = owners->first[c->rank];
  TRY(comm_agree(c, MEM_ALLOC(at, 2 * (off)c->size, "exchange plan")));
  TRY(find_sources(c, owners, d));
  find_places(c, x, d, at);
  for (int r = 0; r < c->size; r++)
    n_near += x->from_owner.want[r];
  TRY(ask(c, x, &x->from_owner, d, d->asked, first));
  x->forwards = c->hosts > 1;
  if (x->forwards)
    TRY(ask(c, x, &x->forward, d, d->asked + n_near, first));
done:
  mem_free(at);
  return st;
}

/* Rows of `width` floats that fit in a buffer. */
static off buffer_rows(int width) {
  off rows = PACK_BYTES / (width * (off)sizeof(real));
  return rows < 1 ? 1 : rows;
}

/* Rows in a message, of `width` floats each: the same on every rank. */
static off piece_rows(const comm *c, int width) {
  off rows = buffer_rows(width);
  return rows < c->chunk_rows ? rows : c->chunk_rows;
}

static off pieces(off rows, off piece) {
  return (rows + piece - 1) / piece;
}

off exchange_messages(off rows, int width) {
  return pieces(rows, buffer_rows(width));
}

/* Buffers and requests for trips of rows of up to `width` floats. */
static status make_buffers(comm *c, exchange *x, int width, const exchange_settings *scope) {
  if (c->size == 1)
    return OK;
  off receives = 0;
  for (int r = 0; r < c->size; r++)
    receives += pieces(x->from_owner.want[r], piece_rows(c, width)) + pieces(x->forward.want[r], piece_rows(c, width));
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

/* Every row that we do not own. */
static void add_others(row_set *s, const part *owners, int rank) {
  for (gid row = 0; row < owners->n; row++)
    if (row < owners->first[rank] || row >= owners->first[rank + 1])
      row_set_add(s, row);
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

static status exchange_alloc(int ranks, exchange **out) {
  status st = OK;
  TRY(MEM_ZALLOC(*out, 1, "exchange plan"));
  TRY(route_create(&(*out)->from_owner, ranks));
  TRY(route_create(&(*out)->forward, ranks));
done:
  return st;
}

/* The plan of a replica without lists: our own rows to every rank. */
static void send_all(const comm *c, exchange *x, const part *owners) {
  gid count = part_count(owners, c->rank);
  x->own_at = (lid)owners->first[c->rank];
  for (int r = 0; r < c->size; r++) {
    x->from_owner.want[r] = part_count(owners, r);
    x->from_owner.send[r] = r == c->rank ? 0 : count;
  }
  x->rows_sent = count * (c->size - 1);
}

status exchange_create(comm *c, const part *owners, exchange_mode mode, int width, csr *m, exchange_settings scope,
                       exchange **out) {
  exchange *x = NULL;
  needs needed = {0};
  gid first = owners->first[c->rank], count = part_count(owners, c->rank);
  bool listed = c->hosts > 1; /* replicate too: carriers forward rows */
  *out = NULL;
  status st = exchange_alloc(c->size, &x);
  if (st == OK && c->size > 1 && (listed || mode != EXCHANGE_REPLICATE))
    st = row_set_create(&needed.set, owners->n);
  TRY(comm_agree(c, st));
  if (c->size == 1)
    mode = EXCHANGE_REPLICATE; /* nothing to exchange */
  if (mode == EXCHANGE_REDUCE)
    mode = EXCHANGE_HALO; /* for the rows that are not heavy */
  if (mode != EXCHANGE_REPLICATE) {
    add_needed(&needed.set, owners, c->rank, m, scope.first, scope.count);
    needed.n = row_set_count(&needed.set);
    int64_t all = needed.n;
    comm_sum_i64(c, &all, 1);
    if (mode == EXCHANGE_AUTO)
      mode = 3 * all <= 2 * owners->n * (c->size - 1) ? EXCHANGE_HALO : EXCHANGE_REPLICATE;
  }
  listed = c->size > 1 && (listed || mode != EXCHANGE_REPLICATE);
  if (listed && mode == EXCHANGE_REPLICATE) {
    add_others(&needed.set, owners, c->rank);
    needed.n = row_set_count(&needed.set);
    scope.halo_at = (lid)count;
  }
  off rows = listed ? scope.halo_at + needed.n : owners->n;
  TRY(comm_agree(c, rows > INT32_MAX
                        ? status_fail(BAD_DATA, "a table of %lld rows exceeds 2^31: use more ranks", (long long)rows)
                        : OK));
  x->mode = mode;
  x->own_count = (lid)count;
  x->tag = scope.tag;
  x->table_rows = (lid)rows;
  if (listed) {
    x->halo_at = scope.halo_at;
    TRY(make_routes(c, x, owners, &needed));
    for (off i = m->ptr[scope.first]; i < m->ptr[scope.first + scope.count]; i++)
      m->col[i] = table_row(x, &needed, first, m->col[i]);
  } else
    send_all(c, x, owners);
  TRY(comm_agree(c, make_buffers(c, x, width, &scope)));
done:
  needs_free(&needed);
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
  route_free(&x->from_owner);
  route_free(&x->forward);
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

/* Posts the receives of a route, whose rows are put into the table from row `at` on. Returns where they end. */
static off post(exchange_trip *t, route *r, int tag, off at) {
  exchange *x = t->x;
  comm *c = t->c;
  off piece = piece_rows(c, t->width);
  for (int from = 0; from < c->size; at += r->want[from], from++)
    for (off done = 0; from != c->rank && done < r->want[from]; done += piece) {
      off rows = r->want[from] - done < piece ? r->want[from] - done : piece;
      MPI_Irecv(t->table + (at + done) * t->ld, (int)rows, t->table_row, from, tag, comm_mpi(c),
                &x->receiving[x->receives++]);
    }
  memset(r->sent, 0, sizeof *r->sent * (size_t)c->size);
  return at;
}

void exchange_begin(comm *c, exchange *x, real *table, int width, off ld, exchange_trip *trip) {
  *trip = (exchange_trip){.c = c, .x = x, .table = table, .width = width, .ld = ld, .turn = 1};
  if (c->size == 1)
    return;
  MPI_Type_contiguous(width, MPI_REAL_T, &trip->packed_row);
  MPI_Type_create_resized(trip->packed_row, 0, (MPI_Aint)(ld * (off)sizeof(real)), &trip->table_row);
  MPI_Type_commit(&trip->packed_row);
  MPI_Type_commit(&trip->table_row);
  x->receives = 0;
  off at = post(trip, &x->from_owner, TAG_EXCHANGE + x->tag, x->halo_at);
  x->first_receives = x->receives;
  if (x->forwards)
    post(trip, &x->forward, TAG_FORWARD + x->tag, at);
  for (int b = 0; b < EXCHANGE_BUFFERS; b++)
    x->sending[b] = MPI_REQUEST_NULL;
}

/* The table row of the i-th row for a rank. */
static lid row_for(const exchange *x, const lid *list, off i) {
  return list == NULL ? x->own_at + (lid)i : list[i];
}

/* Sends the next piece of a route whose rows are all below table row `ready`, from buffer b. Returns false if there is
 * none. */
static bool send_next(exchange_trip *t, route *r, int tag, lid ready, int b) {
  exchange *x = t->x;
  comm *c = t->c;
  off piece = piece_rows(c, t->width);
  for (int tried = 1; tried < c->size; tried++) {
    int to = (c->rank + t->turn) % c->size;
    t->turn = t->turn % (c->size - 1) + 1;
    off at = r->sent[to], rows = r->send[to] - at < piece ? r->send[to] - at : piece;
    const lid *list = r->list == NULL ? NULL : r->list + r->list_at[to];
    if (rows == 0 || row_for(x, list, at + rows - 1) >= ready)
      continue;
    real *pack = x->pack + (off)b * x->pack_room;
    for (off i = 0; i < rows; i++)
      memcpy(pack + i * t->width, t->table + row_for(x, list, at + i) * t->ld, sizeof(real) * (size_t)t->width);
    MPI_Isend(pack, (int)rows, t->packed_row, to, tag, comm_mpi(c), &x->sending[b]);
    comm_count_sent(c, to, rows * t->width * (int64_t)sizeof(real));
    c->row_messages++;
    r->sent[to] += rows;
    return true;
  }
  return false;
}

/* Forwarding begins when all rows from owners have arrived. */
static bool send_piece(exchange_trip *t, int b) {
  exchange *x = t->x;
  return send_next(t, &x->from_owner, TAG_EXCHANGE + x->tag, x->own_at + t->ready, b) ||
         (t->arrived && send_next(t, &x->forward, TAG_FORWARD + x->tag, x->table_rows, b));
}

void exchange_ready(exchange_trip *t, lid rows) {
  t->ready = rows;
  exchange_poll(t);
}

void exchange_poll(exchange_trip *t) {
  if (t->c->size == 1)
    return;
  int done;
  exchange *x = t->x;
  if (x->forwards && !t->arrived) {
    MPI_Testall(x->first_receives, x->receiving, &done, MPI_STATUSES_IGNORE);
    t->arrived = done;
  }
  for (int b = 0; b < EXCHANGE_BUFFERS; b++) {
    MPI_Test(&x->sending[b], &done, MPI_STATUS_IGNORE); /* a null request tests true */
    if (done && !send_piece(t, b))
      break;
  }
  MPI_Testall(x->receives, x->receiving, &done, MPI_STATUSES_IGNORE); /* lets MPI work on what arrives */
}

/* Sends all pieces that are ready. */
static void send_ready(exchange_trip *t) {
  exchange *x = t->x;
  for (int b = 0; b < EXCHANGE_BUFFERS; b++) {
    MPI_Wait(&x->sending[b], MPI_STATUS_IGNORE);
    send_piece(t, b);
  }
  for (int b = 0;; b = (b + 1) % EXCHANGE_BUFFERS) { /* in turn: the oldest first */
    MPI_Wait(&x->sending[b], MPI_STATUS_IGNORE);
    if (!send_piece(t, b))
      break;
  }
}

void exchange_end(exchange_trip *t) {
  if (t->c->size == 1)
    return;
  exchange *x = t->x;
  t->ready = x->own_count;
  send_ready(t);
  if (x->forwards) {
    MPI_Waitall(x->first_receives, x->receiving, MPI_STATUSES_IGNORE);
    t->arrived = true;
    send_ready(t);
  }
  MPI_Waitall(EXCHANGE_BUFFERS, x->sending, MPI_STATUSES_IGNORE);
  MPI_Waitall(x->receives, x->receiving, MPI_STATUSES_IGNORE);
  MPI_Type_free(&t->packed_row);
  MPI_Type_free(&t->table_row);
}
