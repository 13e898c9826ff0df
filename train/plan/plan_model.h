/* A layout without data: how rows and pairs would be distributed if popularity and activity followed known laws.
 *
 * Activity is log-normal (parameter sigma), popularity of the item of rank r falls as the integral of (r + q)^-s over
 * one rank, q = share * items. Members take distinct items: user u has item i with probability 1 - exp(-t_u p_i), t_u
 * such that the expected number is u's activity. Rows are in no order of popularity, so every rank's pairs are a
 * similar sample, and a row with n pairs is needed by (P - 1)(1 - (1 - 1/P)^n) other ranks. */
#ifndef PALATE_TRAIN_PLAN_PLAN_MODEL_H
#define PALATE_TRAIN_PLAN_PLAN_MODEL_H

#include "train/plan/plan.h"

typedef struct plan_laws {
  double sigma; /* of the logarithm of activity; 1.2 */
  double s;     /* exponent of popularity; 1.5 */
  double share; /* the end of the head of popularity, as a share of the items; 1/180 */
} plan_laws;

/* A service whose rows follow the laws: what does not depend on the number of ranks. */
typedef struct plan_service plan_service;

/* heavy_from: als_settings.heavy. Free with plan_service_free. NO_MEMORY. Local. */
status plan_service_create(const plan_laws *laws, gid users, gid items, double events, off heavy_from,
                           plan_service **out);
void plan_service_free(plan_service *s);

/* Its layout over wish->ranks. Ignores wish->heavy_from. Local. Free with plan_layout_free. */
status plan_model(const plan_service *s, const plan_settings *wish, plan_layout *out);

#endif
