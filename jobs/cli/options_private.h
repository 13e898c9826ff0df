/* Options as they are kept, for option_parse.c, which fills them. */
#ifndef PALATE_JOBS_CLI_OPTIONS_PRIVATE_H
#define PALATE_JOBS_CLI_OPTIONS_PRIVATE_H

#include "jobs/cli/option_table.h"
#include "jobs/cli/options.h"

/* A further value of an option that may be given several times. */
typedef struct option_more {
  struct option_more *next;
  int row; /* of the table */
  bool config;
  char *text;
} option_more;

struct options {
  const command *cmd;
  char *given[OPTIONS_MAX];  /* from the command line; by row of the table */
  char *config[OPTIONS_MAX]; /* from --config */
  option_more *more;         /* in the order they were given */
  char **arguments;          /* words of argv */
  int n_arguments;
};

/* The use of an option that --config or options_set may set; NULL if the command has no such option. */
const option_use *options_settable(const command *cmd, const char *name);

/* Appends a further value of the option in this row of the table. OK or NO_MEMORY. */
status options_put_more(options *o, int row, bool config, const char *value);

/* Replaces *place by a copy of the value, or by NULL if a flag is set to `no`. OK or NO_MEMORY. */
status options_put(char **place, const option_use *u, const char *value);

#endif
