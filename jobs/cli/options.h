/* The values of a command's options: from the command line, else from --config FILE (`name = value` lines, # comments),
 * else the default. option_parse.h makes them. */
#ifndef PALATE_JOBS_CLI_OPTIONS_H
#define PALATE_JOBS_CLI_OPTIONS_H

#include "io/base/status.h"
#include "io/base/types.h"
#include "jobs/cli/command.h"

void options_free(options *o); /* NULL is accepted */

/* A copy with the same values. OK or NO_MEMORY. Free with options_free. */
status options_copy(const options *o, options **out);

/* Gives the option this value, as --config would: `no` unsets a flag. USAGE if the command does not take it. */
status options_set(options *o, const char *name, const char *value);

int options_argument_count(const options *o);
const char *options_argument(const options *o, int i);

/* The value as text; NULL if it is not given and has no default. Owned by o. */
const char *option_text(const options *o, const char *name);
/* Value i of an option that may be given several times; NULL behind the last one. Owned by o. */
const char *option_text_at(const options *o, const char *name, int i);
/* Whether the user gave it (command line or config), rather than the default. */
bool option_given(const options *o, const char *name);
bool option_flag(const options *o, const char *name);

/* Values checked and converted (option_values.c); USAGE names the option, the value and what is accepted. */
status option_count(const options *o, const char *name, int64_t low, int64_t high, int64_t *out);
status option_number(const options *o, const char *name, double low, double high, double *out);
/* words = "a|b|c", of words.h; *out is the place in the list, from 0. */
status option_choice(const options *o, const char *name, const char *words, int *out);
/* "512M", "4G", "100000": bytes. */
status option_size(const options *o, const char *name, int64_t *out);
/* "90s", "10m", "2h", "1d": seconds, more than 0. */
status option_seconds(const options *o, const char *name, double *out);
/* "10,20,50" to at most `most` whole numbers of at least 1, ascending. */
status option_counts(const options *o, const char *name, int most, int *out, int *n);

/* Visits every option of the command but the common ones, with its value (NULL: none), for manifests. */
void options_each(const options *o, void (*visit)(void *context, const char *name, const char *value), void *context);

#endif
