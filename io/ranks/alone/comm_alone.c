/* io/ranks/comm.h for a program of one process that does not link MPI: compiled into libpalate in the place of
 * comm.c. */
#include "io/ranks/comm.h"

#include <string.h>

comm comm_single(void) {
  return (comm){.rank = 0, .size = 1, .hosts = 1, .chunk_rows = 1 << 24};
}

status comm_find_hosts(comm *c) {
  (void)c;
  return OK;
}

void comm_free(comm *c) {
  (void)c;
}

status comm_agree(comm *c, status mine) {
  (void)c;
  return mine;
}

/* The sum and the largest of one rank's values are these values. */
void comm_sum_i64(comm *c, int64_t *values, off n) {
  (void)c, (void)values, (void)n;
}
void comm_max_i64(comm *c, int64_t *values, off n) {
  (void)c, (void)values, (void)n;
}
void comm_max_f64(comm *c, double *values, off n) {
  (void)c, (void)values, (void)n;
}

int64_t comm_reduce_bytes(int ranks, int64_t bytes) {
  return 2 * bytes * (ranks - 1) / ranks;
}

int64_t comm_before_i64(comm *c, int64_t mine) {
  (void)c, (void)mine;
  return 0;
}

void comm_broadcast(comm *c, void *data, off bytes, int root) {
  (void)c, (void)data, (void)bytes, (void)root;
}

void comm_gather_i64(comm *c, int64_t mine, int64_t *all) {
  (void)c;
  all[0] = mine;
}

void comm_transpose_i64(comm *c, const int64_t *give, int64_t *got) {
  (void)c;
  got[0] = give[0];
}

void comm_move_rows(comm *c, const void *give, const off *give_counts, void *got, const off *got_counts,
                    size_t row_bytes) {
  (void)c, (void)got_counts;
  if (give_counts[0] > 0)
    memcpy(got, give, (size_t)give_counts[0] * row_bytes);
}

void comm_share_rows(comm *c, const void *mine, void *all, const off *counts, size_t row_bytes) {
  (void)c;
  if (all != mine && counts[0] > 0)
    memcpy(all, mine, (size_t)counts[0] * row_bytes);
}

void comm_barrier(comm *c) {
  (void)c;
}
