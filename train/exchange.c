#include "train/exchange.h"

#include "io/mem.h"

#include <string.h>

enum { TAG_EXCHANGE = 18, PACK_BYTES = 16 << 20 };

struct exchange {
  exchange_mode mode;
  lid own_at, own_count, table_rows;
  off *want, *send; /* [ranks]: rows that come from, and go to, each rank */
  lid *list;        /* our own rows (from 0) that go out, grouped by receiver */
  off rows_sent;
};

/* A set of rows of a side, with the number of members below any row at hand. */
typedef struct row_set {
  uint64_t *bits;
  lid *below; /* members before each word */
  off words;
} row_set;

static status row_set_create(row_set *s, gid n) {
  *s = (row_set){.words = n / 64 + 1};
  status st = MEM_ZALLOC(s->bits, s->words, "set of needed rows");
  return st != OK ? st : MEM_ALLOC(s->below, s->words, "set of needed rows");
}

static void row_set_free(row_set *s) {
  mem_free(s->bits);
  mem_free(s->below);
}

static off row_set_count(row_set *s) {
  off n = 0;
  for (off w = 0; w < s->words; w++) {
    s->below[w] = (lid)n;
    n += __builtin_popcountll(s->bits[w]);
  }
  return n;
}

static lid row_set_place(const row_set *s, gid row) {
  return s->below[row / 64] + __builtin_popcountll(s->bits[row / 64] & (((uint64_t)1 << (row % 64)) - 1));
}

/* Counts what halo needs from each rank; ascending order groups the rows by owner. */
static void count_wanted(const row_set *s, const part *owners, off *want) {
  memset(want, 0, sizeof *want * (size_t)owners->size);
  for (off w = 0; w < s->words; w++)
    for (uint64_t left = s->bits[w]; left != 0; left &= left - 1)
      want[part_owner(owners, w * 64 + __builtin_ctzll(left))]++;
}

static status ask(comm *c, exchange *x, const row_set *s, const part *owners, off halo) {
  lid *asked = NULL;
  status st = MEM_ALLOC(asked, halo, "rows asked for");
  off n = 0;
  for (off w = 0; st == OK && w < s->words; w++)
    for (uint64_t left = s->bits[w]; left != 0; left &= left - 1) {
      gid row = w * 64 + __builtin_ctzll(left);
      asked[n++] = (lid)(row - owners->first[part_owner(owners, row)]);
    }
  comm_transpose_i64(c, x->want, x->send);
  for (int r = 0; r < c->size; r++)
    x->rows_sent += x->send[r];
  if (st == OK)
    st = MEM_ALLOC(x->list, x->rows_sent, "rows to send");
  st = comm_agree(c, st);
  if (st == OK)
    comm_move_rows(c, asked, x->want, x->list, x->send, sizeof(lid));
  mem_free(asked);
  return st;
}

