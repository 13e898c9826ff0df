/* The softness of memberships, over ranks. */
#ifndef PALATE_TRAIN_GROUPS_MEMBERSHIP_SCALE_H
#define PALATE_TRAIN_GROUPS_MEMBERSHIP_SCALE_H

#include "io/ranks/comm.h"
#include "train/centres/membership.h"

/* The temperature at which half of the members of all ranks have a first affinity of at least membership_target(m): the
 * largest such float, found by bisection on integer counts, so that it does not depend on ranks. dist2 (n, m) is this
 * rank's. 1 if m is 1 or there are no members. Collective. */
double membership_temperature(comm *c, const real *dist2, lid n, int m);

#endif
