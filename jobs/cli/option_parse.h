/* From argv and --config to options. */
#ifndef PALATE_JOBS_CLI_OPTION_PARSE_H
#define PALATE_JOBS_CLI_OPTION_PARSE_H

#include "jobs/cli/options.h"

/* Reads argv (argv[0] is the command's name) and the --config file. Sets *help if --help is given; the rest is then not
 * checked. USAGE with a message if something is wrong. Local. Free with options_free. */
status options_parse(const command *cmd, int argc, char **argv, options **out, bool *help);

#endif
