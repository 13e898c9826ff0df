#include "train/solve/row/problem.h"

#include "train/solve/row/loss.h"

double half_problem_lambda(const half_problem *p, off n) {
  double count = p->pair_weight > 0 ? p->pair_weight * (double)n : (double)n;
  return ridge_weight(p->lambda, p->nu, p->explicit_loss ? 0 : p->alpha0, count, p->n_fixed);
}