status exchange_create(comm *c, const part *owners, exchange_mode mode, csr *m, exchange **out) {
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
  if (st == OK && c->size > 1 && mode != EXCHANGE_REPLICATE)
    st = row_set_create(&needed, owners->n);
  TRY(comm_agree(c, st));
  off halo = 0;
  if (c->size == 1)
    mode = EXCHANGE_REPLICATE; /* nothing to exchange */
  if (mode != EXCHANGE_REPLICATE) {
    for (off i = 0; i < csr_nnz(m); i++)
      if (m->col[i] < first || m->col[i] >= first + count)
        needed.bits[m->col[i] / 64] |= (uint64_t)1 << (m->col[i] % 64);
    halo = row_set_count(&needed);
    int64_t all = halo;
    comm_sum_i64(c, &all, 1);
    if (mode == EXCHANGE_AUTO)
      mode = 3 * all <= 2 * owners->n * (c->size - 1) ? EXCHANGE_HALO : EXCHANGE_REPLICATE;
  }
  off rows = mode == EXCHANGE_REPLICATE ? owners->n : count + halo;
  TRY(comm_agree(c, rows > INT32_MAX
                        ? status_fail(BAD_DATA, "a table of %lld rows passes 2^31: use more ranks", (long long)rows)
                        : OK));
  x->mode = mode;
  x->own_count = (lid)count;
  x->table_rows = (lid)rows;
  if (mode == EXCHANGE_REPLICATE) {
    x->own_at = (lid)first;
    for (int r = 0; r < c->size; r++)
      x->want[r] = part_count(owners, r);
    x->rows_sent = count * (c->size - 1);
  } else {
    count_wanted(&needed, owners, x->want);
    TRY(ask(c, x, &needed, owners, halo));
    for (off i = 0; i < csr_nnz(m); i++) {
      gid row = m->col[i];
      m->col[i] = row >= first && row < first + count ? (lid)(row - first) : (lid)count + row_set_place(&needed, row);
    }
  }
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
  mem_free(x);
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

/* One partner's rows out and another's in, packed piece by piece. */
static void swap_packed(comm *c, const exchange *x, const real *own, int width, off ld, const lid *list, off n_out,
                        int to, real *in, off n_in, int from, MPI_Datatype packed_row, MPI_Datatype table_row,
                        real *pack, off piece) {
  for (off at = 0; at < n_out || at < n_in; at += piece) {
    MPI_Request requests[2];
    int n = 0;
    if (at < n_in)
      MPI_Irecv(in + at * ld, (int)(n_in - at < piece ? n_in - at : piece), table_row, from, TAG_EXCHANGE, c->mpi,
                &requests[n++]);
    if (at < n_out) {
      off rows = n_out - at < piece ? n_out - at : piece;
      for (off i = 0; i < rows; i++) {
        lid row = x->mode == EXCHANGE_REPLICATE ? (lid)(at + i) : list[at + i];
        memcpy(pack + i * width, own + (off)row * ld, sizeof(real) * (size_t)width);
      }
      MPI_Isend(pack, (int)rows, packed_row, to, TAG_EXCHANGE, c->mpi, &requests[n++]);
      c->bytes_sent += rows * width * (int64_t)sizeof(real);
    }
    MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
  }
}

status exchange_rows(comm *c, exchange *x, real *table, int width, off ld) {
  if (c->size == 1)
    return OK;
  real *pack = NULL;
  off piece = PACK_BYTES / (width * (off)sizeof(real));
  if (piece > c->chunk_rows)
    piece = c->chunk_rows;
  status st = comm_agree(c, MEM_ALLOC(pack, piece * width, "exchange buffer"));
  if (st != OK) {
    mem_free(pack);
    return st;
  }
  MPI_Datatype packed_row, table_row;
  MPI_Type_contiguous(width, MPI_REAL_T, &packed_row);
  MPI_Type_create_resized(packed_row, 0, (MPI_Aint)(ld * (off)sizeof(real)), &table_row);
  MPI_Type_commit(&packed_row);
  MPI_Type_commit(&table_row);
  const real *own = table + x->own_at * ld;
  for (int step = 1; step < c->size; step++) {
    int to = (c->rank + step) % c->size, from = (c->rank - step + c->size) % c->size;
    off list_at = 0, in_at = x->mode == EXCHANGE_REPLICATE ? 0 : x->own_count;
    for (int r = 0; r < to; r++)
      list_at += x->send[r];
    for (int r = 0; r < from; r++)
      in_at += x->want[r];
    off n_out = x->mode == EXCHANGE_REPLICATE ? x->own_count : x->send[to];
    const lid *list = x->mode == EXCHANGE_REPLICATE ? NULL : x->list + list_at;
    swap_packed(c, x, own, width, ld, list, n_out, to, table + in_at * ld, x->want[from], from, packed_row, table_row,
                pack, piece);
  }
  MPI_Type_free(&packed_row);
  MPI_Type_free(&table_row);
  mem_free(pack);
  return OK;
}
