/* The subcommands. Each lives in its own cmd_NAME.c: parse, then run. */
#ifndef PALATE_JOBS_COMMANDS_COMMANDS_H
#define PALATE_JOBS_COMMANDS_COMMANDS_H

#include "jobs/cli/options.h"

extern const command CMD_CLUSTER;
extern const command CMD_EVALUATE;
extern const command CMD_EXPORT;
extern const command CMD_INFO;
extern const command CMD_INGEST;
extern const command CMD_PRUNE;
extern const command CMD_PUBLISH;
extern const command CMD_RECOMMEND;
extern const command CMD_REFRESH;
extern const command CMD_ROLLBACK;
extern const command CMD_SIMILAR;
extern const command CMD_PLAN;
extern const command CMD_SYNTH;
extern const command CMD_TRAIN;
extern const command CMD_TUNE;
extern const command CMD_VERIFY;

#endif
