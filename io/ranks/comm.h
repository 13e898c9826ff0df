/* Communication between ranks: agreement on failure, reductions, and moving more than 2^31 rows.
 *
 * A communicator of one rank makes no MPI call at all, so commands that never start MPI use the same code. Programs
 * that do not even link MPI take io/ranks/alone/comm_alone.c in place of comm.c. Every function that takes a `comm *`
 * is collective unless it says local. A rank that failed must call comm_agree(), as all others do, before the next
 * collective call. */
#ifndef PALATE_IO_RANKS_COMM_H
#define PALATE_IO_RANKS_COMM_H

#include "io/base/status.h"
#include "io/base/types.h"

typedef struct comm {
  bool mpi; /* false for comm_single(); MPI's handle is comm_mpi() of io/ranks/comm_mpi.h */
  int rank, size;
  int64_t bytes_sent;          /* payload sent to other ranks; each function below says how it counts */
  int64_t bytes_between_hosts; /* those of them for ranks on other hosts */
  int64_t row_messages;        /* messages of factor rows this rank sent (train/exchange/exchange.h) */
  int hosts;
  int *host;      /* [size]: which host each rank is on, 0 … hosts-1; NULL: all on one. Owned, with the next three */
  int *place;     /* [size]: how many lower ranks are on the same host */
  int *by_host;   /* host h has the ranks by_host[host_at[h]] … by_host[host_at[h + 1] - 1], ascending */
  int *host_at;   /* [hosts + 1] */
  off chunk_rows; /* rows in one message at most; tests lower it to test chunking */
  struct pulse *pulse; /* see io/ranks/pulse.h; NULL: ranks are not watched */
} comm;

/* A communicator without MPI. Local. */
comm comm_single(void);

/* All ranks of MPI_COMM_WORLD, as if on one host until comm_find_hosts; MPI must be initialised. Local. */
comm comm_world(void);

/* Finds which ranks share a host, and so memory. Collective; agreed status. NO_MEMORY. */
status comm_find_hosts(comm *c);

/* Pretends instead: blocks of `ranks_per_host` neighbouring ranks share a host, or every hosts-th rank if `cyclic`. For
 * tests and for benchmarks on one machine. Local. NO_MEMORY. */
status comm_pretend_hosts(comm *c, int ranks_per_host, bool cyclic);

/* Frees what the communicator owns. Local. */
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

/* Returns the largest of the ranks' statuses on all of them, with the message of the lowest rank that has it. */
status comm_agree(comm *c, status mine);

/* Sums or maxima of n values over ranks, in place; n is the same on all. Counted as 2 (P-1)/P of the array per rank
 * (what reduce-scatter and allgather move), and 2 (H-1)/H of it between hosts for each of H hosts. Doubles are
 * never summed, as the result would depend on the number of ranks: see train/math/exact.h. */
void comm_sum_i64(comm *c, int64_t *values, off n);
void comm_max_i64(comm *c, int64_t *values, off n);
void comm_max_f64(comm *c, double *values, off n);

/* Bytes that a reduction of `bytes` counts as on each rank. Local. */
int64_t comm_reduce_bytes(int ranks, int64_t bytes);

/* The sum of the lower ranks' values; 0 on rank 0. Counted as 8 bytes. */
int64_t comm_before_i64(comm *c, int64_t mine);

/* Sends `bytes` from root to all. Counted at the root as (P-1) times the array, and once for each other host. */
void comm_broadcast(comm *c, void *data, off bytes, int root);

/* all[r] = rank r's value; all has `size` places. */
void comm_gather_i64(comm *c, int64_t mine, int64_t *all);

/* got[r] = what rank r gave for us in its give[us]. */
void comm_transpose_i64(comm *c, const int64_t *give, int64_t *got);

/* Sends rows of `row_bytes` from every rank to every rank: `give` has give_counts[0] rows for rank 0, then those for
 * rank 1, …; `got` likewise by source. Counts are in rows and must match: comm_transpose_i64 turns give_counts into
 * got_counts. Counted as the rows that leave the rank. */
void comm_move_rows(comm *c, const void *give, const off *give_counts, void *got, const off *got_counts,
                    size_t row_bytes);

/* Gathers every rank's rows in `all`, on every rank; counts[r] rows come from rank r. `mine` may be the rank's own
 * place in `all`. Rows go to another host only once, to the rank that comm_share_carrier names, which passes them to
 * the others there. Counted as the rows that a rank sends, its own and those it passes on; in all (P-1) times all rows,
 * and H-1 times between H hosts. */
void comm_share_rows(comm *c, const void *mine, void *all, const off *counts, size_t row_bytes);

/* The rank that receives rows of `rank` for all of `host`; the ranks of a host take turns. Local. */
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
