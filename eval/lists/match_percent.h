/* Match per cent: a score as a figure from 0 to 100 that a member can read. */
#ifndef PALATE_EVAL_LISTS_MATCH_PERCENT_H
#define PALATE_EVAL_LISTS_MATCH_PERCENT_H

#include "io/base/types.h"
#include "io/schema/model.h"

/* The scale of a model's scores. Explicit models: where the predicted rating lies between the lowest and the highest
 * training rating. Implicit models: the predicted preference as a share of the member's strongest over all items,
 * including those the member has. So it does not depend on how much a member has done, and the best unseen item gets
 * 100 only if nothing the member has suits them better. Clipped to 0 … 100. */
typedef struct match_scale {
  bool explicit_loss;
  double low, high;
} match_scale;

/* Reads the scale from the model's attributes. BAD_DATA if one is missing. Local. */
status match_scale_read(model *m, match_scale *out);

/* The larger of `best` and the scores x · y_i of the items item[n]. y (rows, width) holds the items first … first +
 * rows - 1; items outside of it belong to other blocks and are skipped. Local. */
double match_best(double best, const real *x, const real *y, int width, lid first, lid rows, const lid *item, off n);

/* `best` is the member's strongest preference; explicit models ignore it. Local. */
int match_percent(const match_scale *s, double score, double best);

#endif
