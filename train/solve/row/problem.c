#include "train/solve/row/problem.h"

#include "train/solve/row/loss.h"

double half_problem_lambda(const half_problem *p, off n) {
  return ridge_weight(p->lambda, p->nu, p->explicit_loss ? 0 : p->alpha0, n, p->n_fixed);
}
