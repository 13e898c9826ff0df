/* The number of groups that the data supports: cross-validated likelihood (Smyth 2000, "Model selection for
 * probabilistic clustering using cross-validated likelihood").
 *
 * k-means fits a mixture of round Gaussians of one width: group g has weight π_g (its share of the points), its
 * centroid and the variance σ² = inertia / (points · factors) that all share. For each number of groups, k-means is
 * fitted to four fifths of the points, and the likelihood of the others is computed: more groups fit better until they
 * describe the sample instead of the taste. The smallest number within one standard error (of the paired difference) of
 * the best is chosen (the one-standard-error rule of Breiman et al. 1984).
 *
 * With a least size, each number is tried as it will be used: groups that are too small are merged before the
 * likelihood of the other points is computed. */
#ifndef PALATE_TRAIN_GROUPS_CHOOSE_NUMBER_H
#define PALATE_TRAIN_GROUPS_CHOOSE_NUMBER_H

#include "io/ranks/run_clock.h"
#include "train/centres/assign.h"

enum { KMEANS_AUTO_MAX = 48 };

typedef struct kmeans_curve {
  int n;                              /* numbers tried */
  lid groups[KMEANS_AUTO_MAX];        /* ascending */
  double likelihood[KMEANS_AUTO_MAX]; /* mean log-likelihood of a held-out point, in nats above the first number's */
  double error[KMEANS_AUTO_MAX];      /* standard error of its difference from the best */
  int best, chosen;                   /* places in the list */
  int64_t fitted, held_out;           /* points of all ranks, fitted and held out */
} kmeans_curve;

typedef struct choose_number_settings {
  lid least, most; /* 1 <= least <= most */
  int64_t sample;  /* about how many points of all ranks to use */
  bool unit;       /* as in kmeans_settings */
  uint64_t seed;
  const checkpoint_place *keep; /* where checkpoints of the likelihoods go, and are resumed from; NULL: none */
  int64_t
      least_size; /* of all points: each trial merges groups that are smaller (train/groups/merge_small.h); 0: none */
} choose_number_settings;

/* The kind of its checkpoints. */
#define KMEANS_AUTO_KIND "trial"

/* Tries numbers from `least` to at most `most` groups, every number of a short range, else a factor of √2 apart, on a
 * sample drawn by the seed. Numbers for which there are too few (distinct) points are left out. *tried is the number
 * tried in this call, not before. Collective; agreed status; the same on any number of ranks, and however often it was
 * stopped. BAD_DATA if there are too few points to hold some out, or for `least` groups; STOPPED; NO_MEMORY; what
 * writing a checkpoint returns. */
status kmeans_auto(comm *c, const kmeans_points *points, const gid *id, const choose_number_settings *wish,
                   kmeans_curve *out, int *tried);

#endif
