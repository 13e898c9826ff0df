/* What a job holds out, from its options: the same for `train`, which must not see it, and `evaluate`, which measures
 * on it. The command must take the options `holdout`, `test` and `seed`. */
#ifndef PALATE_JOBS_SETTINGS_HOLDOUT_H
#define PALATE_JOBS_SETTINGS_HOLDOUT_H

#include "eval/holdout/split.h"
#include "io/schema/dataset.h"
#include "io/snapshot/snapshot.h"
#include "jobs/cli/options.h"
#include "train/exchange/interactions.h"

enum { HOLDOUT_TEXT_MAX = 4096 };

typedef struct holdout {
  split_rule rule;             /* none where the pairs are given by a dataset */
  char text[HOLDOUT_TEXT_MAX]; /* the rule, or "test:PATH" */
  const char *test;            /* PATH, within text; or NULL */
  uint64_t *hash[2];           /* keys of lots, where the dataset's ids cannot be looked at in place. Owned */
  int64_t tied;                /* of our users, those whose last:N was decided by lot */
} holdout;

/* Reads --holdout, --test and --seed. To train, the options alone decide. To measure a model, the rule and seed it was
 * trained with (model_rule, model_seed; NULL where it has none) stand in for options that were not given, and a rule
 * that differs from the model's is warned of: the model has then seen what it is measured on. USAGE. Local; every rank
 * gets the same result. */
status holdout_read(const options *o, split_use use, const char *model_rule, uint64_t model_seed, holdout *out);

/* Whether nothing at all is held out. */
bool holdout_none(const holdout *h);

/* USAGE where the rule needs times and d has none. Local; the same on every rank. */
status holdout_check(const holdout *h, const dataset *d);

/* Gives the rule what it draws lots by: the ids of users first … first+count-1 and of all items, in place in d, which
 * must outlive the use of the rule, and checked against their checksums (of items each rank checks a share). Where d is
 * packed or has texts of variable length, 8 bytes for each of these users and items are taken. Local; for a rule
 * without lots nothing is done. */
status holdout_keys(const comm *c, holdout *h, dataset *d, gid first, gid count);

void holdout_free(holdout *h);

/* Whether the model's hold-out was drawn by this rule, seed and way of keying: whether it has seen none of what h holds
 * out. Local. */
bool holdout_is_of(const holdout *h, model *m);

/* This rank's users of d, without (train) and with (test) what is held out; test may be NULL. Columns are global item
 * rows, ascending. USAGE where the rule needs times and d has none. h keeps what its rule needs of d until
 * holdout_free. Collective; agreed status. Free with csr_free. */
status holdout_load(comm *c, holdout *h, dataset *d, const part *users, duplicates merge, csr *train, csr *test);

/* A model's attribute that says how lots were drawn; of the rule: "id", or for last:N "id among equal times". Models of
 * before have none, and drew by row; their last:N took the higher item rows among equal times. */
#define HOLDOUT_KEY "holdout_key"
const char *holdout_key(const holdout *h);

/* Whether the model's attribute says so. Local. */
bool holdout_key_is_of(const holdout *h, model *m);

/* The text for a model's attribute `holdout`; owned by h. */
const char *holdout_text(const holdout *h);

#endif
