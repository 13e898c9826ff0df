/* What `palate COMMAND --help` prints. */
#ifndef PALATE_JOBS_CLI_OPTION_HELP_H
#define PALATE_JOBS_CLI_OPTION_HELP_H

#include "jobs/cli/command.h"

#include <stdio.h>

/* Usage and summary, the options that matter, those every command takes, the others under headings, the details. Fits
 * 80 columns if the examples in the details do. */
void option_help(const command *cmd, FILE *to);

#endif
