/* Asked to stop: SIGUSR1 (which Slurm and mpirun pass on) and SIGTERM set a flag, and the ranks agree on it at the edge
 * of an iteration, where they can leave with everything saved. */
#ifndef PALATE_IO_RANKS_STOP_H
#define PALATE_IO_RANKS_STOP_H

#include "io/ranks/comm.h"

/* Catches the signals from now on, and remembers when that was. Local. */
void stop_install(void);

/* seconds_now() at stop_install(), as the start of the run; now, where it was not called. */
double stop_since(void);

/* Whether any rank was asked to stop, or `mine` is true on any. Collective; not counted in bytes_sent, which counts the
 * work. */
bool stop_agreed(comm *c, bool mine);

#endif
