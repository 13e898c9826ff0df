#include "io/comm.h"

#include "io/mem.h"

#include <string.h>

enum { TAG_ROWS = 17 };

comm comm_single(void) {
  return (comm){.mpi = MPI_COMM_NULL, .rank = 0, .size = 1, .hosts = 1, .chunk_rows = 1 << 24};
}

comm comm_world(void) {
  comm c = comm_single();
  c.mpi = MPI_COMM_WORLD;
  MPI_Comm_rank(c.mpi, &c.rank);
  MPI_Comm_size(c.mpi, &c.size);
  return c;
}

status comm_find_hosts(comm *c) {
  if (c->size == 1)
    return OK;
  MPI_Comm node;
  int lowest = c->rank, *of = NULL;
  status st = comm_agree(c, MEM_ALLOC(of, c->size, "hosts of ranks"));
  if (st != OK)
    goto done;
  MPI_Comm_split_type(c->mpi, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Bcast(&lowest, 1, MPI_INT, 0, node);
  MPI_Comm_free(&node);
  MPI_Allgather(&lowest, 1, MPI_INT, of, 1, MPI_INT, c->mpi);
  c->hosts = 0;
  for (int r = 0; r < c->size; r++) /* a host's lowest rank comes first and gives the number */
    of[r] = of[r] == r ? c->hosts++ : of[of[r]];
  mem_free(c->host);
  c->host = of;
  of = NULL;
done:
  mem_free(of);
  return st;
}

status comm_pretend_hosts(comm *c, int ranks_per_host, bool cyclic) {
  status st = OK;
  if (c->host == NULL)
    st = MEM_ALLOC(c->host, c->size, "hosts of ranks");
  if (st != OK)
    return st;
  c->hosts = (c->size + ranks_per_host - 1) / ranks_per_host;
  for (int r = 0; r < c->size; r++)
    c->host[r] = cyclic ? r % c->hosts : r / ranks_per_host;
  return OK;
}

void comm_free(comm *c) {
  mem_free(c->host);
  c->host = NULL;
  c->hosts = 1;
}

int comm_ranks_on_host(const comm *c) {
  int n = 0;
  for (int r = 0; r < c->size; r++)
    n += comm_host(c, r) == comm_host(c, c->rank);
  return n;
}

/* The same bytes to every other rank. */
static void count_sent_to_all(comm *c, int64_t bytes) {
  c->bytes_sent += bytes * (c->size - 1);
  c->bytes_between_hosts += bytes * (c->size - comm_ranks_on_host(c));
}

/* What goes out of a host once is counted on the lowest of its ranks. */
static bool lowest_on_host(const comm *c) {
  for (int r = 0; r < c->rank; r++)
    if (comm_host(c, r) == comm_host(c, c->rank))
      return false;
  return true;
}

status comm_agree(comm *c, status mine) {
  if (c->size == 1)
    return mine;
  /* MINLOC on the negated status: the worst wins, and among equals the lowest rank. */
  struct {
    int value, rank;
  } verdict = {-(int)mine, c->rank};
  MPI_Allreduce(MPI_IN_PLACE, &verdict, 1, MPI_2INT, MPI_MINLOC, c->mpi);
  if (verdict.value == 0)
    return OK;
  char text[STATUS_MESSAGE_MAX] = "";
  if (c->rank == verdict.rank)
    strncpy(text, status_message(), sizeof text - 1);
  MPI_Bcast(text, sizeof text, MPI_CHAR, verdict.rank, c->mpi);
  return status_fail((status)-verdict.value, "%s", text);
}

/* Most elements of one reduction call; a count of MPI is an int. */
static const off REDUCE_CHUNK = 1 << 27;

int64_t comm_reduce_bytes(int ranks, int64_t bytes) {
  return 2 * bytes * (ranks - 1) / ranks;
}

static void reduce(comm *c, void *values, off n, size_t size, MPI_Datatype type, MPI_Op op) {
  if (c->size == 1)
    return;
  for (off at = 0; at < n; at += REDUCE_CHUNK) {
    off count = n - at < REDUCE_CHUNK ? n - at : REDUCE_CHUNK;
    MPI_Allreduce(MPI_IN_PLACE, (char *)values + (size_t)at * size, (int)count, type, op, c->mpi);
  }
  c->bytes_sent += comm_reduce_bytes(c->size, n * (int64_t)size);
  if (lowest_on_host(c))
    c->bytes_between_hosts += comm_reduce_bytes(c->hosts, n * (int64_t)size);
}

void comm_sum_i64(comm *c, int64_t *values, off n) {
  reduce(c, values, n, 8, MPI_INT64_T, MPI_SUM);
}
void comm_max_i64(comm *c, int64_t *values, off n) {
  reduce(c, values, n, 8, MPI_INT64_T, MPI_MAX);
}
void comm_max_f64(comm *c, double *values, off n) {
  reduce(c, values, n, 8, MPI_DOUBLE, MPI_MAX);
}

int64_t comm_before_i64(comm *c, int64_t mine) {
  int64_t before = 0;
  if (c->size > 1) {
    MPI_Exscan(&mine, &before, 1, MPI_INT64_T, MPI_SUM, c->mpi);
    c->bytes_sent += 8;
    if (c->rank + 1 < c->size && comm_host(c, c->rank + 1) != comm_host(c, c->rank))
      c->bytes_between_hosts += 8;
  }
  return c->rank == 0 ? 0 : before; /* Exscan leaves rank 0's result undefined */
}

void comm_broadcast(comm *c, void *data, off bytes, int root) {
  if (c->size == 1)
    return;
  for (off at = 0; at < bytes; at += REDUCE_CHUNK) {
    off count = bytes - at < REDUCE_CHUNK ? bytes - at : REDUCE_CHUNK;
    MPI_Bcast((char *)data + at, (int)count, MPI_BYTE, root, c->mpi);
  }
  if (c->rank == root) {
    c->bytes_sent += bytes * (c->size - 1);
    c->bytes_between_hosts += bytes * (c->hosts - 1);
  }
}

void comm_gather_i64(comm *c, int64_t mine, int64_t *all) {
  all[c->rank] = mine;
  if (c->size == 1)
    return;
  MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 1, MPI_INT64_T, c->mpi);
  count_sent_to_all(c, 8);
}

