/* The order of one user's events. Kernel: local. */
#ifndef PALATE_IO_TEXT_EVENT_ORDER_H
#define PALATE_IO_TEXT_EVENT_ORDER_H

#include "io/base/sort.h"
#include "io/base/status.h"

/* Space that grows with the longest row; one a thread. Begin with {0}. */
typedef struct order_space {
  sort_pair *pairs;
  uint32_t *slots;
  off room;
} order_space;

/* Orders n events by (time, item, value), or (item, value) where time is NULL, and adds to *repeated how many have an
 * item that an earlier one has. */
status order_row(order_space *space, off n, lid *item, real *value, int64_t *time, off *repeated);
void order_space_free(order_space *space);

#endif
