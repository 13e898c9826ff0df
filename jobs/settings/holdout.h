/* What a job holds out: the same pairs for training, which must not see them, and for measuring, which is done on them.
 */
#ifndef PALATE_JOBS_SETTINGS_HOLDOUT_H
#define PALATE_JOBS_SETTINGS_HOLDOUT_H

#include "eval/holdout/split.h"
#include "io/schema/dataset.h"
#include "io/schema/model.h"
#include "jobs/settings/holdout_settings.h"
#include "train/exchange/interactions.h"

enum { HOLDOUT_TEXT_MAX = 4096 };

typedef struct holdout {
  split_rule rule;             /* none if a dataset gives the pairs */
  char text[HOLDOUT_TEXT_MAX]; /* the rule, or "test:PATH" */
  const char *test;            /* PATH, within text; or NULL */
  bool by_row;                 /* of a model that drew by row: HOLDOUT_KEY */
  uint64_t *hash[2];           /* keys of the draw, if the dataset's ids cannot be read in place. Owned */
  int64_t tied;                /* our users for whom draws decided what last:N holds out */
} holdout;

/* What training must not see. USAGE. Local; every rank gets the same result. */
status holdout_to_train(const holdout_settings *s, holdout *out);

/* What a model is measured on. The rule and seed it was trained with (model_rule, model_seed) stand in for what was not
 * given. It may have seen some of it (jobs/steps/seen_pairs.h). USAGE. Local; every rank gets the same result. */
status holdout_to_measure(const holdout_settings *s, const char *model_rule, uint64_t model_seed, holdout *out);

/* What the training of m did not see, from its attributes. USAGE if its rule is not known. Local. */
status holdout_of_model(model *m, holdout *out);

/* Returns true if nothing at all is held out. */
bool holdout_none(const holdout *h);

/* USAGE if the rule needs times and d has none. Local; the same on every rank. */
status holdout_check(const holdout *h, const dataset *d);

/* Gives the rule the ids it draws by: of users first … first+count-1 and of all items, in place in d, which must
 * outlive the use of the rule. They are checked against their checksums (each rank checks a share of the items). If d
 * is packed or has texts of variable length, 8 bytes are taken for each of these users and items. Local; does nothing
 * for a rule that draws nothing. */
status holdout_keys(const comm *c, holdout *h, dataset *d, gid first, gid count);

void holdout_free(holdout *h);

/* Returns true if the model's hold-out was drawn by this rule, seed and way of keying, so that the model has seen none
 * of what h holds out. Local. */
bool holdout_is_of(const holdout *h, model *m);

/* This rank's users of d, without (train) and with (test) what is held out; test may be NULL. Columns are global item
 * rows, ascending. USAGE if the rule needs times and d has none. h keeps what its rule needs of d until holdout_free.
 * `recency` weighs the training pairs; NULL: no weights (interactions_load). Collective; agreed status. Free with
 * csr_free. */
status holdout_load(comm *c, holdout *h, dataset *d, const part *users, duplicates merge,
                    const recency_settings *recency, csr *train, csr *test);

/* A model's attribute HOLDOUT_KEY says how the hold-out was drawn: by "id"; last:N by "id among equal times". Older
 * models lack it, or have "id" with last:N: theirs was drawn by row. */
#define HOLDOUT_KEY "holdout_key"
const char *holdout_key(const holdout *h);

/* Returns true if the model's attribute says so. Local. */
bool holdout_key_is_of(const holdout *h, model *m);

/* The text for a model's attribute `holdout`; owned by h. */
const char *holdout_text(const holdout *h);

#endif
