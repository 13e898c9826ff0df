#include "train/groups/membership_scale.h"

#include <float.h>
#include <string.h>

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

double membership_temperature(comm *c, const real *dist2, lid n, int m) {
  int64_t all = n;
  comm_sum_i64(c, &all, 1);
  if (m == 1 || all == 0)
    return 1;
  /* First affinities fall as the temperature rises; positive floats are ordered as their bits are. */
  uint32_t low = bits_of(FLT_MIN), high = bits_of(FLT_MAX);
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    int64_t above = membership_above(dist2, n, m, float_of(middle), membership_target(m));
    comm_sum_i64(c, &above, 1);
    if (2 * above >= all)
      low = middle;
    else
      high = middle;
  }
  return float_of(low);
}
