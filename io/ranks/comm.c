#include "io/ranks/comm.h"

#include "io/base/mem.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_ROWS = 17 };

comm comm_single(void) {
  return (comm){.rank = 0, .size = 1, .hosts = 1, .chunk_rows = 1 << 24};
}

comm comm_world(void) {
  comm c = comm_single();
  c.mpi = true;
  MPI_Comm_rank(MPI_COMM_WORLD, &c.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &c.size);
  return c;
}

/* Allocates the arrays host, place, by_host and host_at of struct comm as one block. */
static status alloc_hosts(comm *c, int **block) {
  return MEM_ALLOC(*block, 4 * (off)c->size + 1, "hosts of ranks");
}

/* Takes ownership of a block whose first `size` entries are the host of each rank, and fills in the rest. */
static void take_hosts(comm *c, int *block, int hosts) {
  if (block != c->host)
    mem_free(c->host);
  c->hosts = hosts;
  c->host = block;
  c->place = block + c->size;
  c->by_host = c->place + c->size;
  c->host_at = c->by_host + c->size;
  memset(c->host_at, 0, sizeof *c->host_at * ((size_t)hosts + 1));
  for (int r = 0; r < c->size; r++)
    c->place[r] = c->host_at[c->host[r] + 1]++;
  for (int h = 0; h < hosts; h++)
    c->host_at[h + 1] += c->host_at[h];
  for (int r = 0; r < c->size; r++)
    c->by_host[c->host_at[c->host[r]] + c->place[r]] = r;
}

status comm_find_hosts(comm *c) {
  if (c->size == 1)
    return OK;
  MPI_Comm node;
  int lowest = c->rank, hosts = 0, *of = NULL;
  status st = comm_agree(c, alloc_hosts(c, &of));
  if (st != OK)
    goto done;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Bcast(&lowest, 1, MPI_INT, 0, node);
  MPI_Comm_free(&node);
  MPI_Allgather(&lowest, 1, MPI_INT, of, 1, MPI_INT, MPI_COMM_WORLD);
  for (int r = 0; r < c->size; r++) /* the lowest rank of a host comes first and gets the next number */
    of[r] = of[r] == r ? hosts++ : of[of[r]];
  take_hosts(c, of, hosts);
  of = NULL;
done:
  mem_free(of);
  return st;
}

status comm_pretend_hosts(comm *c, int ranks_per_host, bool cyclic) {
  int *of = c->host, hosts = (c->size + ranks_per_host - 1) / ranks_per_host;
  status st = of == NULL ? alloc_hosts(c, &of) : OK;
  if (st != OK)
    return st;
  for (int r = 0; r < c->size; r++)
    of[r] = cyclic ? r % hosts : r / ranks_per_host;
  take_hosts(c, of, hosts);
  return OK;
}

void comm_free(comm *c) {
  mem_free(c->host);
  c->host = c->place = c->by_host = c->host_at = NULL;
  c->hosts = 1;
}

/* Counts the same bytes sent to every other rank. */
static void count_sent_to_all(comm *c, int64_t bytes) {
  c->bytes_sent += bytes * (c->size - 1);
  c->bytes_between_hosts += bytes * (c->size - comm_ranks_on_host(c));
}

/* What leaves a host once is counted on its lowest rank. */
static bool lowest_on_host(const comm *c) {
  return c->host == NULL ? c->rank == 0 : c->place[c->rank] == 0;
}

status comm_agree(comm *c, status mine) {
  if (c->size == 1)
    return mine;
  /* MINLOC on the negated status: the worst wins, and among equals the lowest rank. */
  struct {
    int value, rank;
  } verdict = {-(int)mine, c->rank};
  MPI_Allreduce(MPI_IN_PLACE, &verdict, 1, MPI_2INT, MPI_MINLOC, MPI_COMM_WORLD);
  if (verdict.value == 0)
    return OK;
  char text[STATUS_MESSAGE_MAX] = "";
  if (c->rank == verdict.rank)
    strncpy(text, status_message(), sizeof text - 1);
  MPI_Bcast(text, sizeof text, MPI_CHAR, verdict.rank, MPI_COMM_WORLD);
  return status_fail((status)-verdict.value, "%s", text);
}

/* Elements of one reduction call at most, as MPI counts in int. */
static const off REDUCE_CHUNK = 1 << 27;

int64_t comm_reduce_bytes(int ranks, int64_t bytes) {
  return 2 * bytes * (ranks - 1) / ranks;
}

