/* HDF5 inside somebody else's program: one thread at a time, and its settings given back. */
#ifndef PALATE_IO_HDF5_H5_GUARD_H
#define PALATE_IO_HDF5_H5_GUARD_H

#include "io/base/status.h"

#include <stdbool.h>

/* What the host program had set. */
typedef struct h5_guard {
  unsigned plugins;
  bool reports; /* whether the next two are known */
  void (*report)(void);
  void *context;
} h5_guard;

/* Between the two, no other thread that enters calls HDF5, errors are not printed, and no plugin is loaded. Everything
 * of io/hdf5 may call HDF5, except h5_read and h5_read_strings on columns that h5_map has given an address of: those
 * change nothing, and any number of threads may call them without a guard.
 *
 * `st` is its status: after a damaged file (BAD_DATA, IO_FAILED) this thread's errors stay unprinted, as HDF5
 * would otherwise complain at the end of the process about what the damage left in its caches. Local. */
void h5_guard_enter(h5_guard *guard);
void h5_guard_leave(const h5_guard *guard, status st);

#endif
