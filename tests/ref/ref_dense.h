/* Dense linear algebra of the references: slow, in double precision, obviously right. */
#ifndef PALATE_TESTS_REF_REF_DENSE_H
#define PALATE_TESTS_REF_REF_DENSE_H

/* x (m) becomes the solution of a y = x, by Gaussian elimination with row pivoting; a (m, m) row-major, destroyed.
 * Local. */
void ref_solve(int m, double *a, double *x);

#endif
