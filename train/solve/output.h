/* Where the solutions of a call go, and what failed first. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_OUTPUT_H
#define PALATE_TRAIN_SOLVE_OUTPUT_H

#include "train/solve/row/row.h"

/* The first row that failed, in the order of rows and over all threads. status_message() is per thread, so the message
 * is copied. */
typedef struct failure {
  lid row;
  status st;
  char message[STATUS_MESSAGE_MAX];
} failure;

/* Records the status of a row, with the calling thread's message. Thread-safe. */
void failure_note(failure *f, lid row, status st);

/* Where the solutions of a call go. */
typedef struct output {
  real *x, *own_bias;
  double *row_loss;
  failure *failed;
} output;

/* Where one row's solution goes; bias and loss may be NULL. */
typedef struct place {
  real *x, *bias;
  double *loss;
} place;

static inline place place_of(const row_shared *s, const output *to, lid r) {
  return (place){.x = to->x + r * s->p.ld,
                 .bias = to->own_bias != NULL ? to->own_bias + r : NULL,
                 .loss = to->row_loss != NULL ? to->row_loss + r : NULL};
}

/* Rows that are solved before the others, ascending. */
typedef struct early_rows {
  lid n;
  lid *row;
} early_rows;

#endif
