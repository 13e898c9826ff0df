#include "jobs/holdout.h"

#include "eval/given.h"
#include "io/log.h"

#include <stdio.h>
#include <string.h>

static const char GIVEN[] = "test:";
enum { GIVEN_LENGTH = sizeof GIVEN - 1 };

/* The rule that the options give, or "" where they give none. */
static status text_of(const options *o, char *out) {
  const char *test = option_text(o, "test");
  out[0] = '\0';
  if (test != NULL && option_given(o, "holdout"))
    return status_fail(USAGE, "give --holdout or --test, not both");
  if (test != NULL) {
    if (strlen(test) + sizeof GIVEN > HOLDOUT_TEXT_MAX)
      return status_fail(USAGE, "--test: the path is too long");
    snprintf(out, HOLDOUT_TEXT_MAX, "%s%s", GIVEN, test);
  } else if (option_given(o, "holdout")) {
    snprintf(out, HOLDOUT_TEXT_MAX, "%s", option_text(o, "holdout"));
  }
  return OK;
}

status holdout_read(const options *o, split_use use, const char *model_rule, uint64_t model_seed, holdout *out) {
  int64_t seed = 0;
  *out = (holdout){.test = NULL};
  status st = option_count(o, "seed", 0, INT64_MAX, &seed);
  if (st == OK)
    st = text_of(o, out->text);
  if (st != OK)
    return st;
  if (out->text[0] == '\0')
    snprintf(out->text, sizeof out->text, "%s", model_rule != NULL ? model_rule : option_text(o, "holdout"));
  if (model_rule != NULL && !option_given(o, "seed"))
    seed = (int64_t)model_seed;
  if (strncmp(out->text, GIVEN, GIVEN_LENGTH) == 0) {
    out->test = out->text + GIVEN_LENGTH;
    st = split_parse("none", (uint64_t)seed, &out->rule);
  } else {
    st = split_parse(out->text, (uint64_t)seed, &out->rule);
  }
  out->rule.use = use;
  bool random = out->rule.kind == SPLIT_RANDOM || out->rule.kind == SPLIT_USERS;
  if (st == OK && model_rule != NULL &&
      (strcmp(out->text, model_rule) != 0 || (random && (uint64_t)seed != model_seed)))
    log_warn("the model was trained with --holdout %s --seed %llu: measured with --holdout %s --seed %llu it has "
             "seen test pairs, and looks better than it is",
             model_rule, (unsigned long long)model_seed, out->text, (unsigned long long)seed);
  return st;
}

bool holdout_none(const holdout *h) {
  return h->rule.kind == SPLIT_NONE && h->test == NULL;
}

static status load_given(comm *c, const holdout *h, dataset *d, const part *users, duplicates merge, csr *train,
                         csr *test) {
  given_pairs given = {0};
  status st = given_load(c, d, h->test, users, merge, &given);
  if (st == OK)
    st = interactions_load(c, d, users, merge, given_mark, &given, train, NULL);
  if (st == OK && test != NULL) {
    *test = given.rows;
    given.rows = (csr){0};
  }
  given_free(&given);
  return st;
}

status holdout_check(const holdout *h, const dataset *d) {
  if (split_needs_time(&h->rule) && !dataset_has_time(d))
    return status_fail(USAGE, "--holdout %s needs times, and %s has none; random:F does without", h->rule.text,
                       dataset_path(d));
  return OK;
}

status holdout_load(comm *c, const holdout *h, dataset *d, const part *users, duplicates merge, csr *train, csr *test) {
  if (h->test != NULL)
    return load_given(c, h, d, users, merge, train, test);
  status st = holdout_check(h, d);
  if (st != OK)
    return st;
  return interactions_load(c, d, users, merge, split_mark, &h->rule, train, test);
}

const char *holdout_text(const holdout *h) {
  return h->text;
}
