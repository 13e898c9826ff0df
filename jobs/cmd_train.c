/* palate train: ALS over ranks; leaves an unsealed snapshot and says its path. */
#include "jobs/commands.h"

static const option_use TAKES[] = {{"output", "snapshots"}, {"loss", NULL}, {"factors", NULL}, {NULL, NULL}};

static status run(struct comm *c, const options *o) {
  (void)c;
  (void)o;
  return status_fail(INTERNAL, "not there yet");
}

const command CMD_TRAIN = {.name = "train",
                           .arguments = "DATASET",
                           .summary = "learn factors by alternating least squares",
                           .min_arguments = 1,
                           .max_arguments = 1,
                           .mpi = true,
                           .takes = TAKES,
                           .run = run};
