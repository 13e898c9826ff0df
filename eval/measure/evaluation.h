/* What is measured, and the figures that come out. */
#ifndef PALATE_EVAL_MEASURE_EVALUATION_H
#define PALATE_EVAL_MEASURE_EVALUATION_H

#include "eval/metrics/metrics.h"
#include "eval/score/foldin.h"
#include "eval/score/scorer.h"
#include "io/ranks/run_clock.h"

enum { EVALUATE_MODELS = 2 };

/* A mean and its 95 % interval. */
typedef struct figure {
  double value, low, high;
} figure;

/* The figures of one model or baseline. */
typedef struct scores {
  bool intervals;   /* false: low and high are not set */
  figure rmse, mae; /* explicit models only */
  figure at[METRICS_AT_MAX][METRICS];
  /* Of the lists at the first length: the share of all items that appear in a list, the Gini coefficient of how often
   * each item appears (0: all equally, 1: one only), the mean of -log2 of the share of users who have the item, and the
   * mean of 1 - cosine over the pairs of a list. 0 for `random` and for the second model. */
  double coverage, gini, novelty, diversity;
} scores;

/* The figure of a metric; a: place in evaluation.at, ignored for metrics of ratings. Local. */
static inline const figure *scores_figure(const scores *s, metric m, int a) {
  return m == METRIC_RMSE ? &s->rmse : m == METRIC_MAE ? &s->mae : &s->at[a][m];
}

/* Users, or test items, of one kind. */
typedef struct slice {
  char name[64];
  int64_t users;
  double model[METRICS], popular[METRICS]; /* at the first length */
  double rmse;                             /* explicit models: the model's */
} slice;

enum { SLICES_MAX = 16 };

typedef struct evaluation {
  int64_t users, users_without_test, test_pairs, folded_in;
  bool explicit_loss;
  int n_at, at[METRICS_AT_MAX], n_models;
  scores model[EVALUATE_MODELS], popular, random;
  /* The first model minus most popular, and of two models minus the second, with paired intervals; coverage to
   * diversity are 0. */
  scores over_popular, difference;
  int64_t n_items;
  int n_slices;
  slice slices[SLICES_MAX];
} evaluation;

typedef struct evaluate_settings {
  int n_models;
  scorer *model[EVALUATE_MODELS];
  const row_map *map[EVALUATE_MODELS];
  foldin *fold[EVALUATE_MODELS]; /* for users without factors; NULL: they are scored without factors */
  gid n_users, first_user;       /* of the dataset; the first of our users */
  lid n_items;
  const csr *train, *test;  /* our users; columns are the dataset's item rows */
  const uint8_t *fold_user; /* [our users]: fold this user in although the model has a row for it; may be NULL */
  bool explicit_loss;
  double low, high; /* explicit models: the rating scale */
  int n_at, at[METRICS_AT_MAX];
  uint64_t seed;                /* of the bootstrap */
  int64_t memory;               /* limits what a rank takes beside the blocks of items; 0: 1 GiB */
  const checkpoint_place *keep; /* where checkpoints are written to and resumed from; NULL: nowhere */
} evaluate_settings;

/* The kind of evaluate's checkpoints (io/snapshot/checkpoint.h). */
#define EVALUATE_KIND "batch"

#endif
