/* Interactions for benchmarks, made in memory: power-law popularity, log-normal activity, planted tastes. */
#ifndef PALATE_TESTS_BENCH_BENCH_DATA_H
#define PALATE_TESTS_BENCH_BENCH_DATA_H

#include "train/rows/csr.h"

typedef struct bench_shape {
  const char *name;
  lid users, items;
  off events; /* roughly: what is drawn twice counts once */
} bench_shape;

/* "small", "20m" or "netflix"; NULL where there is no such shape. */
const bench_shape *bench_shape_find(const char *name);

/* Users' rows with item columns ascending; values 1 (implicit), or ratings about 1 … 5 from planted factors of rank 16
 * with noise 0.5 (explicit). Then the transpose. */
status bench_make(const bench_shape *shape, bool explicit_loss, csr *users, csr *items);

#endif
