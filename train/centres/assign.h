/* The nearest centre of every point on one rank, round after round, without computing distances that cannot win.
 *
 * Letters: n points, k factors, G centres. The label of a point is the centre of least score
 * (train/centres/kmeans_kernel.h), ties to the lower number. The centres are put into groups; per point and group a
 * lower bound of the distance to the group's centres is kept and lowered by how far they move (Ding et al. 2015,
 * "Yinyang K-means"; with one group this is Hamerly 2010). A group is skipped for a point only if the bound, with every
 * rounding error allowed for, shows that none of its *computed* scores can be as low as the point's own. So the labels
 * equal those of plain Lloyd bit for bit, whatever the groups are.
 *
 * Local, kernels only: runs in OpenMP threads. */
#ifndef PALATE_TRAIN_CENTRES_ASSIGN_H
#define PALATE_TRAIN_CENTRES_ASSIGN_H

#include "io/base/status.h"
#include "io/base/types.h"

typedef struct kmeans_points {
  lid n;
  int k;
  off ld;        /* distance between rows, >= k */
  const real *x; /* (n, ld), finite */
} kmeans_points;

typedef struct kmeans_assigner kmeans_assigner;

/* Room for points and centres; the points stay the caller's and must not change. bound_bytes limits the bounds' memory:
 * 0: no bounds, every distance is computed each time (plain Lloyd). Free with kmeans_assigner_free. NO_MEMORY. */
status kmeans_assigner_create(const kmeans_points *points, lid groups, int64_t bound_bytes, kmeans_assigner **out);
void kmeans_assigner_free(kmeans_assigner *a);

typedef struct kmeans_work {
  int64_t scanned; /* distances computed */
  int64_t skipped; /* distances that bounds ruled out */
} kmeans_work;

/* Sets label[i] to the nearest centre of point i and dist2[i] to its squared distance, computed without cancellation.
 * On entry label holds the labels of the last call (-1 everywhere the first time); for each label changed in between,
 * the caller has called kmeans_assigner_relabel. centre (G, k). NO_MEMORY, before anything has changed. */
status kmeans_assign(kmeans_assigner *a, const real *centre, lid *label, real *dist2, kmeans_work *work);

/* Discards the bounds of point i, whose label the caller has changed. */
void kmeans_assigner_relabel(kmeans_assigner *a, lid i);

/* For seeding: updates best[i] and label[i] with `count` further centres, numbered from `first`. They begin as best =
 * +inf, label = -1. NO_MEMORY. */
status kmeans_assign_more(const kmeans_points *points, const real *centre, lid first, lid count, real *best,
                          lid *label);

/* out[i] = |x_i − centre[label[i]]|². */
void kmeans_point_distances(const kmeans_points *points, const real *centre, const lid *label, real *out);

/* half[g] = |centre_g|²/2, as in scores. */
void kmeans_half_lengths(const real *centre, lid groups, int k, real *half);

#endif
