#include "io/hdf5/h5_guard.h"

#include "io/hdf5/h5_private.h"

#include <pthread.h>

/* HDF5 has one state for the process, so there is one lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void h5_guard_enter(h5_guard *guard) {
  H5E_auto2_t report = NULL;
  *guard = (h5_guard){0};
  pthread_mutex_lock(&lock);
  H5PLget_loading_state(&guard->plugins);
  guard->reports = H5Eget_auto2(H5E_DEFAULT, &report, &guard->context) >= 0;
  guard->report = (void (*)(void))report;
  h5_prepare();
}

void h5_guard_leave(const h5_guard *guard, status st) {
  H5PLset_loading_state(guard->plugins);
  if (guard->reports && st != BAD_DATA && st != IO_FAILED)
    H5Eset_auto2(H5E_DEFAULT, (H5E_auto2_t)guard->report, guard->context);
  pthread_mutex_unlock(&lock);
}
