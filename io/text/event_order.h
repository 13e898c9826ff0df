/* Sorts the events of one user. Kernel: local. */
#ifndef PALATE_IO_TEXT_EVENT_ORDER_H
#define PALATE_IO_TEXT_EVENT_ORDER_H

#include "io/base/sort.h"
#include "io/base/status.h"

/* Work space that grows with the longest row; one a thread. Begin with {0}. */
typedef struct order_space {
  sort_pair *pairs;
  uint32_t *slots;
  off room;
} order_space;

/* Sorts n events by (time, item, value), or by (item, value) if time is NULL. Adds to *repeated the number of events
 * whose item an earlier event has. OK or NO_MEMORY. */
status order_row(order_space *space, off n, lid *item, real *value, int64_t *time, off *repeated);
void order_space_free(order_space *space);

#endif
