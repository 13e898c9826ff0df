/* Sorts the events of one user. Kernel: local. */
#ifndef PALATE_IO_TEXT_EVENT_ORDER_H
#define PALATE_IO_TEXT_EVENT_ORDER_H

#include "io/base/sort.h"
#include "io/base/status.h"

/* Work space that grows with the longest row; one a thread. Begin with {0}. */
typedef struct order_space {
  sort_pair *pairs;
  uint64_t *copy;
  uint32_t *slots;
  off room;
} order_space;

/* What order_row counts, over all rows it is called for. */
typedef struct order_counts {
  off repeated; /* events whose item an earlier event of the user has */
  off already;  /* new events that are among the old ones: the same item, value and time, each matched once */
} order_counts;

/* Orders the n events of a user by time, those of equal times as they stand (stable). `time` holds moments
 * (io/text/events.h) and becomes seconds; NULL: no times, and every event stays where it is. The first n_old events are
 * those of the dataset appended to. OK or NO_MEMORY. */
status order_row(order_space *space, off n, off n_old, lid *item, real *value, int64_t *time, order_counts *counts);
void order_space_free(order_space *space);

#endif
