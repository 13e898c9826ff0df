/* A solver's inside, for light_rows.c, heavy_rows.c and solver.c. */
#ifndef PALATE_TRAIN_SOLVE_SOLVER_PRIVATE_H
#define PALATE_TRAIN_SOLVE_SOLVER_PRIVATE_H

#include "train/solve/row/row.h"

struct solver {
  row_shared shared;
  int threads;
  row_work *work; /* [threads] */
};

#endif