static void reduce(comm *c, void *values, off n, size_t size, MPI_Datatype type, MPI_Op op) {
  if (c->size == 1)
    return;
  for (off at = 0; at < n; at += REDUCE_CHUNK) {
    off count = n - at < REDUCE_CHUNK ? n - at : REDUCE_CHUNK;
    MPI_Allreduce(MPI_IN_PLACE, (char *)values + (size_t)at * size, (int)count, type, op, MPI_COMM_WORLD);
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
    MPI_Exscan(&mine, &before, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
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
    MPI_Bcast((char *)data + at, (int)count, MPI_BYTE, root, MPI_COMM_WORLD);
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
  MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 1, MPI_INT64_T, MPI_COMM_WORLD);
  count_sent_to_all(c, 8);
}

void comm_transpose_i64(comm *c, const int64_t *give, int64_t *got) {
  if (c->size == 1) {
    got[0] = give[0];
    return;
  }
  MPI_Alltoall(give, 1, MPI_INT64_T, got, 1, MPI_INT64_T, MPI_COMM_WORLD);
  count_sent_to_all(c, 8);
}

/* Sends our rows to `to` and receives those from `from`, in messages of at most chunk_rows, both ways at a time. */
static void swap_rows(comm *c, const char *give, off n_give, int to, char *got, off n_got, int from, MPI_Datatype row,
                      size_t row_bytes) {
  for (off at = 0; at < n_give || at < n_got; at += c->chunk_rows) {
    MPI_Request requests[2];
    int n = 0;
    if (at < n_got) {
      off count = n_got - at < c->chunk_rows ? n_got - at : c->chunk_rows;
      MPI_Irecv(got + (size_t)at * row_bytes, (int)count, row, from, TAG_ROWS, MPI_COMM_WORLD, &requests[n++]);
    }
    if (at < n_give) {
      off count = n_give - at < c->chunk_rows ? n_give - at : c->chunk_rows;
      MPI_Isend(give + (size_t)at * row_bytes, (int)count, row, to, TAG_ROWS, MPI_COMM_WORLD, &requests[n++]);
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

static char *share_at(char *all, const off *counts, int rank, size_t row_bytes) {
  for (int r = 0; r < rank; r++)
    all += (size_t)counts[r] * row_bytes;
  return all;
}

/* Returns true if rank `from` sends its rows to `to` itself. */
static bool shares_directly(const comm *c, int from, int to) {
  int host = comm_host(c, to);
  return comm_host(c, from) == host || comm_share_carrier(c, from, host) == to;
}

/* The next rank after `r` whose rows `carrier` passes to the others on its host; `size` if there is none. */
static int next_carried(const comm *c, int carrier, int r) {
  int host = comm_host(c, carrier);
  for (r++; r < c->size; r++)
    if (comm_host(c, r) != host && comm_share_carrier(c, r, host) == carrier)
      break;
  return r;
}

/* Passes rows received from other hosts to the other ranks of this host. */
static void share_within_host(comm *c, char *all, const off *counts, MPI_Datatype row, size_t row_bytes) {
  int host = comm_host(c, c->rank), mates = comm_ranks_of(c, host), own = c->place[c->rank];
  for (int step = 1; step < mates; step++) {
    int to = comm_rank_of(c, host, (own + step) % mates), from = comm_rank_of(c, host, (own - step + mates) % mates);
    int give = next_carried(c, c->rank, -1), take = next_carried(c, from, -1);
    while (give < c->size || take < c->size) {
      off n_give = give < c->size ? counts[give] : 0, n_take = take < c->size ? counts[take] : 0;
      swap_rows(c, share_at(all, counts, give < c->size ? give : 0, row_bytes), n_give, to,
                share_at(all, counts, take < c->size ? take : 0, row_bytes), n_take, from, row, row_bytes);
      comm_count_sent(c, to, n_give * (int64_t)row_bytes);
      give = give < c->size ? next_carried(c, c->rank, give) : give;
      take = take < c->size ? next_carried(c, from, take) : take;
    }
  }
}

void comm_share_rows(comm *c, const void *mine, void *all, const off *counts, size_t row_bytes) {
  char *place = share_at(all, counts, c->rank, row_bytes);
  if (place != (const char *)mine && counts[c->rank] > 0)
    memcpy(place, mine, (size_t)counts[c->rank] * row_bytes);
  if (c->size == 1)
    return;
  MPI_Datatype row;
  MPI_Type_contiguous((int)row_bytes, MPI_BYTE, &row);
  MPI_Type_commit(&row);
  for (int step = 1; step < c->size; step++) {
    int to = (c->rank + step) % c->size, from = (c->rank - step + c->size) % c->size;
    off n_give = shares_directly(c, c->rank, to) ? counts[c->rank] : 0;
    off n_take = shares_directly(c, from, c->rank) ? counts[from] : 0;
    swap_rows(c, place, n_give, to, share_at(all, counts, from, row_bytes), n_take, from, row, row_bytes);
    comm_count_sent(c, to, n_give * (int64_t)row_bytes);
  }
  if (c->hosts > 1)
    share_within_host(c, all, counts, row, row_bytes);
  MPI_Type_free(&row);
}

void comm_barrier(comm *c) {
  if (c->size > 1)
    MPI_Barrier(MPI_COMM_WORLD);
}

bool comm_input_is_whole(void) {
  char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length, major = 0;
  MPI_Get_library_version(version, &length);
  bool by_mpirun = getenv("OMPI_COMM_WORLD_RANK") != NULL;
  return !by_mpirun || sscanf(version, "Open MPI v%d", &major) != 1 || major < 5;
}
