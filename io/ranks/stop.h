/* Stopping on a signal: SIGUSR1 (which Slurm and mpirun pass on) and SIGTERM set a flag, and the ranks agree on it at
 * the end of a step, where their work can be saved. */
#ifndef PALATE_IO_RANKS_STOP_H
#define PALATE_IO_RANKS_STOP_H

#include "io/ranks/comm.h"

/* Catches the signals from now on, and notes the time. Local. */
void stop_install(void);

/* seconds_now() at stop_install(), the start of the run; now if it was not called. Local. */
double stop_since(void);

/* Returns true if any rank got a signal, or `mine` is true on any. Collective; not counted in bytes_sent. */
bool stop_agreed(comm *c, bool mine);

#endif
