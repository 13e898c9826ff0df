/* Ranks talking to each other: agreement on failure, reductions, and rows moved in numbers beyond 2^31.
 *
 * A communicator of one rank makes no MPI call at all, so commands that never start MPI use the same code.
 * Every function here that takes a `comm *` is collective unless it says local; all ranks must call it with the same
 * sizes where the text says so. Failing ranks must meet the others at comm_agree() before the next collective call. */
#ifndef PALATE_IO_RANKS_COMM_H
#define PALATE_IO_RANKS_COMM_H

#include "io/base/status.h"
#include "io/base/types.h"

#include <mpi.h>

#define MPI_GID MPI_INT64_T
#define MPI_LID MPI_INT32_T
#define MPI_OFF MPI_INT64_T
#define MPI_REAL_T MPI_FLOAT

typedef struct comm {
  MPI_Comm mpi; /* MPI_COMM_NULL for comm_single() */
  int rank, size;
  int64_t bytes_sent;          /* payload this rank gave to other ranks; how each call is counted stands beside it */
  int64_t bytes_between_hosts; /* those of them for ranks on other hosts */
  int64_t row_messages;        /* messages of factor rows this rank sent (train/exchange/exchange.h) */
  int hosts;
  int *host;      /* [size]: which host each rank is on, 0 … hosts-1; NULL: all on one. Owned, with the next three */
  int *place;     /* [size]: how many lower ranks are on the same host */
  int *by_host;   /* host h has the ranks by_host[host_at[h]] … by_host[host_at[h + 1] - 1], ascending */
  int *host_at;   /* [hosts + 1] */
  off chunk_rows; /* most rows in one message; lowered by tests to show that chunking is right */
  struct pulse *pulse; /* see io/ranks/pulse.h; NULL: nobody watches */
} comm;

/* A communicator without MPI. Local. */
comm comm_single(void);

/* All ranks of MPI_COMM_WORLD, taken to be on one host until comm_find_hosts; MPI must be initialised. Local. */
comm comm_world(void);

/* Learns which ranks share a host, which is to say memory. Collective; agreed status. NO_MEMORY. */
status comm_find_hosts(comm *c);

/* Says so instead: blocks of `ranks_per_host` neighbouring ranks, or every hosts-th rank where `cyclic`. For tests and
 * for benchmarks of one machine. Local. NO_MEMORY. */
status comm_pretend_hosts(comm *c, int ranks_per_host, bool cyclic);

/* Frees what the communicator owns; the ranks go on. Local. */
void comm_free(comm *c);

static inline int comm_host(const comm *c, int rank) {
  return c->host == NULL ? 0 : c->host[rank];
}

/* at[r]: where rank r's part begins in an array that has counts[0] places for rank 0, then those for rank 1…; returns
 * their sum. Local. */
static inline off comm_starts(off *at, const off *counts, int ranks) {
  off sum = 0;
  for (int r = 0; r < ranks; r++) {
    at[r] = sum;
    sum += counts[r];
  }
  return sum;
}

/* How many ranks are on a host, and the i-th of them. Local. */
static inline int comm_ranks_of(const comm *c, int host) {
  return c->host == NULL ? c->size : c->host_at[host + 1] - c->host_at[host];
}
static inline int comm_rank_of(const comm *c, int host, int i) {
  return c->host == NULL ? i : c->by_host[c->host_at[host] + i];
}

/* Ranks on our own host, ourselves included. Local. */
static inline int comm_ranks_on_host(const comm *c) {
  return comm_ranks_of(c, comm_host(c, c->rank));
}

/* Counts a message of so many bytes that goes to rank `to`. Local. */
static inline void comm_count_sent(comm *c, int to, int64_t bytes) {
  if (to == c->rank)
    return;
  c->bytes_sent += bytes;
  if (comm_host(c, to) != comm_host(c, c->rank))
    c->bytes_between_hosts += bytes;
}

/* Learns of one rank's failure everywhere: returns the largest of the ranks' statuses on all of them, with the message
 * of the lowest rank that has it. */
status comm_agree(comm *c, status mine);

/* In place over n values, the same n everywhere. Counted as 2 (P-1)/P of the array per rank (reduce-scatter and
 * allgather move that much), and 2 (H-1)/H of it between hosts for each of H hosts. Integers only: floating sums go
 * through train/math/exact.h. */
void comm_sum_i64(comm *c, int64_t *values, off n);
void comm_max_i64(comm *c, int64_t *values, off n);
void comm_max_f64(comm *c, double *values, off n);

/* What each rank is counted for a reduction of so many bytes. */
int64_t comm_reduce_bytes(int ranks, int64_t bytes);

/* The sum of the lower ranks' values; 0 on rank 0. Counted as 8 bytes. */
int64_t comm_before_i64(comm *c, int64_t mine);

/* `bytes` from root to all. Counted at the root as (P-1) times the array, and once for each other host. */
void comm_broadcast(comm *c, void *data, off bytes, int root);

/* all[r] = rank r's value; all has `size` places. */
void comm_gather_i64(comm *c, int64_t mine, int64_t *all);

/* got[r] = what rank r gave for us in its give[us]. */
void comm_transpose_i64(comm *c, const int64_t *give, int64_t *got);

/* Rows of `row_bytes` from every rank to every rank: give holds give_counts[0] rows for rank 0, then those for rank 1…;
 * got likewise by source. Counts are in rows and must match (comm_transpose_i64 makes them). Counted as the rows that
 * leave the rank. */
void comm_move_rows(comm *c, const void *give, const off *give_counts, void *got, const off *got_counts,
                    size_t row_bytes);

/* Every rank's rows one after another in `all`, on every rank; counts[r] rows come from rank r. `mine` may be the
 * rank's own place within `all`. Where ranks share hosts, rows cross to another host once, to the rank in
 * comm_share_carrier's place, which gives them to the others there. Counted as the rows that a rank gives to others,
 * its own and those it carries; in all (P-1) times all rows, and H-1 times between H hosts. */
void comm_share_rows(comm *c, const void *mine, void *all, const off *counts, size_t row_bytes);

/* Who on a host gets the rows of a rank of another host first: ranks take turns by their places. Local. */
static inline int comm_share_carrier(const comm *c, int rank, int host) {
  return comm_rank_of(c, host, c->place[rank] % comm_ranks_of(c, host));
}

/* Whether standard input reaches rank 0 as it is. The mpirun of Open MPI 5 may repeat or lose parts of a long one.
 * Local.
 */
bool comm_input_is_whole(void);

/* Waits for all. */
void comm_barrier(comm *c);

#endif
