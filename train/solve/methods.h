/* The table of methods (--solver). Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_METHODS_H
#define PALATE_TRAIN_SOLVE_METHODS_H

#include "train/solve/row/row.h"

const row_method *method_row(solve_method method);

#endif
