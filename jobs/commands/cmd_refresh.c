/* palate refresh: the nightly job. Trains, groups, measures, and publishes what passes the gate. */
#include "io/ranks/stop.h"
#include "io/snapshot/resolve.h"
#include "jobs/commands/commands.h"
#include "jobs/steps/refresh.h"

#include <stdio.h>

static status run(comm *c, const options *o) {
  refresh_settings settings;
  char dir[SNAPSHOT_PATH_MAX];
  stop_install();
  status st = comm_agree(c, refresh_settings_read(o, &settings));
  if (st == OK)
    st = refresh(c, &settings, dir);
  else if (c->rank == 0 && settings.metrics_file != NULL)
    refresh_refused(settings.metrics_file, st);
  if (st == OK && c->rank == 0)
    printf("%s\n", dir);
  refresh_settings_free(&settings);
  return st;
}

static const option_use TAKES[] = {
    {.name = "output", .fallback = "snapshots", .help = "folder of snapshots; a new one is made in it"},
    GATE_OPTIONS,
    {.name = "refit"},
    {.name = "metrics-file"},
    {.name = "holdout", .fallback = "random:0.1"},
    {.name = "test"},
    {.name = "warm-start", .fallback = "auto"},
    {.name = "json", .hidden = true},
    {.name = "data", .hidden = true},
    {.name = "parent", .hidden = true},
    {.name = "seed"},
    {0}};

/* Their options are ours too. */
static const command *const STEPS[] = {&CMD_TRAIN, &CMD_CLUSTER, &CMD_EVALUATE, NULL};

const command CMD_REFRESH = {
    .name = "refresh",
    .arguments = "DATASET",
    .summary = "the nightly job: train, cluster, evaluate, publish if not worse",
    .details =
        "The new model and the published one are measured on the same hold-out. If the paired 95 % interval shows the "
        "new model worse by more than --gate-tolerance, or a limit is passed, the new snapshot is kept, `latest` does "
        "not change, and the status is 76. The first model is compared with most popular instead. What is "
        "published is then trained on all events, those held out too (--refit); metrics.json is of the model before, "
        "which is kept as measured.h5 for the next night's comparison. Run the same command again to "
        "resume a stopped (status 75) or killed run. The path of the published snapshot is printed on standard "
        "output.\n\n"
        "  palate refresh plays.h5 -o snapshots\n"
        "  mpirun -n 8 palate refresh ratings.h5 --loss explicit --lambda 0.1 --groups 200 -o /srv/taste",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = true,
    .takes = TAKES,
    .also = STEPS,
    .run = run};
