/* Which of a user's events are for training, which are held out for measuring, and which are dropped. */
#ifndef PALATE_TRAIN_ROWS_MARK_H
#define PALATE_TRAIN_ROWS_MARK_H

#include "io/base/types.h"

typedef enum event_mark { EVENT_TRAIN = 0, EVENT_TEST = 1, EVENT_DROP = 2 } event_mark;

/* Marks the n events of one user, in the dataset's order (time, then the order of the sources); time is NULL if the
 * dataset has none. A pure function of the row: it must not split the events of a pair between train and test. */
typedef void mark_events(const void *rule, gid user, off n, const lid *item, const real *value, const int64_t *time,
                         uint8_t *mark);

#endif
