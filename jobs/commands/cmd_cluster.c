/* palate cluster: taste groups of a snapshot's members, or of its items. */
#include "io/base/log.h"
#include "io/ranks/stop.h"
#include "io/snapshot/resolve.h"
#include "jobs/commands/commands.h"
#include "jobs/settings/checkpoint_settings.h"
#include "jobs/settings/group_settings.h"
#include "jobs/steps/steps.h"

static status run(comm *c, const options *o) {
  status st = OK;
  group_settings settings = {0};
  checkpoint_settings checkpoints;
  char dir[SNAPSHOT_PATH_MAX], parent[SNAPSHOT_PATH_MAX];
  double start = seconds_now();
  bool has_parent = option_text(o, "parent") != NULL;
  stop_install();
  TRY(comm_agree(c, group_settings_read(o, &settings)));
  settings.strict = true;
  TRY(comm_agree(c, checkpoint_settings_read(o, &checkpoints)));
  TRY(comm_agree(c, snapshot_resolve(options_argument(o, 0), false, dir)));
  if (has_parent)
    TRY(comm_agree(c, snapshot_resolve(option_text(o, "parent"), false, parent)));
  run_clock clock = checkpoint_clock(&checkpoints, stop_since());
  TRY(cluster_snapshot(c, &settings, option_text(o, "data"), has_parent ? parent : NULL, dir, &clock));
  log_info("groups in %.1f s. Next:  palate info %s --groups", seconds_now() - start, dir);
done:
  group_settings_free(&settings);
  return st;
}

static const option_use TAKES[] = {GROUP_OPTIONS,
                                   {.name = "data"},
                                   {.name = "parent"},
                                   {.name = "stall-timeout"},
                                   {.name = "threads"},
                                   CHECKPOINT_OPTIONS,
                                   {0}};

const command CMD_CLUSTER = {
    .name = "cluster",
    .arguments = "SNAPSHOT",
    .summary = "find taste groups, and name them",
    .details =
        "Groups the members (or items) of an unsealed snapshot by k-means on their factors and writes "
        "SNAPSHOT/groups.h5 (item_groups.h5). A group is named by the tags and titles that its members love more "
        "than others do. With --parent, a group that is the same people keeps its number and name.\n\n"
        "  palate cluster snapshots/20260131T020000Z-0123abcd --data movies.h5 --groups 200\n"
        "  mpirun -n 8 palate cluster SNAPSHOT --data plays.h5 --groups 4000",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = true,
    .takes = TAKES,
    .run = run};
