/* Sorting centres so that neighbours lie close together: groups for the bounds of train/centres/assign.h. */
#ifndef PALATE_TRAIN_CENTRES_CENTRE_ORDER_H
#define PALATE_TRAIN_CENTRES_CENTRE_ORDER_H

#include "io/base/status.h"
#include "io/base/types.h"

/* Sets order[0 … G-1] to a permutation of the G centres (G, k) in which each run of group_size lies close together: the
 * set is halved at multiples of group_size along its principal direction until runs remain. Local. NO_MEMORY. */
status kmeans_order(const real *centre, lid groups, int k, lid group_size, lid *order);

#endif
