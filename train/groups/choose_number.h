/* How many groups the data supports: cross-validated likelihood (Smyth 2000, "Model selection for probabilistic
 * clustering using cross-validated likelihood").
 *
 * k-means fits a mixture of round Gaussians of one width: group g has weight π_g (its share of the points), its
 * centroid and the variance σ² = inertia / (points · factors) that all share. For each number of groups, a fit on four
 * fifths of the points is asked how likely it finds the others: more groups fit better until they describe the sample
 * instead of the taste. Among the numbers that are not worse than the best by more than one standard error of the
 * (paired) difference the smallest is taken (the one-standard-error rule of Breiman et al. 1984). */
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
  int64_t fitted, held_out;           /* points of all ranks used for either */
} kmeans_curve;

typedef struct kmeans_auto_wish {
  lid least, most; /* 1 <= least <= most */
  int64_t sample;  /* about how many points of all ranks to look at */
  bool unit;       /* as in kmeans_config */
  uint64_t seed;
  const edge_keep
      *keep; /* where the likelihoods of the numbers tried so far are kept, and gone on from; NULL: nowhere */
} kmeans_auto_wish;

/* The kind of its checkpoints. */
#define KMEANS_AUTO_KIND "trial"

/* Tries numbers from `least` to at most `most` groups, all of a short range and else a factor of √2 apart, on a sample
 * drawn by the seed. Numbers for which there are too few points, or too few that differ, are left out. *tried says how
 * many were tried in this call, and not before. Collective; agreed status; the same on any number of ranks, and however
 * often it was stopped. BAD_DATA where there are too few points to hold any out, or for `least` groups; STOPPED;
 * NO_MEMORY; what writing a checkpoint returns. */
status kmeans_auto(comm *c, const kmeans_points *points, const gid *id, const kmeans_auto_wish *wish, kmeans_curve *out,
                   int *tried);

#endif
