/* The machine a job runs on, for predicting its time: speeds of cores and links. */
#ifndef PALATE_TRAIN_COST_MACHINE_H
#define PALATE_TRAIN_COST_MACHINE_H

typedef struct machine {
  int threads;  /* per rank */
  double flops; /* peak of one thread in the solver's kernels, with very many factors, flop/s */
  double half;  /* factors at which it reaches half of that: gathering, weighting and overheads grow with k, flops with
                   k² */
  double link;  /* bytes/s that one node can send to others */
  double local; /* bytes/s that one rank can give to others on its node */
  double latency; /* seconds from one rank to another for a message of no size */
} machine;

/* Flop/s of one thread with so many factors. */
static inline double machine_core_flops(const machine *m, int factors) {
  return m->flops * factors / (factors + m->half);
}

#endif
