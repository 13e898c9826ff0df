#include "jobs/settings/train_settings.h"

#include "io/base/log.h"
#include "jobs/cli/words.h"
#include "jobs/settings/holdout.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

status train_settings_duplicates(const options *o, bool explicit_loss, duplicates *out) {
  int place = explicit_loss ? DUPLICATES_LAST : DUPLICATES_SUM;
  status st = option_text(o, "duplicates") != NULL ? option_choice(o, "duplicates", DUPLICATES_WORDS, &place) : OK;
  *out = (duplicates)place;
  return st;
}

status train_settings_machine(const options *o, int threads, machine *out) {
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

/* --lambda auto where it does not follow from the data. */
static const double USUAL_LAMBDA = 0.01;

/* The loss and its parameters. */
static status read_loss(const options *o, train_settings *out) {
  loss *l = &out->als.loss;
  status st = OK;
  TRY(option_choice(o, "loss", LOSS_WORDS, &out->loss));
  TRY(option_choice(o, "confidence", CONFIDENCE_WORDS, &out->confidence));
  TRY(option_choice(o, "weights", WEIGHTS_WORDS, &out->weights));
  TRY(option_number(o, "reg-exponent", 0, 4, &l->nu));
  TRY(option_number(o, "alpha", 0, 1e12, &l->alpha));
  TRY(option_number(o, "epsilon", 1e-12, 1e12, &l->epsilon));
  TRY(option_number(o, "prior-mean", 0, 1, &l->prior_mean));
  l->explicit_loss = out->loss == 0;
  l->form = (confidence)out->confidence;
  bool fits = !l->explicit_loss && l->form == CONFIDENCE_IALS;
  if (strcmp(option_text(o, "unobserved-weight"), "auto") != 0)
    TRY(option_number(o, "unobserved-weight", 0, 1e6, &l->unobserved));
  else
    out->als.unobserved_auto = fits;
  l->lambda = USUAL_LAMBDA;
  if (strcmp(option_text(o, "lambda"), "auto") != 0)
    TRY(option_number(o, "lambda", 0, 1e12, &l->lambda));
  else
    out->als.lambda_auto = fits && l->nu == 1;
  l->weigh_values = out->weights == 1;
  if (l->lambda == 0)
    log_warn("--lambda 0: members with fewer interactions than factors have no unique solution");
done:
  return st;
}

/* --half-life: none, DAYS, or DAYS,SINCE. */
static status read_half_life(const options *o, train_settings *out) {
  static const double MOST = 1e6;
  const char *text = out->half_life = option_text(o, "half-life");
  char *end = NULL;
  if (strcmp(text, "none") == 0)
    return OK;
  double days = strtod(text, &end);
  int since = *end == ',' ? word_find(RECENCY_SINCE_WORDS, end + 1) : RECENCY_USER;
  if (end == text || (*end != ',' && *end != '\0') || !(days > 0 && days <= MOST) || since < 0)
    return status_fail(USAGE, "--half-life takes none or days above 0, such as 60, 60,user or 60,global, not `%s`",
                       text);
  if (out->als.loss.explicit_loss)
    return status_fail(USAGE, "--half-life is for --loss implicit: leave it out, or train without --loss explicit");
  out->recency = (recency_settings){days, (recency_since)since};
  return OK;
}

status train_settings_read(const options *o, train_settings *out) {
  status st = OK;
  als_settings *als = &out->als;
  int64_t factors, seed, sweeps, every;
  holdout checked;
  *out = (train_settings){0};
  TRY(read_loss(o, out));
  TRY(read_half_life(o, out));
  TRY(option_choice(o, "solver", SOLVE_METHOD_WORDS, &out->solver));
  TRY(option_choice(o, "exchange", EXCHANGE_WORDS, &out->exchange));
  TRY(train_settings_duplicates(o, als->loss.explicit_loss, &out->merge));
  TRY(option_count(o, "factors", 1, 512, &factors));
  TRY(option_count(o, "seed", 0, INT64_MAX, &seed));
  TRY(option_count(o, "sweeps", 1, 100000, &sweeps));
  if (option_text(o, "memory") != NULL)
    TRY(option_size(o, "memory", &als->memory));
  TRY(option_count(o, "objective-every", 1, 100000, &every));
  TRY(option_count(o, "heavy-rows", 0, INT64_MAX, &als->heavy));
  TRY(option_number(o, "tolerance", 0, 1, &als->tolerance));
  TRY(train_settings_machine(o, omp_get_max_threads(), &als->machine));
  als->factors = (int)factors;
  als->seed = (uint64_t)seed;
  als->sweeps = (int)sweeps;
  als->objective_every = (int)every;
  als->method = (solve_method)out->solver;
  als->nonnegative = option_flag(o, "nonnegative");
  als->exchange = (exchange_mode)out->exchange;
  TRY(holdout_settings_read(o, &out->holdout));
  TRY(holdout_to_train(&out->holdout, &checked)); /* so that a wrong rule is an error before anything is written */
done:
  return st;
}
