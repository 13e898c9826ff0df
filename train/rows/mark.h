/* Which of a user's events are trained on, which are kept to measure with, and which are left out of both. */
#ifndef PALATE_TRAIN_ROWS_MARK_H
#define PALATE_TRAIN_ROWS_MARK_H

#include "io/base/types.h"

typedef enum event_mark { EVENT_TRAIN = 0, EVENT_TEST = 1, EVENT_DROP = 2 } event_mark;

/* Marks the n events of one user, which stand in the order of the dataset (time, then the order of the sources); time
 * is NULL if there is none. A pure function of the row: all events of a pair must not be split between train and test.
 */
typedef void mark_events(const void *rule, gid user, off n, const lid *item, const real *value, const int64_t *time,
                         uint8_t *mark);

#endif
