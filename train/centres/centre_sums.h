/* Sums of the points of every group, in fixed point: the bits do not depend on the order of additions
 * (train/math/exact.h). */
#ifndef PALATE_TRAIN_CENTRES_CENTRE_SUMS_H
#define PALATE_TRAIN_CENTRES_CENTRE_SUMS_H

#include "train/centres/assign.h"
#include "train/math/exact.h"

/* Moves the points whose label is no longer `before` from the sum and size of their old group to those of the new one
 * (-1: no group), and copies label to before. sum (G, k) and size [G] are this rank's. Returns the number of points
 * moved. Local, OpenMP. */
int64_t kmeans_sums_move(const kmeans_points *points, exact_scale scale, const lid *label, lid *before, int64_t *sum,
                         int64_t *size);

/* The mean of each group from the sums over all ranks; a group without points keeps its centre. With `unit` each mean
 * is scaled to length 1 (spherical k-means, Dhillon & Modha 2001), unless it is 0. centre (G, k). Local. */
void kmeans_sums_centre(exact_scale scale, const int64_t *sum, const int64_t *size, lid groups, int k, bool unit,
                        real *centre);

#endif
