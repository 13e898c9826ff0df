/* Signs of life between ranks, so that one which hangs without dying does not hold the others for ever.
 *
 * MPI notices a rank that dies, and waits without end for one that is stopped, sits on a machine that hangs, or reads
 * from a file system that no longer answers. So a thread of every rank sends a small UDP datagram to the rank before
 * it, each second in which the rest of its process has computed anything, and listens for those of the rank behind it.
 * A rank that is slow computes; one that waits for others computes too, as MPI polls. A rank of which nothing was heard
 * for the whole time-out is given up.
 *
 * Only what was heard once can fall silent: where datagrams do not get through, nothing is watched. Time that the
 * watcher itself was held up (a suspended job, a laptop asleep) does not count. */
#ifndef PALATE_IO_RANKS_PULSE_H
#define PALATE_IO_RANKS_PULSE_H

#include "io/ranks/comm.h"

enum { PULSE_PHASE_MAX = 64, PULSE_HOST_MAX = 64 };

/* Called from the watching thread when the rank behind has been silent for so many seconds: what it did last, by its
 * own words. The ranks cannot agree on anything any more, so this is to say so and end the process. */
typedef void pulse_lost(int rank, const char *host, const char *phase, double seconds);

/* Begins to beat and to watch; on one rank, or with a time-out of 0, does nothing. Puts the pulse into c, where
 * pulse_phase finds it. `lost` is called after `timeout` seconds of silence. Collective; agreed status. NO_MEMORY. */
status pulse_start(comm *c, double timeout, pulse_lost *lost);

/* What this rank is doing from now on ("sweep 3"). Local; without a pulse nothing happens. */
void pulse_phase(comm *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the thread. To be called after MPI_Finalize, so that ranks which wait there are watched too. Local. */
void pulse_stop(comm *c);

#endif
