/* Heartbeats between ranks, so that a rank that hangs without dying does not block the others for ever.
 *
 * MPI notices a rank that dies, but waits for ever for one that is stopped, is on a machine that hangs, or reads from a
 * file system that no longer answers. So a thread of every rank sends a small UDP datagram to the previous rank in each
 * second in which its process used the CPU, and listens for those of the next rank. A slow rank uses the CPU, and so
 * does one that waits for others, as MPI polls. A rank that is not heard for the whole time-out is reported as lost.
 *
 * A rank that was never heard is not watched: datagrams may not get through. Time in which the watcher itself was held
 * up (a suspended job, a sleeping laptop) does not count. */
#ifndef PALATE_IO_RANKS_PULSE_H
#define PALATE_IO_RANKS_PULSE_H

#include "io/ranks/comm.h"

enum { PULSE_PHASE_MAX = 64, PULSE_HOST_MAX = 64 };

/* Called from the watching thread when the next rank has been silent for so many seconds; `phase` is its last
 * pulse_phase. As the ranks can no longer agree on anything, it must report this and end the process. */
typedef void pulse_lost(int rank, const char *host, const char *phase, double seconds);

/* Starts to send and to watch, and sets c->pulse; does nothing on one rank or with a time-out of 0. `lost` is called
 * after `timeout` seconds of silence. Collective; agreed status. NO_MEMORY. */
status pulse_start(comm *c, double timeout, pulse_lost *lost);

/* Sets what this rank is doing from now on ("sweep 3"). Local; does nothing without a pulse. */
void pulse_phase(comm *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the thread. Call it after MPI_Finalize, so that ranks that wait there are watched too. Local. */
void pulse_stop(comm *c);

#endif
