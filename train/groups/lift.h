/* What a group prefers more than others do: smoothed lift. */
#ifndef PALATE_TRAIN_GROUPS_LIFT_H
#define PALATE_TRAIN_GROUPS_LIFT_H

#include "io/base/types.h"

/* How many times as often something occurs in a group as everywhere: `count` of the group's `size` trials against
 * `all_count` of `all_size`. Both shares are smoothed, so that neither three members of a small group nor a rare title
 * gets a large lift: LIFT_PRIOR trials with everyone's share are added to the group, and `floor` to both shares. 1: no
 * difference. */
enum { LIFT_PRIOR = 5 };
static inline double lift(double count, double size, double all_count, double all_size, double floor) {
  double everywhere = all_size > 0 ? all_count / all_size : 0;
  double here = (count + LIFT_PRIOR * everywhere) / (size + LIFT_PRIOR);
  return (here + floor) / (everywhere + floor);
}

typedef struct lifted {
  lid what;     /* item or tag */
  double lift;  /* larger is first; ties to the lower number */
  double share; /* of the group */
} lifted;

/* Keeps the `most` largest by lift in list, which holds *n so far, in order. */
static inline void lift_offer(lifted *list, int *n, int most, lifted one) {
  int at = *n < most ? (*n)++ : most;
  for (; at > 0 && (list[at - 1].lift < one.lift || (list[at - 1].lift == one.lift && list[at - 1].what > one.what));
       at--)
    if (at < most)
      list[at] = list[at - 1];
  if (at < most)
    list[at] = one;
}

#endif
