#include "jobs/settings/train_options.h"

#include "io/base/log.h"

#include <omp.h>

status train_options_duplicates(const options *o, bool explicit_loss, duplicates *out) {
  int place = explicit_loss ? DUPLICATES_LAST : DUPLICATES_SUM;
  status st = option_text(o, "duplicates") != NULL ? option_choice(o, "duplicates", DUPLICATES_WORDS, &place) : OK;
  *out = (duplicates)place;
  return st;
}

status train_options_machine(const options *o, int threads, machine *out) {
  double link, local, flops, half, latency;
  status st = OK;
  TRY(option_number(o, "link", 1e-6, 1e6, &link));
  TRY(option_number(o, "local-link", 1e-6, 1e6, &local));
  TRY(option_number(o, "core-flops", 1e-3, 1e6, &flops));
  TRY(option_number(o, "half-speed", 0, 1e6, &half));
  TRY(option_number(o, "latency", 0, 1e9, &latency));
  *out = (machine){.threads = threads,
                   .flops = flops * 1e9,
                   .half = half,
                   .link = link * 1e9,
                   .local = local * 1e9,
                   .latency = latency * 1e-6};
done:
  return st;
}

status train_options_read(const options *o, train_options *t) {
  status st = OK;
  *t = (train_options){0};
  loss *l = &t->als.loss;
  int64_t factors, seed, sweeps, every, heavy;
  TRY(option_choice(o, "loss", LOSS_WORDS, &t->loss));
  TRY(option_choice(o, "confidence", CONFIDENCE_WORDS, &t->confidence));
  TRY(option_choice(o, "weights", WEIGHTS_WORDS, &t->weights));
  TRY(option_choice(o, "solver", SOLVER_WORDS, &t->solver));
  TRY(option_choice(o, "exchange", EXCHANGE_WORDS, &t->exchange));
  TRY(train_options_duplicates(o, t->loss == 0, &t->merge));
  TRY(option_count(o, "factors", 1, 512, &factors));
  TRY(option_count(o, "seed", 0, INT64_MAX, &seed));
  TRY(option_count(o, "sweeps", 1, 100000, &sweeps));
  if (option_text(o, "memory") != NULL)
    TRY(option_size(o, "memory", &t->als.memory));
  TRY(option_count(o, "objective-every", 1, 100000, &every));
  TRY(option_count(o, "heavy-rows", 0, INT64_MAX, &heavy));
  TRY(option_number(o, "lambda", 0, 1e12, &l->lambda));
  TRY(option_number(o, "reg-exponent", 0, 4, &l->nu));
  TRY(option_number(o, "alpha", 0, 1e12, &l->alpha));
  TRY(option_number(o, "epsilon", 1e-12, 1e12, &l->epsilon));
  TRY(option_number(o, "unobserved-weight", 0, 1e6, &l->unobserved));
  TRY(option_number(o, "tolerance", 0, 1, &t->als.tolerance));
  TRY(train_options_machine(o, omp_get_max_threads(), &t->als.machine));
  l->explicit_loss = t->loss == 0;
  l->form = (confidence)t->confidence;
  l->weigh_values = t->weights == 1;
  t->als.factors = (int)factors;
  t->als.seed = (uint64_t)seed;
  t->als.sweeps = (int)sweeps;
  t->als.objective_every = (int)every;
  t->als.heavy = heavy;
  t->als.method = (solve_method)t->solver;
  t->als.nonnegative = option_flag(o, "nonnegative");
  t->als.exchange = (exchange_mode)t->exchange;
  if (l->lambda == 0)
    log_warn("--lambda 0: members with fewer interactions than factors have no unique solution");
done:
  return st;
}
