/* Sends events to the ranks that own their users, in rounds of bounded size, straight to their places. */
#ifndef PALATE_IO_INGEST_EVENT_MOVER_H
#define PALATE_IO_INGEST_EVENT_MOVER_H

#include "io/ingest/read_events.h"

typedef struct mover {
  lid *item; /* of our users' events, by place */
  real *value;
  int64_t *moment; /* NULL on all ranks if there are no times */
  uint64_t *route; /* by the rank's row of the user id: where the user's next event goes (io/ingest/event_places.h) */
  const gid *item_row; /* by the rank's row of the item id */
  bool has_value;      /* else every value is 1 */
  bool far;            /* some places do not fit in 32 bits; the same on all ranks */
} mover;

/* Moves the events of a turn, of which this rank has n, and frees their blocks. Collective; agreed status. */
status mover_turn(comm *c, ingest_input *in, const mover *m, int turn, off n);

#endif
