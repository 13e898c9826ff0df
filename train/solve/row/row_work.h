/* A thread's work space: its size follows from the methods, so it is made above them. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_ROW_ROW_WORK_H
#define PALATE_TRAIN_SOLVE_ROW_ROW_WORK_H

#include "train/solve/row/row.h"

status row_work_create(const row_shared *s, row_work *w);
void row_work_free(row_work *w);

#endif
