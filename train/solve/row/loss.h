/* What is minimised, and how a value of the dataset becomes a confidence.
 *
 * The two losses are written out in train/solve/row/problem.h. Here are their settings, the transform of values, and
 * the regularization of a row. */
#ifndef PALATE_TRAIN_SOLVE_ROW_LOSS_H
#define PALATE_TRAIN_SOLVE_ROW_LOSS_H

#include "io/base/types.h"

/* The words of --confidence and --weights (loss.weigh_values), as models keep them. */
#define CONFIDENCE_WORDS "ials|linear|raw|log"
#define WEIGHTS_WORDS "one|value"

typedef enum confidence { CONFIDENCE_IALS, CONFIDENCE_LINEAR, CONFIDENCE_RAW, CONFIDENCE_LOG } confidence;

typedef struct loss {
  bool explicit_loss;
  double lambda, nu;
  /* implicit only */
  confidence form;
  double alpha, epsilon, unobserved; /* unobserved: alpha0 of `ials`; the other forms have 1 */
  bool weigh_values;                 /* ials: a pair's weight is its value rather than 1 */
  double prior_mean;                 /* phi of --prior-mean, 0 … 1 */
} loss;

/* Replaces n merged values by what train/solve/row/problem.h calls v: the rating itself (explicit), or the confidence,
 * negative for a dislike (Hu et al. 2008, section 4 and eq. 6; Rendle et al. 2021). With the implicit loss a pair of
 * value 0 is not a like: remove it first (csr_drop_zeros); it then counts as not observed. Local. */
void loss_transform(const loss *l, off n, real *val);

/* alpha0: the weight of every pair, observed or not; 0 for the explicit loss. */
double loss_alpha0(const loss *l);

/* The weight of unobserved pairs that fits the data, for `ials`: ten times as much in all as the observed pairs weigh,
 * if each weighs 1; at most 1. With weights by recency `pairs` is their sum. For users and items with training pairs.
 */
double loss_unobserved_for(double pairs, gid users, gid items);

/* The lambda that fits the data beside that weight and nu = 1: a row with few pairs needs more. For users with training
 * pairs. */
double loss_lambda_for(off pairs, gid users);

/* By how much a confidence exceeds the weight of the same pair's squared error (a = |v| - base). */
double loss_base(const loss *l);

/* lambda (n + alpha0 n_fixed)^nu: the ridge of a row with n interactions facing n_fixed rows (Rendle et al. 2021, eq.
 * 9; with alpha0 = 0, Zhou et al. 2008). */
double ridge_weight(double lambda, double nu, double alpha0, double n, gid n_fixed);

/* The same with the loss's own settings. */
double loss_row_lambda(const loss *l, double n, gid n_fixed);

/* phi lambda (alpha0 n_items)^nu: the share of every user's ridge that pulls to the mean user instead of to zero. It is
 * at most the ridge of a user without interactions, so no row's ridge is smaller. 0 for the explicit loss. The point
 * estimate of the hierarchical prior of Salakhutdinov & Mnih 2008. */
double loss_pull(const loss *l, gid n_items);

#endif
