/* The nearest centre of every point on one rank, round after round, without looking at centres that cannot win.
 *
 * Letters: n points, k factors, G centres. The label of a point is the centre of least score
 * (train/centres/kmeans_kernel.h), ties to the lower number. The centres are put into groups; per point and group a
 * lower bound of the distance to the group's centres is kept and lowered by how far they move (Ding et al. 2015,
 * "Yinyang K-means"; with one group this is Hamerly 2010). A group is skipped for a point only where the bound, with
 * every rounding error allowed for, shows that none of its *computed* scores can be as low as the point's own. So
 * labels are those of plain Lloyd to the bit, however the groups are cut.
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
 * 0 keeps none and looks at every centre each time (plain Lloyd). Free with kmeans_assigner_free. NO_MEMORY. */
status kmeans_assigner_create(const kmeans_points *points, lid groups, int64_t bound_bytes, kmeans_assigner **out);
void kmeans_assigner_free(kmeans_assigner *a);

typedef struct kmeans_work {
  int64_t scanned; /* distances computed */
  int64_t skipped; /* distances that bounds made needless */
} kmeans_work;

/* label[i] becomes the nearest centre of point i and dist2[i] its squared distance, computed without cancellation.
 * label holds the last call's labels on entry (-1 everywhere the first time); where the caller changed one in between,
 * it has said so with kmeans_assigner_relabel. centre (G, k). NO_MEMORY, before anything has changed. */
status kmeans_assign(kmeans_assigner *a, const real *centre, lid *label, real *dist2, kmeans_work *work);

/* Point i was moved by hand: its bounds are forgotten. */
void kmeans_assigner_relabel(kmeans_assigner *a, lid i);

/* A pass for seeding: best[i] and label[i] learn of `count` further centres, numbered from `first`. Callers begin with
 * best = +inf, label = -1. */
status kmeans_assign_more(const kmeans_points *points, const real *centre, lid first, lid count, real *best,
                          lid *label);

/* out[i] = |x_i − centre[label[i]]|². */
void kmeans_point_distances(const kmeans_points *points, const real *centre, const lid *label, real *out);

/* half[g] = |centre_g|²/2, as scores take it. */
void kmeans_half_lengths(const real *centre, lid groups, int k, real *half);

#endif
