/* Options as JSON: {name: text, or null without a value}. Texts are made fit for JSON. */
#ifndef PALATE_JOBS_SETTINGS_RECORDED_H
#define PALATE_JOBS_SETTINGS_RECORDED_H

#include "jobs/cli/options.h"

#include <jansson.h>

/* All options of the command. NO_MEMORY. Local. Free with json_decref. */
status recorded_all(const options *o, json_t **out);

/* Those that change the model (option_table.h); null if the command does not take one. NO_MEMORY. Local. Free with
 * json_decref. */
status recorded_model(const options *o, json_t **out);

/* Those of `list`, which ends with {0}, that change the groups or the model below them. NO_MEMORY. Local. Free with
 * json_decref. */
status recorded_groups(const options *o, const option_use *list, json_t **out);

#endif