void comm_transpose_i64(comm *c, const int64_t *give, int64_t *got) {
  if (c->size == 1) {
    got[0] = give[0];
    return;
  }
  MPI_Alltoall(give, 1, MPI_INT64_T, got, 1, MPI_INT64_T, c->mpi);
  count_sent_to_all(c, 8);
}

/* One pair of partners: our rows to `to`, theirs from `from`, in messages of at most chunk_rows, two in flight each way
 * so that the wire does not idle between them. */
static void swap_rows(comm *c, const char *give, off n_give, int to, char *got, off n_got, int from, MPI_Datatype row,
                      size_t row_bytes) {
  for (off at = 0; at < n_give || at < n_got; at += c->chunk_rows) {
    MPI_Request requests[2];
    int n = 0;
    if (at < n_got) {
      off count = n_got - at < c->chunk_rows ? n_got - at : c->chunk_rows;
      MPI_Irecv(got + (size_t)at * row_bytes, (int)count, row, from, TAG_ROWS, c->mpi, &requests[n++]);
    }
    if (at < n_give) {
      off count = n_give - at < c->chunk_rows ? n_give - at : c->chunk_rows;
      MPI_Isend(give + (size_t)at * row_bytes, (int)count, row, to, TAG_ROWS, c->mpi, &requests[n++]);
    }
    MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
  }
}

void comm_move_rows(comm *c, const void *give, const off *give_counts, void *got, const off *got_counts,
                    size_t row_bytes) {
  const char *own_from = give;
  char *own_to = got;
  for (int r = 0; r < c->rank; r++) {
    own_from += (size_t)give_counts[r] * row_bytes;
    own_to += (size_t)got_counts[r] * row_bytes;
  }
  if (give_counts[c->rank] > 0)
    memcpy(own_to, own_from, (size_t)give_counts[c->rank] * row_bytes);
  if (c->size == 1)
    return;
  MPI_Datatype row;
  MPI_Type_contiguous((int)row_bytes, MPI_BYTE, &row);
  MPI_Type_commit(&row);
  for (int step = 1; step < c->size; step++) {
    int to = (c->rank + step) % c->size, from = (c->rank - step + c->size) % c->size;
    const char *give_at = give;
    char *got_at = got;
    for (int r = 0; r < to; r++)
      give_at += (size_t)give_counts[r] * row_bytes;
    for (int r = 0; r < from; r++)
      got_at += (size_t)got_counts[r] * row_bytes;
    swap_rows(c, give_at, give_counts[to], to, got_at, got_counts[from], from, row, row_bytes);
    comm_count_sent(c, to, give_counts[to] * (int64_t)row_bytes);
  }
  MPI_Type_free(&row);
}

void comm_share_rows(comm *c, const void *mine, void *all, const off *counts, size_t row_bytes) {
  char *place = all;
  for (int r = 0; r < c->rank; r++)
    place += (size_t)counts[r] * row_bytes;
  if (place != (const char *)mine && counts[c->rank] > 0)
    memcpy(place, mine, (size_t)counts[c->rank] * row_bytes);
  if (c->size == 1)
    return;
  MPI_Datatype row;
  MPI_Type_contiguous((int)row_bytes, MPI_BYTE, &row);
  MPI_Type_commit(&row);
  for (int step = 1; step < c->size; step++) {
    int to = (c->rank + step) % c->size, from = (c->rank - step + c->size) % c->size;
    char *got_at = all;
    for (int r = 0; r < from; r++)
      got_at += (size_t)counts[r] * row_bytes;
    swap_rows(c, place, counts[c->rank], to, got_at, counts[from], from, row, row_bytes);
  }
  count_sent_to_all(c, counts[c->rank] * (int64_t)row_bytes);
  MPI_Type_free(&row);
}

void comm_barrier(comm *c) {
  if (c->size > 1)
    MPI_Barrier(c->mpi);
}
