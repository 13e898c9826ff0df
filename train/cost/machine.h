/* What a job runs on, as far as its time can be foreseen: speeds of cores and links. */
#ifndef PALATE_TRAIN_COST_MACHINE_H
#define PALATE_TRAIN_COST_MACHINE_H

typedef struct machine {
  int threads;    /* per rank */
  double flops;   /* of one thread in the solver's kernels with very many factors, flop/s */
  double half;    /* factors at which it does half of that: gathering, weighing and rows' overheads grow with k, flops
                     with its square */
  double link;    /* bytes/s that one node can send to others */
  double local;   /* bytes/s that one rank can give to others on its node */
  double latency; /* seconds from one rank to another for a message of no size */
} machine;

/* Flop/s of one thread with so many factors. */
static inline double machine_core_flops(const machine *m, int factors) {
  return m->flops * factors / (factors + m->half);
}

#endif
