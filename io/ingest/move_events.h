/* The middle part of ingest: sends events to the ranks that own their users, and sorts them. */
#ifndef PALATE_IO_INGEST_MOVE_EVENTS_H
#define PALATE_IO_INGEST_MOVE_EVENTS_H

#include "io/ingest/read_events.h"
#include "io/schema/dataset.h"
#include "io/schema/dataset_write.h"

/* This rank's users and their events, as dataset_write takes them. */
typedef struct ingest_rows {
  gid *first;      /* [size + 1] the first user of each rank */
  gid user_count;  /* of ours */
  off first_event; /* row in the dataset of our first event */
  off *indptr;     /* [user_count + 1], from first_event on */
  lid *item;
  real *value;
  int64_t *time; /* NULL if there are none */
  off repeated;  /* events whose user and item an earlier event has too */
  off already;   /* new events that the base has too: the same user, item, value and time */
  off zeros;     /* events of value 0, … */
  off negatives; /* … and below, among those this rank read */
} ingest_rows;

/* Cuts the n_users rows into one range a rank with about the same number of events, moves all events there (freeing the
 * input's blocks on the way), and adds the events of `base` (may be NULL). A user's events are in the order of their
 * times, to the nanosecond; of equal times (or without times) the base's come first, then new ones in the order of the
 * sources (io/text/events.h: turn). The base's times are whole seconds. user_row and item_row are the rows of the
 * input's ids. Collective; agreed status. Free with ingest_rows_free. */
status ingest_move(comm *c, ingest_input *in, const gid *user_row, const gid *item_row, gid n_users, dataset *base,
                   ingest_rows *out);
void ingest_rows_free(ingest_rows *rows);

#endif
