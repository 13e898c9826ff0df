/* A member's few groups and its share in each: the nearest centres and a softmax over squared distances. */
#ifndef PALATE_TRAIN_CENTRES_MEMBERSHIP_H
#define PALATE_TRAIN_CENTRES_MEMBERSHIP_H

#include "train/centres/assign.h"

enum { MEMBERSHIPS_MAX = 16 };

/* The m nearest of G centres (G, k) of every point, nearest first: group (n, m), dist2 (n, m) squared distances.
 * 1 <= m <= min(G, MEMBERSHIPS_MAX). Nearest is by score with ties to the lower number, as in
 * train/centres/kmeans_kernel.h, so that the first is k-means' label. Local, OpenMP. NO_MEMORY. */
status membership_nearest(const kmeans_points *points, const real *centre, lid groups, int m, lid *group, real *dist2);

/* affinity (n, m) = softmax over j of −dist2[j] / temperature; each row sums to 1. temperature > 0. Local, OpenMP. */
void membership_affinity(const real *dist2, lid n, int m, double temperature, real *affinity);

/* The number of the n rows whose first affinity is at least `share` at this temperature. Local, OpenMP. */
int64_t membership_above(const real *dist2, lid n, int m, double temperature, double share);

/* The median member's first affinity: 0.5 if m allows it, else halfway from an even share to 1. */
double membership_target(int m);

#endif
