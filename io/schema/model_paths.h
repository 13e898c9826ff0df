/* Where model.h5 holds what: shared by its reader and its writer. */
#ifndef PALATE_IO_SCHEMA_MODEL_PATHS_H
#define PALATE_IO_SCHEMA_MODEL_PATHS_H

#define MODEL_FORMAT "palate-model"
enum { MODEL_FORMAT_VERSION = 1 };

/* Of the users and of the items. */
static const char *const MODEL_FACTORS[] = {"/users/factors", "/items/factors"};
static const char *const MODEL_BIAS[] = {"/users/bias", "/items/bias"};
static const char *const MODEL_ID[] = {"/users/id", "/items/id"};
/* Of a model with a prior: the mean user, and the row of users without training events; (k) each. */
#define MODEL_PRIOR_MEAN "/users/prior_mean"
#define MODEL_UNSEEN "/users/unseen"
/* Training pairs of each item; older models do not have it. */
#define MODEL_PAIRS "/items/pairs"
#define MODEL_TITLE "/items/title"
#define MODEL_TAGS "/items/tags"

#endif
