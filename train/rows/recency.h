/* Recency: what people did lately says more about what they do next, so an older pair weighs less. */
#ifndef PALATE_TRAIN_ROWS_RECENCY_H
#define PALATE_TRAIN_ROWS_RECENCY_H

#define RECENCY_SINCE_WORDS "user|global" /* of --half-life DAYS,SINCE */

/* What a pair's age is counted to: the last training event of its user, or of the whole dataset. */
typedef enum recency_since { RECENCY_USER, RECENCY_GLOBAL } recency_since;

typedef struct recency_settings {
  double half_life; /* in days, above 0; 0: every pair weighs 1 */
  recency_since since;
} recency_settings;

/* The weight of a pair of this age: 0.02 + 0.98 * 2^(-age / half_life). Never 0: a like stays a like. Local. */
double recency_weight(const recency_settings *r, double days);

#endif
