/* What is said aloud of a model that nobody should be shown, and which setting to try. */
#ifndef PALATE_JOBS_STEPS_ADVICE_H
#define PALATE_JOBS_STEPS_ADVICE_H

#include "jobs/steps/measure.h"

/* Compares the first model with most popular by the deciding metric (NDCG at the first length; of ratings RMSE, where
 * most popular predicts an item's mean): 1 if the paired 95 % interval shows it better, -1 if it shows it worse, 0 if
 * it shows neither, as where there are few members or titles. Local. */
int advice_over_popular(const evaluation *e);

/* Returns true if the first model's lists have shown fewer items than those of most popular, and only a handful: at
 * most twice the length of a list, or one in twenty of those that the lists have places for. Catalogues of less than
 * five lists are never judged. Local. */
bool advice_collapsed(const evaluation *e);

/* Warns of either, with the figures and what to try. Local: rank 0. */
void advice_tell(const measured *m);

#endif
