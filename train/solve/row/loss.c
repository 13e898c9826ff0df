#include "train/solve/row/loss.h"

#include <math.h>

void loss_transform(const loss *l, off n, real *val) {
  if (l->explicit_loss)
    return;
  for (off i = 0; i < n; i++) {
    double v = val[i], size = fabs(v), c = 0;
    switch (l->form) {
    case CONFIDENCE_IALS:
      c = l->weigh_values ? size : 1;
      break;
    case CONFIDENCE_LINEAR:
      c = 1 + l->alpha * size;
      break;
    case CONFIDENCE_RAW:
      c = l->alpha * size;
      break;
    case CONFIDENCE_LOG:
      c = 1 + l->alpha * log1p(size / l->epsilon);
      break;
    }
    val[i] = (real)(v < 0 ? -c : c);
  }
}

double loss_alpha0(const loss *l) {
  if (l->explicit_loss)
    return 0;
  return l->form == CONFIDENCE_IALS ? l->unobserved : 1;
}

double loss_unobserved_for(off pairs, gid users, gid items) {
  static const double RATIO = 10; /* measured: tests/bench/README.md */
  return fmin(1, RATIO * (double)pairs / ((double)users * (double)items));
}

double loss_lambda_for(off pairs, gid users) {
  static const double SCALE = 0.06; /* measured: tests/bench/README.md */
  return SCALE / cbrt((double)pairs / (double)users);
}

double loss_base(const loss *l) {
  return l->explicit_loss || l->form == CONFIDENCE_IALS ? 0 : 1;
}

double ridge_weight(double lambda, double nu, double alpha0, off n, gid n_fixed) {
  return lambda * pow((double)n + alpha0 * (double)n_fixed, nu);
}

double loss_row_lambda(const loss *l, off n, gid n_fixed) {
  return ridge_weight(l->lambda, l->nu, loss_alpha0(l), n, n_fixed);
}

double loss_pull(const loss *l, gid n_items) {
  return l->explicit_loss ? 0 : l->prior_mean * loss_row_lambda(l, 0, n_items);
}
