/* Lloyd's rounds as a textbook has them: slow, in double precision, one point after another. */
#ifndef PALATE_TESTS_REF_REF_KMEANS_H
#define PALATE_TESTS_REF_REF_KMEANS_H

#include "io/base/types.h"

/* label[i] = the centre nearest to x_i, ties to the lower number; dist2[i] = the squared distance. x (n, k),
 * centre (G, k). */
void ref_kmeans_assign(const real *x, lid n, int k, const double *centre, lid groups, lid *label, double *dist2);

/* Up to `rounds` of assign and mean from the seeds in centre, in place; a group without points keeps its centre.
 * Ends with an assignment. Returns the inertia. */
double ref_kmeans(const real *x, lid n, int k, double *centre, lid groups, int rounds, lid *label);

/* Adjusted Rand index of two labellings (Hubert & Arabie 1985). */
double ref_adjusted_rand(const lid *a, const lid *b, lid n);

#endif
