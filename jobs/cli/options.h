/* Options of all commands, from one table (option_table.c), so that a name means the same everywhere.
 *
 * A command lists the names it takes, with a default of its own where the table's does not fit. Values come from the
 * command line, else from --config FILE (`name = value` lines, # comments), else from the default. */
#ifndef PALATE_JOBS_CLI_OPTIONS_H
#define PALATE_JOBS_CLI_OPTIONS_H

#include "io/base/status.h"
#include "io/base/types.h"
#include "jobs/cli/command.h"

#include <stdio.h>

/* Reads argv (argv[0] is the command's name). Sets *help where --help was asked for. USAGE with a message otherwise.
 * Local. Free with options_free. */
status options_parse(const command *cmd, int argc, char **argv, options **out, bool *help);
void options_free(options *o);

/* Prints what --help shows. */
void options_help(const command *cmd, FILE *to);

/* A copy, as if the user had given the same. OK or NO_MEMORY. Free with options_free. */
status options_copy(const options *o, options **out);

/* Gives the option this value, as --config would: `no` takes a flag back. USAGE where the command does not take it. */
status options_set(options *o, const char *name, const char *value);

int options_argument_count(const options *o);
const char *options_argument(const options *o, int i);

/* The value as text; NULL where it was not given and has no default. Owned by o. */
const char *option_text(const options *o, const char *name);
/* Whether the user gave it (command line or config), rather than the default. */
bool option_given(const options *o, const char *name);
bool option_flag(const options *o, const char *name);

/* The value checked and converted; USAGE names the option, the value and what would be right. */
status option_count(const options *o, const char *name, int64_t low, int64_t high, int64_t *out);
status option_number(const options *o, const char *name, double low, double high, double *out);
/* words = "explicit|implicit"; *out is the place in the list. */
status option_choice(const options *o, const char *name, const char *words, int *out);
/* "512M", "4G", "100000": bytes. */
status option_size(const options *o, const char *name, int64_t *out);
/* "90s", "10m", "2h", "1d": seconds, more than 0. */
status option_seconds(const options *o, const char *name, double *out);
/* "10,20,50" to at most `most` whole numbers of at least 1, ascending. */
status option_counts(const options *o, const char *name, int most, int *out, int *n);

/* Visits every option the command takes with the value in force (NULL where none), for manifests and --json. */
void options_each(const options *o, void (*visit)(void *context, const char *name, const char *value), void *context);

#endif
