/* Quality of groups, besides their inertia. Exact sums: the same on any number of ranks. */
#ifndef PALATE_TRAIN_GROUPS_QUALITY_H
#define PALATE_TRAIN_GROUPS_QUALITY_H

#include "io/ranks/comm.h"
#include "train/centres/assign.h"

/* Gini coefficient of the sizes: 0 if all are equal, near 1 if one group has everybody. Local. NO_MEMORY. */
status kmeans_gini(const int64_t *size, lid groups, double *out);

/* Mean silhouette (Rousseeuw 1987) of a sample of about `sample` points of all ranks, each held against *all* points:
 * (b − a) / max(a, b), where a is the mean distance to the others of its group and b the least mean distance to another
 * group; 0 in a group of one. *sampled is the size of the sample. NaN with fewer than two groups. Collective; agreed
 * status. NO_MEMORY. */
status kmeans_silhouette(comm *c, const kmeans_points *points, const gid *id, const lid *label, lid groups,
                         int64_t sample, uint64_t seed, double *out, int64_t *sampled);

/* Whether other people give the same groups: two halves of about `sample` points are grouped separately, every point is
 * assigned to a group of each, and *out is the adjusted Rand index (Hubert & Arabie 1985) of the two labellings: 1
 * identical, 0 chance. NaN if a half has fewer than KMEANS_HALF_POINTS points a group. Collective; agreed status.
 * STOPPED after a signal. */
enum { KMEANS_HALF_POINTS = 5 };
status kmeans_stability(comm *c, const kmeans_points *points, const gid *id, lid groups, bool unit, int rounds,
                        int64_t sample, uint64_t seed, double *out);

#endif
