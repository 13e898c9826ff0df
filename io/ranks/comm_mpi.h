/* What MPI knows of a communicator: for the few files that call MPI themselves. */
#ifndef PALATE_IO_RANKS_COMM_MPI_H
#define PALATE_IO_RANKS_COMM_MPI_H

#include "io/ranks/comm.h"

#include <mpi.h>

#define MPI_GID MPI_INT64_T
#define MPI_LID MPI_INT32_T
#define MPI_OFF MPI_INT64_T
#define MPI_REAL_T MPI_FLOAT

/* MPI_COMM_NULL for comm_single(). Local. */
static inline MPI_Comm comm_mpi(const comm *c) {
  return c->mpi ? MPI_COMM_WORLD : MPI_COMM_NULL;
}

#endif
