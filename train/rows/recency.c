#include "train/rows/recency.h"

#include <math.h>

double recency_weight(const recency_settings *r, double days) {
  static const double FLOOR = 0.02;
  return r->half_life > 0 ? FLOOR + (1 - FLOOR) * exp2(-days / r->half_life) : 1;
}
