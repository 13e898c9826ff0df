#include "jobs/holdout.h"

#include "io/log.h"

#include <string.h>

status holdout_read(const options *o, split_use use, const char *model_rule, uint64_t model_seed, holdout *out) {
  int64_t seed = 0;
  const char *text = option_text(o, "holdout");
  status st = option_count(o, "seed", 0, INT64_MAX, &seed);
  if (st != OK)
    return st;
  if (model_rule != NULL) {
    if (!option_given(o, "holdout"))
      text = model_rule;
    if (!option_given(o, "seed"))
      seed = (int64_t)model_seed;
    if (strcmp(text, model_rule) != 0 || (uint64_t)seed != model_seed)
      log_warn("the model was trained with --holdout %s --seed %llu: measured with --holdout %s --seed %llu it has "
               "seen test pairs, and looks better than it is",
               model_rule, (unsigned long long)model_seed, text, (unsigned long long)seed);
  }
  st = split_parse(text, (uint64_t)seed, &out->rule);
  out->rule.use = use;
  return st;
}

status holdout_load(comm *c, const holdout *h, dataset *d, const part *users, duplicates merge, csr *train, csr *test) {
  if (split_needs_time(&h->rule) && !dataset_has_time(d))
    return status_fail(USAGE, "--holdout %s needs times, and %s has none; random:F does without", h->rule.text,
                       dataset_path(d));
  return interactions_load(c, d, users, merge, split_mark, &h->rule, train, test);
}

const char *holdout_text(const holdout *h) {
  return h->rule.text;
}
