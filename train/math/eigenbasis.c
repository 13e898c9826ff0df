#include "train/math/eigenbasis.h"

#include "io/base/mem.h"

#include <string.h>

/* LAPACK, part of OpenBLAS. It is column-major: its columns, the eigenvectors, are our rows. */
extern void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *n_work, int *iwork, const int *n_iwork, int *info);

status eigenbasis(const double *gram, int k, double *spectrum, double *basis) {
  int n_work = 1 + 6 * k + 2 * k * k, n_iwork = 3 + 5 * k, info = 0;
  double *work = NULL;
  int *iwork = NULL;
  status st = OK;
  TRY(MEM_ALLOC(work, n_work, "eigenvectors"));
  TRY(MEM_ALLOC(iwork, n_iwork, "eigenvectors"));
  memcpy(basis, gram, sizeof *basis * (size_t)k * (size_t)k);
  dsyevd_("V", "L", &k, basis, &k, spectrum, work, &n_work, iwork, &n_iwork, &info);
  if (info != 0)
    st = status_fail(INTERNAL, "LAPACK found no eigenvectors of a Gram matrix of %d factors (dsyevd returned %d)", k,
                     info);
done:
  mem_free(work);
  mem_free(iwork);
  return st;
}
