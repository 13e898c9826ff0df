/* palate train: ALS over ranks; leaves an unsealed snapshot and prints its path. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/stop.h"
#include "io/snapshot/resolve.h"
#include "jobs/commands/commands.h"
#include "jobs/settings/resume_settings.h"
#include "jobs/settings/train_options.h"
#include "jobs/settings/train_settings.h"
#include "jobs/steps/steps.h"

#include <stdio.h>

static status read_settings(const options *o, train_settings *settings, checkpoint_settings *checkpoints,
                            resume_settings *resuming) {
  status st = OK;
  TRY(train_settings_read(o, settings));
  TRY(checkpoint_settings_read(o, checkpoints));
  TRY(resume_settings_read(o, resuming));
done:
  return st;
}

static void show(comm *c, const char *dir, const char *data, double seconds) {
  int64_t peak = mem_peak_resident();
  comm_max_i64(c, &peak, 1);
  if (c->rank == 0)
    printf("%s\n", dir);
  log_info("trained in %.1f s, at most %lld MB a rank. Next:  palate cluster %s;  palate evaluate %s %s", seconds,
           (long long)(peak >> 20), dir, dir, data);
}

static status run(comm *c, const options *o) {
  train_settings settings;
  checkpoint_settings checkpoints;
  resume_settings resuming = {0};
  char dir[SNAPSHOT_PATH_MAX];
  double start = seconds_now();
  const char *data = options_argument(o, 0);
  status st = OK;
  stop_install();
  TRY(comm_agree(c, read_settings(o, &settings, &checkpoints, &resuming)));
  run_clock clock = checkpoint_clock(&checkpoints, stop_since());
  TRY(train_snapshot(c, &settings, &resuming, option_text(o, "warm-start"), data, option_text(o, "output"), &clock,
                     dir));
  show(c, dir, data, seconds_now() - start);
done:
  resume_settings_free(&resuming);
  return st;
}

const command CMD_TRAIN = {
    .name = "train",
    .arguments = "DATASET",
    .summary = "learn factors by alternating least squares",
    .details =
        "Trains a model and prints the path of its snapshot. The snapshot is not sealed: `palate cluster`, `palate "
        "evaluate` and `palate publish` work in it next. `palate refresh` does all of these at once. Run the same "
        "command again to resume a stopped (status 75) or killed run.\n\n"
        "--loss implicit: the events of a pair are added up. A sum of 0 (bought 2, returned 2) is not a like and is "
        "not trained on; a sum below 0 is a dislike. The log says how many there are. --loss explicit: the last rating "
        "of a pair counts, by time, then in the order of the sources; a rating of 0 is a rating.\n\n"
        "--half-life DAYS[,user|global] (implicit): old pairs weigh less, 0.02 + 0.98 x 2^(-age / DAYS), by the age of "
        "their latest event before the last training event of the same user (user, the default) or of the data "
        "(global). Regularization still counts pairs, each as 1. The dataset needs times.\n\n"
        "  palate train ratings.h5 --loss explicit --factors 32 --lambda 0.1\n"
        "  mpirun -n 2 palate train plays.h5 --factors 128 --holdout random:0.1 -o snapshots",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = true,
    .takes = TRAIN_TAKES,
    .run = run};
