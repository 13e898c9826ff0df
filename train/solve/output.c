#include "train/solve/output.h"

#include <stdio.h>

void failure_note(failure *f, lid row, status st) {
#pragma omp critical(solve_failure)
  if (f->st == OK || row < f->row) {
    f->row = row;
    f->st = st;
    snprintf(f->message, sizeof f->message, "%s", status_message());
  }
}
