/* Models on a hold-out, over ranks: every user's list over all items, training items left out, and its metrics.
 *
 * Each rank measures its own users; the figures have the same bits on any number of ranks and threads. Users without a
 * test item are counted and left out of the means. For an implicit model a held-out dislike (negative value) is no
 * test item, and neither is a pair of value 0 (bought and returned): both are no likes. In training such pairs are
 * known to the user, and so are not recommended, but they are not counted as liked. Predicted ratings are clipped to
 * the scale of the training values. */
#ifndef PALATE_EVAL_MEASURE_EVALUATE_H
#define PALATE_EVAL_MEASURE_EVALUATE_H

#include "eval/baseline/popular.h"
#include "eval/measure/metrics.h"
#include "eval/score/foldin.h"
#include "eval/score/scorer.h"
#include "io/ranks/run_clock.h"

enum { EVALUATE_MODELS = 2 };

/* A mean and its 95 % interval. */
typedef struct figure {
  double value, low, high;
} figure;

/* What one model or baseline got. */
typedef struct scores {
  bool intervals;
  figure rmse, mae; /* explicit only */
  figure at[METRICS_AT_MAX][METRICS];
  /* Of the lists at the first length: the share of all items that anyone is shown, the Gini coefficient of how often
   * each item is shown (0: all alike, 1: one only), the mean of -log2 of the share of users who have the item, and the
   * mean of 1 - cosine over the pairs of a list. 0 for `random`, and for the second model. */
  double coverage, gini, novelty, diversity;
} scores;

/* Users, or test items, of one kind. */
typedef struct slice {
  char name[64];
  int64_t users;
  double model[METRICS], popular[METRICS]; /* at the first length */
  double rmse;                             /* explicit: of the model */
} slice;

enum { SLICES_MAX = 16 };

typedef struct evaluation {
  int64_t users, users_without_test, test_pairs, folded_in;
  bool explicit_loss;
  int n_at, at[METRICS_AT_MAX], n_models;
  scores model[EVALUATE_MODELS], popular, random;
  scores difference; /* two models: the first less the second, with paired intervals; no coverage and the like */
  int n_slices;
  slice slices[SLICES_MAX];
} evaluation;

typedef struct evaluate_input {
  int n_models;
  scorer *model[EVALUATE_MODELS];
  const row_map *map[EVALUATE_MODELS];
  foldin *fold[EVALUATE_MODELS]; /* for users without factors; NULL: they get none */
  gid n_users, first_user;       /* of the dataset; the first of ours */
  lid n_items;
  const csr *train, *test;  /* this rank's users, item rows of the dataset as columns */
  const uint8_t *fold_user; /* [our users]: fold this one in although the model has a row for it; may be NULL */
  bool explicit_loss;
  double low, high; /* explicit: the rating scale */
  int n_at, at[METRICS_AT_MAX];
  uint64_t seed;         /* of the bootstrap */
  int64_t memory;        /* bounds what a rank takes beside the blocks of items; 0: 1 GiB */
  const edge_keep *keep; /* where what is measured so far is kept, and gone on from; NULL: nowhere */
} evaluate_input;

/* The kind of its checkpoints. */
#define EVALUATE_KIND "batch"

/* Collective; agreed status. BAD_DATA where no user has a test item; STOPPED after a checkpoint: the same call goes on
 * from there, on any number of ranks, and to the same bits. */
status evaluate(comm *c, const evaluate_input *in, evaluation *out);

#endif
